// Nothing is ever undeletable without a documented way out: each held state of docs/deleting-an-instance.md, and each of its ways,
// with the policies in force.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { REMOVAL_REASONS } from '../../operator/api/v1alpha1/instance-reasons.ts';
import { Bed, OTHER, OWN } from './bed.ts';
import { readPage, tableOf } from './markdown.ts';
import { commandsOf, typed } from './shell.ts';

const PAGE = readPage('deleting-an-instance.md');

let bed: Bed;
beforeAll(async () => {
  bed = await Bed.shared(true);
});
afterAll(() => bed[Symbol.asyncDispose]());

let id: string;
beforeEach(async () => {
  id = await bed.both();
});
afterEach(async () => {
  bed.simulator.faults.clear();
  bed.lifecycle.deletes = { reads: 2 };
  await bed.apply(bed.lifecycleSecret());
  await bed.clear();
});

const remove = (name: string) => bed.kubectl(['delete', 'pi', name, '--wait=false']);
const annotate = (name: string, annotation: string): Promise<string> =>
  bed.kubectlOk(['annotate', 'pi', name, '--overwrite', annotation]);
const confirm = (): Promise<string> => annotate(OWN, `mspoperator.dev/confirm-removal=${id}`);

async function type(command: string | null): Promise<void> {
  const { code, stderr } = await typed(bed.cluster, command ?? 'false');
  expect([command, code, stderr]).toEqual([command, 0, '']);
}

/** Deletes it while nothing refuses that (upstream does not answer), so that the finalizer alone holds it. */
async function heldByUpstream(): Promise<string> {
  bed.simulator.faults.add({ operation: 'Lifecycle/List', kind: 'status', status: 503 });
  await confirm();
  expect((await remove(OWN)).code).toBe(0);
  return bed.untilHeld(OWN, 'OwnershipUnverified');
}

/** Takes the confirmation back, so that the object is held for want of it. */
async function heldUnconfirmed(): Promise<string> {
  await heldByUpstream();
  await annotate(OWN, 'mspoperator.dev/confirm-removal-');
  bed.simulator.faults.clear();
  return bed.untilHeld(OWN, 'ConfirmationRequired');
}

/** The policy goes by the record, the finalizer by what upstream says now. */
async function heldOther(): Promise<string> {
  bed.lifecycle.setCreatingService(id, 'EBA');
  await confirm();
  expect((await remove(OWN)).code).toBe(0);
  return bed.untilHeld(OWN, 'NotCreatingService');
}

async function portal(name: string, creatingService: string): Promise<void> {
  const spec = { service: creatingService, lifecycle: { type: 'Portal' }, instanceID: 'eu02-acme', creatingService };
  const accountRef = { name: 'of-the-portal' };
  await bed.apply(
    bed.account('of-the-portal', { services: ['EMA2', 'EBA'] }),
    bed.instance(name, creatingService, { ...spec, accountRef }),
  );
  await bed.untilReady(name, 'Declared');
}

