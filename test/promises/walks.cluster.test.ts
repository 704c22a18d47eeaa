// Promises 1 to 4 and 8 over the whole path: one company, one object; absence is not deletion; a blast is stopped; no child is
// deleted; Ready is truthful. Seeded walks of an account: upstream changes and fails at random, people edit, delete, approve and
// let time pass, the operator is killed and stopped; after every sync the objects are held against the simulator's truth.
// MSPOPERATOR_LONG=1 runs 10,000 rounds. MSPOPERATOR_SEED=1-7,abc-0 runs these walks alone.

import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { expect, test } from 'vitest';
import { runWalks } from './walks/run.ts';

const LONG = (env['MSPOPERATOR_LONG'] ?? '') !== '';
const ROUNDS = 25;
const WALKS = LONG ? 400 : 12;
const FRESH_WALKS = LONG ? 100 : 2;
const fresh = randomBytes(3).toString('hex');
const seeds = (prefix: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${prefix}-${i}`);
const chosen = (env['MSPOPERATOR_SEED'] ?? '').split(',').filter((seed) => seed !== '');
const all = chosen.length > 0 ? chosen : [...seeds('1', WALKS - FRESH_WALKS), ...seeds(fresh, FRESH_WALKS)];

const replay = (seed: string): string =>
  `MSPOPERATOR_SEED=${seed} npx vitest run --project cluster test/promises/walks.cluster.test.ts`;

test(
  `The whole path: ${all.length} walks of ${ROUNDS} rounds`,
  async () => {
    console.log(`the fresh seed is ${fresh}; its first walk alone: ${replay(`${fresh}-0`)}`);
    const { failures, counts } = await runWalks(all, {
      rounds: ROUNDS,
      size: 20,
      parallel: 2,
      replay,
      progress: console.log,
    });
    const lines = [...counts].map(([what, n]) => `  ${what}: ${n}`).sort((a, b) => a.localeCompare(b));
    console.log(`${all.length} walks:\n${lines.join('\n')}`);
    expect(failures.slice(0, 5).join('\n\n'), `${failures.length} of ${all.length} walks failed`).toBe('');
  },
  (600 + 20 * all.length) * 1_000,
);
