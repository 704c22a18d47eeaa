// The random suites of the promises once more, with a bad day on the wire between the operator and the API server: calls and watches are
// delayed, frozen, cut at any byte, left half open, refused with 429, 500 and 503, read slowly. The judges are the same, and as
// strict: what is claimed is true, what must not happen does not. Only where a suite says "nothing went wrong, so it must be
// Ready now" a sync may have failed on the wire; it must then recover on its own.
// Chance is seeded by what a request is: MSPOPERATOR_WIRE_SEED=x replays it, MSPOPERATOR_SEED=x some of the walks.
// MSPOPERATOR_LONG=1 runs hundreds.

import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { expect, test } from 'vitest';
import { runWalks as runInstanceWalks } from './instance-model/run.ts';
import { runWalks } from './walks/run.ts';

const LONG = (env['MSPOPERATOR_LONG'] ?? '') !== '';
const wire = env['MSPOPERATOR_WIRE_SEED'] ?? randomBytes(3).toString('hex');
const chosen = (env['MSPOPERATOR_SEED'] ?? '').split(',').filter((seed) => seed !== '');
const seeds = (n: number): string[] =>
  chosen.length > 0 ? chosen : Array.from({ length: n }, (_, i) => `${wire}-${i}`);
const replay = (seed: string): string =>
  `MSPOPERATOR_WIRE_SEED=${wire} MSPOPERATOR_SEED=${seed} npx vitest run --project cluster test/promises/bad-wire.cluster.test.ts`;

function tell(what: string, counts: ReadonlyMap<string, number>): void {
  const lines = [...counts].map(([name, n]) => `  ${name}: ${n}`).sort((a, b) => a.localeCompare(b));
  console.log(`${what}:\n${lines.join('\n')}`);
}

/** Of each kind of trouble some, or the suite shows nothing. */
function expectTrouble(counts: ReadonlyMap<string, number>): void {
  const met = [...counts.keys()].filter((what) => what.startsWith('wire: ')).map((what) => what.split(' ')[1]);
  for (const what of ['cut', 'status', 'freeze', 'halfOpen']) expect(met).toContain(what);
}

test(
  'The whole path over a bad wire',
  async () => {
    console.log(`the seed of the wire is ${wire}`);
    const all = seeds(LONG ? 200 : 8);
    const rounds = LONG ? 25 : 6;
    const options = { rounds, size: 8, parallel: 1, weatherSeed: wire, replay, progress: console.log };
    const { failures, counts } = await runWalks(all, options);
    tell(`${all.length} walks over a bad wire`, counts);
    expect(failures.slice(0, 3).join('\n\n'), `${failures.length} of ${all.length} walks failed`).toBe('');
    expectTrouble(counts);
  },
  (LONG ? 7_200 : 600) * 1_000,
);

test(
  'Only the creating service removes an instance, over a bad wire',
  async () => {
    const all = seeds(LONG ? 1_000 : 30);
    const options = { size: 30, parallel: 1, weatherSeed: wire, progress: console.log };
    const { failures, counts } = await runInstanceWalks(all, options);
    tell(`${all.length} walks of instances over a bad wire`, counts);
    expect(failures.slice(0, 3).join('\n\n'), `${failures.length} failures; the wire is ${wire}`).toBe('');
    expectTrouble(counts);
  },
  (LONG ? 7_200 : 600) * 1_000,
);
