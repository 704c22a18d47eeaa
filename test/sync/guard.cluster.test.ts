// Absence is not deletion, and a blast is stopped: the basic form of promises 2 and 3.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { World, conditionOf } from '../harness/world.ts';

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

test('more than the limit: none is unlinked, the account says how many and how to approve; approved, exactly those go', async () => {
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
  expect((await world.writes(mark)).filter(({ objectRef }) => objectRef?.resource !== 'mspaccounts')).toEqual([]);

  // A wrong hash releases nothing.
  await world.cluster.kubectlOk(['annotate', 'mspa', 'acme', 'mspoperator.dev/approve-unlink=0000'], {
    namespace: world.namespace,
  });
  await world.sync();
  expect(await reasons()).toEqual({ Present: 48, UnlinkHeld: 8 });

  // The command of the message, as it stands there.
  const command = /kubectl (annotate .*)$/.exec(blocked?.message ?? '')?.[1] ?? '';
  await world.cluster.kubectlOk(command.split(' '));
  const released = await world.untilReady();
  expect(await reasons()).toEqual({ Present: 48, Removed: 8 });
  expect(conditionOf(released, 'UnlinkBlocked')).toBeUndefined();
  expect(released.status.sync.planHash).toBeUndefined();
});

test('an empty snapshot unlinks nothing, whatever the limit', async () => {
  await world.synchronized('acme', { sync: { unlinkLimit: { percent: 100, count: 1000 } } });
  const { tree, company } = world.upstream;
  for (const child of company.children?.slice() ?? []) world.upstream.remove(child.id);
  expect([...tree.companies(company)]).toHaveLength(1);
  const account = await world.sync();
  expect(conditionOf(account, 'Ready')?.reason).toBe('UnlinkBlocked');
  expect(await reasons()).toEqual({ UnlinkHeld: 55 });
});

test('a snapshot with a hole unlinks nothing; read in full it does', async () => {
  await world.synchronized('acme', { sync: { unlinkLimit: { percent: 100, count: 1000 } } });
  const branch = world.upstream.find('Pinecrest Computing');
  world.simulator.faults.add({
    operation: 'Company/Children',
    companyId: branch?.id ?? '',
    kind: 'status',
    status: 500,
  });
  removeSome(1);
  await world.sync();
  expect(await reasons()).toEqual({ Present: 55 });
  world.simulator.faults.clear();
  await world.sync();
  expect(await reasons()).toEqual({ Present: 54, Removed: 1 });
});

test('Detail that answers with an error is no answer: nothing is unlinked', async () => {
  await world.synchronized('acme', { sync: { unlinkLimit: { percent: 100, count: 1000 } } });
  world.simulator.faults.add({ operation: 'Company/Detail', kind: 'status', status: 503 });
  removeSome(1);
  await world.sync();
  expect(await reasons()).toEqual({ Present: 55 });
});

test('a login that suddenly belongs to another company touches nothing until a person approves it', async () => {
  await world.synchronized();
  const other = world.upstream.find('Pinecrest Computing');
  world.upstream.setCompany(other?.id);
  const account = await world.sync();
  expect(conditionOf(account, 'Ready')).toMatchObject({ status: 'False', reason: 'AccountChanged' });
  expect(conditionOf(account, 'Stalled')?.status).toBe('True');
  expect(await reasons()).toEqual({ Present: 55 });
  expect(account.status.company.name).toBe('Norrvale Managed Services');

  const command = /kubectl (annotate .*?)\. No object/.exec(conditionOf(account, 'Ready')?.message ?? '')?.[1] ?? '';
  await world.cluster.kubectlOk(command.split(' '));
  const approved = await world.until('mspa', 'acme', ({ status }) => status.company.name === 'Pinecrest Computing');
  expect(approved.status.accountType).toBe('ManagedMSP');
});

test('a distributor is refused, unless the account says otherwise', async () => {
  world.simulator.addAccount({
    username: 'distributor@msp.example',
    password: 'pw',
    shape: 'distributor',
    companies: 40,
  });
  await world.apply(
    world.credentialsBinding(),
    world.secret('login', { username: 'distributor@msp.example', password: 'pw' }),
    world.account(),
  );
  const account = await world.untilReason('acme', 'DistributorNotSupported');
  expect(conditionOf(account, 'Ready')?.message).toMatch(/spec\.sync\.distributor to Allow/);
  expect(await world.groups()).toEqual([]);
  await world.apply(world.account('acme', { sync: { distributor: 'Allow' } }));
  await world.untilReady();
  const types = new Set((await world.groups()).map(({ spec }) => spec.type));
  expect(types).toEqual(new Set(['Customer', 'Distributor', 'Division', 'MSP', 'MSPManager', 'ManagedMSP']));
});
