// Promise 6, crash-safe: killed after any single write, a restart converges to the same state: nothing twice, nothing lost.
// Injected: SIGKILL at each write of a life of an account, once before the operator sees the answer and once after it.

import { expect, test } from 'vitest';
import { crashAtEveryWrite } from '../harness/crash.ts';
import { driveAccount, type Step } from '../harness/steps.ts';
import { PASSWORD, USERNAME } from '../harness/world.ts';

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

test('Crash-safe: killed at any write of a first sync, a rename, a move, a removal that is held, its approval and a return', async () => {
  const { writes, crashes } = await crashAtEveryWrite({
    world: { accounts: [{ username: USERNAME, password: PASSWORD, tree: TREE }] },
    scenario: (world, checkpoint) => driveAccount(world, checkpoint, LIFE, { spec: SPEC }),
  });
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
