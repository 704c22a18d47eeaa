// Promise 6, crash-safe: killed after any single write, a restart converges to the same state: nothing twice, nothing lost.
// Injected: SIGKILL at each write of a life of an account, once before the operator sees the answer and once after it; at some of
// them with a bad day on the wire, on which the k-th write is one of several tries. MSPOPERATOR_WIRE_SEED=x replays that day,
// MSPOPERATOR_LONG=1 has it at all.

import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { expect, test } from 'vitest';
import { crashAtEveryWrite, type CrashOptions } from '../harness/crash.ts';
import { driveAccount, type Step } from '../harness/steps.ts';
import { PASSWORD, USERNAME } from '../harness/world.ts';

const LONG = (env['MSPOPERATOR_LONG'] ?? '') !== '';
const id = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;
const [MANAGER, NORTH, SOUTH, BAKERY] = [id(1), id(2), id(3), id(4)];
const TREE = [
  { id: MANAGER, name: 'Crash Test Managers', type: 'MSPManager' as const },
  { id: NORTH, name: 'North MSP', type: 'ManagedMSP' as const, parentId: MANAGER },
  { id: SOUTH, name: 'South MSP', type: 'ManagedMSP' as const, parentId: MANAGER },
  { id: BAKERY, name: 'Bakery', parentId: NORTH },
];
/** Every unlink waits for a person. */
const SPEC = { sync: { unlinkLimit: { count: 0 } } };

const LIFE: readonly Step[] = [
  (upstream) => upstream.rename(BAKERY, 'Bakery & Sons'),
  (upstream) => {
    upstream.move(BAKERY, SOUTH);
    upstream.suspend(BAKERY);
  },
  { change: (upstream) => upstream.remove(BAKERY), reason: 'UnlinkBlocked' },
  'approve',
  (upstream) => upstream.restore(BAKERY),
];

const account: CrashOptions = {
  world: { accounts: [{ username: USERNAME, password: PASSWORD, tree: TREE }] },
  scenario: (world, checkpoint) => driveAccount(world, checkpoint, LIFE, { spec: SPEC, timeoutMs: 90_000 }),
};

test('Crash-safe: killed at any write of a first sync, a rename, a move, a removal that is held, its approval and a return', async () => {
  const { writes, crashes } = await crashAtEveryWrite(account);
  // What each step is meant to make the operator write; the first sync's creates come in any order.
  const count = (write: RegExp): number => writes.filter((label) => write.test(label)).length;
  expect(count(/^create staticgroups$/)).toBe(TREE.length);
  expect(count(/^create customers$/)).toBe(1);
  // Renamed and moved; held, unlinked and linked again.
  expect(count(/^patch staticgroups bakery/)).toBe(2);
  expect(count(/^patch staticgroups\/status bakery/)).toBe(3);
  expect(count(/^patch customers\/status bakery/)).toBe(6);
  expect(writes.length).toBeLessThanOrEqual(25);
  expect(crashes).toBe(2 * writes.length);
}, 600_000);

test('Crash-safe over a bad wire: killed at some write, or at one of its tries', async () => {
  const seed = env['MSPOPERATOR_WIRE_SEED'] ?? randomBytes(3).toString('hex');
  console.log(`the seed of the wire is ${seed}`);
  const budget = LONG ? {} : { budget: { crashes: 8, seed } };
  const { crashes } = await crashAtEveryWrite({ ...account, ...budget, weatherSeed: seed, progress: console.log });
  // Rarely does a run get by with fewer writes than the one without trouble.
  expect(crashes).toBeGreaterThanOrEqual(4);
}, 900_000);
