// Promise 1, one company, one object: (account, company GUID) is one StaticGroup, and one Customer where it is one. Injected: ids in
// another case, names that change hands, objects that people make, a backup, and two accounts that reach for one company at once.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { when } from '../proxy/rules.ts';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';

const id = (n: number): string => `0000000a-0000-4000-8000-00000000000${n}`;
const [MANAGER, NORTH, BAKERY, FLORIST] = [id(1), id(2), id(3), id(4)];
const TREE = [
  { id: MANAGER, name: 'One Company Managers', type: 'MSPManager' as const },
  { id: NORTH, name: 'North MSP', type: 'ManagedMSP' as const, parentId: MANAGER },
  { id: BAKERY, name: 'Bakery', parentId: NORTH },
  { id: FLORIST, name: 'Florist', parentId: NORTH },
];

let world: World;
beforeEach(async () => {
  world = await World.create({ accounts: [{ username: USERNAME, password: PASSWORD, tree: TREE }], proxy: {} });
});
afterEach(() => world.end());

const children = async (): Promise<Thing[]> => [...(await world.groups()), ...(await world.customers())];
const uids = async (): Promise<string[]> => (await children()).map(({ metadata }) => metadata.uid).sort();
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const created = async (since = 0): Promise<number> =>
  (await world.writes(since)).filter(
    ({ verb, objectRef, responseStatus }) =>
      verb === 'create' &&
      ['staticgroups', 'customers'].includes(objectRef?.resource ?? '') &&
      responseStatus?.code === 201,
  ).length;
const notes = async (reason: string): Promise<string> => {
  for (let tries = 0; ; tries++) {
    const events = (await world.list('events.events.k8s.io')) as unknown as { reason: string; note: string }[];
    const found = events.filter((event) => event.reason === reason).map(({ note }) => note);
    if (found.length > 0 || tries > 40) return found.join('\n');
    await pause(50);
  }
};
const remove = (name: string): Promise<string> =>
  world.cluster.kubectlOk(['delete', 'mspa', name, '--timeout=30s'], { namespace: world.namespace });

test('an id means the same in upper and lower case: nothing is written for it', async () => {
  world.upstream.setQuirks({ guidCase: 'lower' });
  await world.synchronized();
  const before = await uids();
  const mark = await world.mark();
  for (const guidCase of ['upper', 'mixed', 'lower'] as const) {
    world.upstream.setQuirks({ guidCase });
    await world.sync();
  }
  expect((await world.writes(mark)).filter(({ objectRef }) => objectRef?.resource !== 'mspaccounts')).toEqual([]);
  expect(await uids()).toEqual(before);
});

test('two companies that exchange their names keep their objects', async () => {
  await world.synchronized();
  const bakery = await world.childOf('cust', BAKERY);
  const florist = await world.childOf('cust', FLORIST);
  world.upstream.rename(BAKERY, 'For a moment');
  world.upstream.rename(FLORIST, 'Bakery');
  world.upstream.rename(BAKERY, 'Florist');
  await world.sync();
  const after = { bakery: await world.childOf('cust', BAKERY), florist: await world.childOf('cust', FLORIST) };
  expect(after.bakery.metadata).toMatchObject({ name: bakery.metadata.name, uid: bakery.metadata.uid });
  expect(after.florist.metadata).toMatchObject({ name: florist.metadata.name, uid: florist.metadata.uid });
  expect([after.bakery.status.displayName, after.florist.status.displayName]).toEqual(['Florist', 'Bakery']);
});

test('a Customer that people made before the first sync, under any name, is the one', async () => {
  await world.apply({
    apiVersion: 'mspoperator.dev/v1alpha1',
    kind: 'Customer',
    metadata: { name: 'from-git' },
    spec: { accountRef: { name: 'acme' }, companyID: BAKERY.toUpperCase(), setup: { mode: 'Skip' } },
  });
  await world.synchronized();
  const customer = await world.childOf('cust', BAKERY);
  expect(customer.metadata.name).toBe('from-git');
  expect(customer.status).toMatchObject({ displayName: 'Bakery', phase: 'Normal' });
  expect(await world.customers()).toHaveLength(2);
});

test('second objects that people make go, the older ones stay as they are, and an event says so', async () => {
  await world.synchronized();
  const customer = await world.childOf('cust', BAKERY);
  const group = await world.childOf('sg', BAKERY);
  // Creation times are whole seconds.
  await pause(1100);
  await world.apply(
    {
      apiVersion: 'mspoperator.dev/v1alpha1',
      kind: 'Customer',
      metadata: { name: 'a-second' },
      spec: { accountRef: { name: 'acme' }, companyID: BAKERY.toUpperCase(), setup: { mode: 'Skip' } },
    },
    {
      apiVersion: 'mspoperator.dev/v1alpha1',
      kind: 'StaticGroup',
      metadata: { name: 'a-second' },
      spec: { accountRef: { name: 'acme' }, companyID: BAKERY, type: 'Customer', displayName: 'Mine' },
    },
  );
  const account = await world.sync();
  expect((await world.childOf('cust', BAKERY)).metadata.uid).toBe(customer.metadata.uid);
  expect((await world.childOf('sg', BAKERY)).metadata.uid).toBe(group.metadata.uid);
  expect((await world.childOf('cust', BAKERY)).status.setup).toBe('Pending');
  expect(account.status).toMatchObject({ groups: 4, customers: { total: 2 } });
  const note = await notes('DuplicateDeleted');
  expect(note).toContain(`Customer a-second (${customer.metadata.name} is older and stays)`);
  expect(note).toContain(`StaticGroup a-second (${group.metadata.name} is older and stays)`);
});