const STATES: Readonly<Record<string, Readonly<Record<string, () => Promise<void>>>>> = {
  NotCreatingService: {
    'the end of the instance through its own service': async () => {
      expect((await remove(OTHER)).stderr).toContain('only through EMA2 it may be removed');
      await confirm();
      expect((await remove(OWN)).code).toBe(0);
      await bed.untilGone(OWN);
      await bed.until(OTHER, 'told', (thing) => thing?.status.state === 'Deleted');
      expect((await remove(OTHER)).code).toBe(0);
      await bed.untilGone(OTHER);
      expect(bed.live()).toEqual([]);
    },
    'Orphan, where it was refused': async () => {
      await type(commandsOf((await remove(OTHER)).stderr).orphan);
      expect((await remove(OTHER)).code).toBe(0);
      await bed.untilGone(OTHER);
      expect(bed.live()).toEqual([id]);
    },
    'Orphan, where it is held': async () => {
      await type(commandsOf(await heldOther()).orphan);
      await bed.untilGone(OWN);
      expect(bed.live()).toEqual([id]);
    },
    'upstream says something else': async () => {
      await heldOther();
      bed.lifecycle.setCreatingService(id, 'EMA2');
      await bed.untilGone(OWN);
      expect(bed.live()).toEqual([]);
    },
  },
  OwnershipUnverified: {
    'upstream answers again': async () => {
      await heldByUpstream();
      expect(bed.live()).toEqual([id]);
      bed.simulator.faults.clear();
      await bed.untilGone(OWN);
      expect(bed.live()).toEqual([]);
    },
    'the Secret is there again': async () => {
      await bed.kubectlOk(['delete', 'secret', 'lifecycle']);
      await confirm();
      expect((await remove(OWN)).code).toBe(0);
      expect(await bed.untilHeld(OWN, 'OwnershipUnverified')).toContain('no Secret lifecycle');
      await bed.apply(bed.lifecycleSecret());
      await bed.untilGone(OWN);
      expect(bed.live()).toEqual([]);
    },
    Orphan: async () => {
      await type(commandsOf(await heldByUpstream()).orphan);
      await bed.untilGone(OWN);
      expect(bed.live()).toEqual([id]);
    },
  },
  ConfirmationRequired: {
    'the confirmation': async () => {
      await type(commandsOf(await heldUnconfirmed()).confirm);
      await bed.untilGone(OWN);
      expect(bed.live()).toEqual([]);
    },
    Orphan: async () => {
      await type(commandsOf(await heldUnconfirmed()).orphan);
      await bed.untilGone(OWN);
      expect(bed.live()).toEqual([id]);
    },
  },
  AwaitingPortal: {
    'the report': async () => {
      await portal('right', 'EMA2');
      await type(commandsOf((await remove('right')).stderr).confirm);
      expect((await remove('right')).code).toBe(0);
      await bed.untilGone('right');
    },
    Orphan: async () => {
      await portal('right', 'EMA2');
      await type(commandsOf((await remove('right')).stderr).orphan);
      expect((await remove('right')).code).toBe(0);
      await bed.untilGone('right');
    },
  },
  Removing: {
    'it goes by itself': async () => {
      bed.lifecycle.deletes = { ms: 2500 };
      await confirm();
      await remove(OWN);
      await bed.untilHeld(OWN, 'Removing');
      await bed.untilGone(OWN);
    },
    Orphan: async () => {
      bed.lifecycle.deletes = 'never';
      await confirm();
      await remove(OWN);
      await bed.untilHeld(OWN, 'Removing');
      await bed.kubectlOk(['patch', 'pi', OWN, '--type=merge', '-p', '{"spec":{"deletionPolicy":"Orphan"}}']);
      await bed.untilGone(OWN);
    },
  },
  'Records that disagree (Portal)': {
    'Orphan on the wrong one': async () => {
      await portal('right', 'EMA2');
      await portal('wrong', 'EBA');
      await annotate('right', 'mspoperator.dev/removed-in-portal=eu02-acme');
      expect((await remove('right')).code).toBe(0);
      await bed.untilHeld('right', 'OwnershipUnverified');
      await bed.kubectlOk(['patch', 'pi', 'wrong', '--type=merge', '-p', '{"spec":{"deletionPolicy":"Orphan"}}']);
      expect((await remove('wrong')).code).toBe(0);
      await bed.untilGone('wrong', 'right');
    },
  },
  'No operator': {
    'the glass, by the commands of the page': async () => {
      await bed.stopOperator();
      try {
        const commands = /### Breaking the glass.*?```sh\n(.*?)```/s.exec(PAGE)?.[1] ?? 'false';
        const here = commands
          .replaceAll('console', OWN)
          .replaceAll(/ pi (\S+)/g, ` --namespace ${bed.namespace} pi $1`);
        const ran = await typed(bed.cluster, `set -e\n${here}`);
        expect([ran.code, ran.stderr]).toEqual([0, '']);
        await bed.untilGone(OWN);
        expect(bed.live()).toEqual([id]);
      } finally {
        await bed.startOperator();
      }
    },
    'it is installed again': async () => {
      await bed.stopOperator();
      await confirm();
      expect((await remove(OWN)).code).toBe(0);
      expect(bed.live()).toEqual([id]);
      await bed.startOperator();
      await bed.untilGone(OWN);
      expect(bed.live()).toEqual([]);
    },
  },
};

test('the page has each of these states, and every reason of Removal that holds an object is one', () => {
  const states = tableOf(PAGE, 'state', '## Held: how to get out').map(({ state }) => state);
  expect(states).toEqual(Object.keys(STATES));
  expect(states).toEqual(expect.arrayContaining(Object.keys(REMOVAL_REASONS)));
});

const CASES = Object.entries(STATES).flatMap(([state, ways]) =>
  Object.entries(ways).map(([way, run]) => ({ state, way, run })),
);
test.for(CASES)('$state: $way', async ({ run }) => {
  await run();
  expect(bed.lifecycle.violations()).toEqual([]);
});
