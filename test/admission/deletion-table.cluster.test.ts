// The table "Every way to delete" of docs/deleting-an-instance.md, row by row: what is sent, what comes of it, that the instance
// lives on by the simulator's ledger, and that the way out of the last column works.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Bed, OTHER, OWN } from './bed.ts';
import { readPage, tableOf } from './markdown.ts';
import { commandsOf, typed } from './shell.ts';
import { OUTCOMES, WAYS, take, type Way } from './ways.ts';

const HEADING = '## Every way to delete';
const page = readPage('deleting-an-instance.md');
const rows = tableOf(page, 'way', HEADING).map((row) => ({
  title: row['way'] ?? '',
  policies: row['policies'] ?? '',
  own: row['object of the creating service'] ?? '',
  other: row['object of the other service'] ?? '',
  out: row['way out'] ?? '',
}));
type Row = (typeof rows)[number];

test('every way has its two rows, with and without the policies, and every row has its test', () => {
  const expected = Object.keys(WAYS).flatMap((way) => [`${way}: yes`, `${way}: no`]);
  expect(rows.map(({ title, policies }) => `${title}: ${policies}`)).toEqual(expected);
});

test('the words of the table are those that are explained, and no others', () => {
  expect(tableOf(page, 'word', HEADING).map(({ word }) => word)).toEqual(OUTCOMES);
  expect(OUTCOMES.filter((word) => !rows.some(({ own, other }) => own === word || other === word))).toEqual([]);
  const outs = tableOf(page, 'way out', HEADING).map((row) => row['way out']);
  expect(new Set(rows.map(({ out }) => out))).toEqual(new Set(outs));
  expect(Object.keys(OUT)).toEqual(outs);
});

/** The deletion of one object as kubectl asks for it, and the commands of what the answer says, or of the condition. */
async function asked(bed: Bed, name: string): Promise<ReturnType<typeof commandsOf>> {
  const { code, stderr } = await bed.kubectl(['delete', 'pi', name, '--wait=false']);
  return commandsOf(code === 0 ? await bed.untilHeld(name) : stderr);
}

async function type(bed: Bed, command: string | null): Promise<void> {
  const { code, stderr } = await typed(bed.cluster, command ?? 'false');
  expect([command, code, stderr]).toEqual([command, 0, '']);
}

/** Asks again in the same way, where the object is not being deleted already. */
async function again(bed: Bed, way: Way, name: string): Promise<void> {
  if (way.patches || way.steps) await bed.kubectl(['delete', 'pi', name, '--wait=false']);
  else if (!way.alone) await way.send(bed, name);
}

async function confirmed(bed: Bed, way: Way): Promise<void> {
  await type(bed, (await asked(bed, OWN)).confirm);
  await again(bed, way, OWN);
  await bed.untilGone(OWN);
  // The other one hears of it, and nothing speaks against its deletion any more.
  await bed.until(OTHER, 'gone, or told that its instance is', (thing) => thing?.status.state !== 'Active');
  await bed.kubectl(['delete', 'pi', OTHER, '--wait=false']);
  await bed.untilGone(OTHER);
  if (!way.portal) expect(bed.live()).toEqual([]);
}

const OUT: Readonly<Record<string, (bed: Bed, way: Way) => Promise<void>>> = {
  confirm: confirmed,
  report: confirmed,
  Orphan: async (bed) => {
    const live = bed.live();
    for (const name of [OWN, OTHER]) await type(bed, (await asked(bed, name)).orphan);
    await bed.untilGone(OWN, OTHER);
    expect(bed.live()).toEqual(live);
  },
  'apply again': async (bed, way) => {
    await bed.untilGone(OWN, OTHER);
    await up(bed, way);
    expect((await bed.find(OTHER))?.status.creatingService).toBe('EMA2');
    await confirmed(bed, way);
  },
};

/** The two objects of one instance. Its id, where the ledger knows it. */
async function up(bed: Bed, way: Way): Promise<string | null> {
  if (way.portal !== true) return bed.both();
  const portal = { lifecycle: { type: 'Portal' }, instanceID: 'eu02-acme', creatingService: 'EMA2' };
  await bed.apply(bed.manifest(OWN, portal), bed.manifest(OTHER, portal));
  for (const name of [OWN, OTHER]) await bed.untilReady(name, 'Declared');
  return null;
}

async function tryRow(bed: Bed, { title, own, other, out }: Row): Promise<void> {
  const way = WAYS[title];
  if (way === undefined) throw new Error(`there is no way "${title}"`);
  const id = await up(bed, way);
  const lives = (): void => {
    expect(bed.live()).toEqual(id === null ? [] : [id]);
    expect(bed.lifecycle.violations()).toEqual([]);
  };
  expect(await take(bed, way, OTHER), 'through the other service').toBe(other);
  lives();
  expect(await take(bed, way, OWN), 'through the creating service').toBe(own);
  // Nobody has confirmed anything: also after another look of the operator.
  await new Promise((resolve) => setTimeout(resolve, 300));
  lives();
  await OUT[out]?.(bed, way);
  expect(bed.lifecycle.violations()).toEqual([]);
}

const needsOwn = ({ title }: Row): boolean => title === 'namespace deletion' || WAYS[title]?.alone === true;

describe.for(['yes', 'no'])('with the policies: %s', (policies) => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await Bed.shared(policies === 'yes');
  });
  afterAll(() => bed[Symbol.asyncDispose]());
  // So that a row that failed hurts no other.
  afterEach(() => bed.clear());

  test.for(rows.filter((row) => row.policies === policies && !needsOwn(row)))('$title', (row) => tryRow(bed, row));
});

test.for(rows.filter(needsOwn))('$title, with the policies: $policies', async (row) => {
  const policies = row.policies === 'yes';
  await using bed = await (WAYS[row.title]?.alone ? Bed.alone(policies) : Bed.shared(policies));
  await tryRow(bed, row);
});
