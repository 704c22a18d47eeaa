// Promise 5: only the creating service removes an instance, under every interleaving, crash and stale read; and there is never a
// second instance. Injected, by seeded walks: whatever people do with objects, Secrets and portals; every failure of the lifecycle
// service; the operator killed at any write; lost answers of the API server; stale caches. The judges are the simulator's ledger,
// the wire, and every version of the objects.
// MSPOPERATOR_LONG=1 runs 5,000 walks. MSPOPERATOR_SEED=1-17,abc-3 runs these walks alone.

import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { expect, test } from 'vitest';
import { runWalks } from './instance-model/run.ts';

const LONG = (env['MSPOPERATOR_LONG'] ?? '') !== '';
const WALKS = LONG ? 5_000 : 200;
const FRESH_WALKS = LONG ? 1_000 : 40;
const fresh = randomBytes(3).toString('hex');
const seeds = (prefix: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${prefix}-${i}`);
const chosen = (env['MSPOPERATOR_SEED'] ?? '').split(',').filter((seed) => seed !== '');
const all = chosen.length > 0 ? chosen : [...seeds('1', WALKS - FRESH_WALKS), ...seeds(fresh, FRESH_WALKS)];

test(
  `Only the creating service removes an instance: ${all.length} walks`,
  async () => {
    console.log(`the fresh seed is ${fresh}; MSPOPERATOR_SEED=${fresh}-0 runs its first walk alone`);
    const { walks, failures, counts } = await runWalks(all, { size: 50, parallel: 2, progress: console.log });
    const lines = [...counts].map(([what, n]) => `  ${what}: ${n}`).sort((a, b) => a.localeCompare(b));
    console.log(`${walks} walks:\n${lines.join('\n')}`);
    expect(failures.slice(0, 5).join('\n\n'), `${failures.length} failures`).toBe('');
  },
  (LONG ? 7_200 : 600) * 1_000,
);