test('a restored backup: children without status, then their account; they are found, none is made', async () => {
  await world.synchronized('acme', { deletionPolicy: 'Delete' });
  const backup = (await children()).map(({ apiVersion, kind, metadata: { name, labels }, spec }) => ({
    apiVersion,
    kind,
    metadata: { name, labels },
    spec: spec as object,
  }));
  await remove('acme');
  expect(await children()).toEqual([]);
  await world.apply(...backup);
  const restored = await uids();
  const mark = await world.mark();
  await world.apply(world.account());
  await world.untilReady();
  expect(await uids()).toEqual(restored);
  expect(await created(mark)).toBe(0);
  expect((await world.childOf('cust', BAKERY)).status).toMatchObject({ displayName: 'Bakery', phase: 'NotSetUp' });
});

/** Until one of two accounts works and the other is its duplicate, which has created nothing. */
async function untilDecided(names: readonly [string, string]): Promise<{ winner: string; other: string }> {
  for (let tries = 0; ; tries++) {
    const reasons = await Promise.all(
      names.map(async (name) => conditionOf(await world.get('mspa', name), 'Ready')?.reason),
    );
    const [first, second] = names;
    if (reasons.join() === 'Synchronized,DuplicateAccount') return { winner: first, other: second };
    if (reasons.join() === 'DuplicateAccount,Synchronized') return { winner: second, other: first };
    if (tries > 200) throw new Error(`not decided: ${reasons.join()}`);
    await pause(100);
  }
}
const owners = async (): Promise<string[]> => [
  ...new Set((await children()).map(({ spec }) => spec.accountRef.name as string)),
];

test('two accounts of one login, seen at the same moment: the older works though it is slow, the younger makes nothing until it takes over', async () => {
  await world.stopOperator();
  await world.apply(world.secret(), world.credentialsBinding(), world.account('alpha'));
  await pause(1100);
  await world.apply(world.account('omega'));
  // The first that asks is the slow one.
  world.simulator.faults.add({ operation: 'User/Current', kind: 'delay', ms: 3000, times: 1 });
  await world.startOperator();
  expect(await untilDecided(['alpha', 'omega'])).toEqual({ winner: 'alpha', other: 'omega' });
  expect(await owners()).toEqual(['alpha']);
  expect(await created()).toBe(6);
  const second = await world.get('mspa', 'omega');
  expect(second.status.duplicateOf).toEqual({ name: 'alpha', companyID: MANAGER });
  expect(conditionOf(second, 'Ready')?.message).toContain('MSPAccount alpha mirrors the same company');
  expect(conditionOf(second, 'Stalled')?.status).toBe('True');

  // It takes over while something else still holds the account that goes.
  const patch = (finalizers: string[] | null) =>
    world.cluster.kubectlOk(
      ['patch', 'mspa', 'alpha', '--type=merge', '-p', JSON.stringify({ metadata: { finalizers } })],
      { namespace: world.namespace },
    );
  await patch(['mspoperator.dev/children', 'example.com/hold']);
  await world.cluster.kubectlOk(['delete', 'mspa', 'alpha', '--wait=false'], { namespace: world.namespace });
  const heir = await world.untilReady('omega');
  await patch(null);
  expect(heir.status).not.toHaveProperty('duplicateOf');
  expect((await owners()).sort()).toEqual(['alpha', 'omega']);
});

test('two accounts of one user by different Secrets, at the same moment: one set of children, whoever is first', async () => {
  await world.stopOperator();
  await world.apply(
    world.secret(),
    world.secret('login-2'),
    world.credentialsBinding(),
    world.account('alpha'),
    world.account('omega', { credentials: { secretRef: { name: 'login-2' } } }),
  );
  // Each write of a status takes its time, so that both are between their look and their claim at once.
  world.proxy.setRules([when({ resource: 'mspaccounts', subresource: 'status' }, { do: 'delay', ms: 1000 })]);
  await world.startOperator();
  const { winner } = await untilDecided(['alpha', 'omega']);
  expect(await owners()).toEqual([winner]);
  expect(await created()).toBe(6);
});

test('an account that mirrors a company keeps it, though an older one gets its login mended', async () => {
  await world.apply(
    world.credentialsBinding(),
    world.secret('login-2'),
    world.account('alpha'), // its Secret is not there yet
  );
  await world.untilReason('alpha', 'SecretNotFound');
  await pause(1100);
  await world.apply(world.account('omega', { credentials: { secretRef: { name: 'login-2' } } }));
  await world.untilReady('omega');
  await world.apply(world.secret());
  expect(await untilDecided(['alpha', 'omega'])).toEqual({ winner: 'omega', other: 'alpha' });

  // A failed sync in between does not change who has it.
  world.simulator.faults.add({ operation: 'User/Current', kind: 'status', status: 500 });
  const failed = await world.sync('alpha');
  expect(conditionOf(failed, 'Ready')?.reason).toBe('UpstreamError');
  expect(failed.status.duplicateOf).toEqual({ name: 'omega', companyID: MANAGER });
  world.simulator.faults.clear();
  await world.sync('omega');
  await world.sync('alpha');
  expect(await untilDecided(['alpha', 'omega'])).toEqual({ winner: 'omega', other: 'alpha' });
  expect(await created()).toBe(6);
});
