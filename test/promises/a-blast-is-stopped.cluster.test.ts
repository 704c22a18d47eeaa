// Promise 3, a blast is stopped. Injected: more companies gone than the limit allows, at once and one sync after the other; wrong
// approvals; a branch that fails while a set is held and while it is approved.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { World, conditionOf, type Thing } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.end());

const reasons = async (): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const customer of await world.customers()) {
    const reason = conditionOf(customer, 'Linked')?.reason ?? '';
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
};
const removeSome = (count: number): void => {
  const { tree } = world.upstream;
  const customers = [...tree.companies(tree.root)].filter(({ type }) => type === 1007);
  for (const { id } of customers.slice(0, count)) world.upstream.remove(id);
};
const removeBelow = (name: string, count: number): string => {
  const branch = world.upstream.find(name);
  for (const { id } of branch?.children?.slice(0, count) ?? []) world.upstream.remove(id);
  return branch?.id ?? '';
};
/** The command of the message, as it stands there. */
const approve = async (account: Thing): Promise<void> => {
  const { message = '' } = conditionOf(account, 'UnlinkBlocked') ?? {};
  await world.cluster.kubectlOk((/kubectl (annotate .*)$/.exec(message)?.[1] ?? '').split(' '));
};
const childWrites = async (mark: number): Promise<unknown[]> =>
  (await world.writes(mark)).filter(({ objectRef }) => /^(staticgroups|customers)$/.test(objectRef?.resource ?? ''));

test('A blast is stopped: more than the limit: none is unlinked, the account says how many and how to approve; approved, exactly those go', async () => {
  await world.synchronized('acme', { sync: { unlinkLimit: { percent: 10, count: 5 } } });
  removeSome(8);
  const added = world.upstream.add({ name: 'Larkfield Surgery', type: 'Customer' });
  const account = await world.sync();
  expect(await reasons()).toEqual({ Present: 48, UnlinkHeld: 8 });
  expect(conditionOf(account, 'Ready')).toMatchObject({ status: 'False', reason: 'UnlinkBlocked' });
  expect(conditionOf(account, 'Stalled')).toMatchObject({ status: 'True', reason: 'UnlinkBlocked' });
  const blocked = conditionOf(account, 'UnlinkBlocked');
  expect(blocked).toMatchObject({ status: 'True', reason: 'LimitExceeded' });
  expect(blocked?.message).toMatch(/^8 companies are gone upstream; .* allows 5 more within 24 hours/);
  // Creates go on.
  await world.childOf('cust', added.id);

  // A second sync changes nothing, the hash least of all.
  const mark = await world.mark();
  const again = await world.sync();
  expect(again.status.sync.planHash).toBe(account.status.sync.planHash);
  expect(await childWrites(mark)).toEqual([]);

  // A wrong hash releases nothing.
  await world.cluster.kubectlOk(['annotate', 'mspa', 'acme', 'mspoperator.dev/approve-unlink=0000'], {
    namespace: world.namespace,
  });
  await world.sync();
  expect(await reasons()).toEqual({ Present: 48, UnlinkHeld: 8 });

  await approve(account);
  const released = await world.untilReady();
  expect(await reasons()).toEqual({ Present: 48, Removed: 8 });
  expect(conditionOf(released, 'UnlinkBlocked')).toBeUndefined();
  expect(released.status.sync.planHash).toBeUndefined();
});

test('A blast is stopped: the limit is one of 24 hours, not of one sync', async () => {
  await world.synchronized('acme', { sync: { unlinkLimit: { percent: 10, count: 5 } } });
  removeSome(3);
  await world.sync();
  expect(await reasons()).toEqual({ Present: 52, Removed: 3 });
  removeSome(3);
  const account = await world.sync();
  expect(await reasons()).toEqual({ Present: 49, Removed: 3, UnlinkHeld: 3 });
  expect(conditionOf(account, 'UnlinkBlocked')?.message).toMatch(/^3 companies are gone .* allows 2 more/);
});

test('A blast is stopped: a branch that fails meanwhile changes neither the held set nor its hash, and keeps only its own part from an approval', async () => {
  await world.synchronized('acme', { sync: { unlinkLimit: { percent: 10, count: 5 } } });
  removeBelow('Bluefinch Networks', 4);
  const failing = removeBelow('Pinecrest Computing', 3);
  const held = await world.sync();
  expect(await reasons()).toEqual({ Present: 48, UnlinkHeld: 7 });

  const mark = await world.mark();
  world.simulator.faults.add({ operation: 'Company/Children', companyId: failing, kind: 'status', status: 500 });
  const partial = await world.sync();
  expect(conditionOf(partial, 'Ready')?.reason).toBe('PartialSnapshot');
  expect(conditionOf(partial, 'UnlinkBlocked')?.message).toBe(conditionOf(held, 'UnlinkBlocked')?.message);
  expect(partial.status.sync).toMatchObject({
    planHash: held.status.sync.planHash,
    blockedAt: held.status.sync.blockedAt,
  });
  expect(await childWrites(mark)).toEqual([]);

  await approve(held);
  const released = await world.sync();
  expect(await reasons()).toEqual({ Present: 48, Removed: 4, UnlinkHeld: 3 });
  expect(released.status.sync.planHash).toBe(held.status.sync.planHash);

  world.simulator.faults.clear();
  const done = await world.sync();
  expect(await reasons()).toEqual({ Present: 48, Removed: 7 });
  expect(conditionOf(done, 'Ready')?.status).toBe('True');
  expect(conditionOf(done, 'UnlinkBlocked')).toBeUndefined();
});

test('A blast is stopped: an approved set that upstream does not confirm in full is finished at the pace of a retry', async () => {
  await world.synchronized('acme', { sync: { unlinkLimit: { percent: 10, count: 0 } } });
  const silent = world.upstream.find('Redbarn Brewery')?.id ?? '';
  world.upstream.remove(silent);
  world.upstream.remove(world.upstream.find('Westmarch County Library')?.id ?? '');
  const held = await world.sync();
  world.simulator.faults.add({ operation: 'Company/Detail', companyId: silent, kind: 'status', status: 503 });
  const crawls = world.simulator.faults.add({
    operation: 'Company/Children',
    companyId: world.upstream.company.id,
    kind: 'delay',
    ms: 0,
  });
  await approve(held);
  const account = await world.untilReason('acme', 'UnlinkUnconfirmed');
  expect(await reasons()).toEqual({ Present: 53, Removed: 1, UnlinkHeld: 1 });
  expect(conditionOf(account, 'Reconciling')?.status).toBe('True');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(world.simulator.faults.hits(crawls)).toBe(1);
  world.simulator.faults.clear();
  await world.untilReady();
  expect(await reasons()).toEqual({ Present: 53, Removed: 2 });
});
