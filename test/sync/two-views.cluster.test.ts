// Two views of one company: the account of an MSP Manager and the own account of a Managed MSP below it both see its customers. Each
// has its own objects, follows upstream by itself, and has troubles of its own.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';

const id = (n: number): string => `0000000d-0000-4000-8000-00000000000${n}`;
const [MANAGER, NORTH, SOUTH, BAKERY, FLORIST, GROCER] = [id(1), id(2), id(3), id(4), id(5), id(6)];
const TREE = [
  { id: MANAGER, name: 'Two Views Managers', type: 'MSPManager' as const },
  { id: NORTH, name: 'North MSP', type: 'ManagedMSP' as const, parentId: MANAGER },
  { id: SOUTH, name: 'South MSP', type: 'ManagedMSP' as const, parentId: MANAGER },
  { id: BAKERY, name: 'Bakery', parentId: NORTH },
  { id: FLORIST, name: 'Florist', parentId: NORTH },
  { id: GROCER, name: 'Grocer', parentId: SOUTH },
];
const OWN = { username: 'north@msp.example', password: PASSWORD };

let world: World;
beforeAll(async () => {
  world = await World.create({
    accounts: [
      { username: USERNAME, password: PASSWORD, tree: TREE },
      { ...OWN, treeOf: USERNAME, companyId: NORTH },
    ],
  });
  const sync = { unlinkLimit: { percent: 100, count: 10 } };
  await world.apply(
    world.credentialsBinding(),
    world.secret(),
    world.secret('login-north', OWN),
    world.account('manager', { sync }),
    world.account('north', { sync, credentials: { secretRef: { name: 'login-north' } } }),
  );
  await Promise.all([world.untilReady('manager'), world.untilReady('north')]);
});
afterAll(() => world.end());

const both = (): Promise<[manager: Thing, north: Thing]> => Promise.all([world.sync('manager'), world.sync('north')]);
/** The objects of one company, by account. */
async function viewsOf(kind: 'sg' | 'cust', company: string): Promise<{ manager: Thing; north: Thing }> {
  const found = (await world.list(kind)).filter(({ spec }) => spec.companyID === company);
  const of = (account: string): Thing => {
    const [one, ...more] = found.filter(({ spec }) => spec.accountRef.name === account);
    if (one === undefined || more.length > 0)
      throw new Error(`${account} has ${1 + more.length} ${kind} of ${company}`);
    return one;
  };
  return { manager: of('manager'), north: of('north') };
}
const count = async (kind: 'sg' | 'cust', account: string): Promise<number> =>
  (await world.list(kind)).filter(({ spec }) => spec.accountRef.name === account).length;

test('each account has one object for each company that it sees, with parents of its own', async () => {
  expect([await count('sg', 'manager'), await count('cust', 'manager')]).toEqual([6, 3]);
  expect([await count('sg', 'north'), await count('cust', 'north')]).toEqual([3, 2]);
  const group = await viewsOf('sg', NORTH);
  expect(group.manager.spec.parentRef.name).toMatch(/^two-views-managers-/);
  expect(group.north.spec).not.toHaveProperty('parentRef');
  const bakery = await viewsOf('cust', BAKERY);
  expect(bakery.manager.metadata.name).not.toBe(bakery.north.metadata.name);
  expect(bakery.manager.status.managedBy.name).toBe(group.manager.metadata.name);
  expect(bakery.north.status.managedBy.name).toBe(group.north.metadata.name);
});

test('a new name, a removal and a return show in both, each with its own setup', async () => {
  const before = await viewsOf('cust', BAKERY);
  const skip = [
    'patch',
    'cust',
    before.north.metadata.name,
    '--type=merge',
    '-p',
    '{"spec":{"setup":{"mode":"Skip"}}}',
  ];
  await world.cluster.kubectlOk(skip, { namespace: world.namespace });
  world.upstream.rename(BAKERY, 'Bakery & Sons');
  await both();
  const renamed = await viewsOf('cust', BAKERY);
  expect(renamed.manager.status.displayName).toBe('Bakery & Sons');
  expect(renamed.north.status.displayName).toBe('Bakery & Sons');

  world.upstream.remove(BAKERY);
  for (const { status } of await both()) expect(status.customers.unlinked).toBe(1);
  const removed = await viewsOf('cust', BAKERY);
  expect([removed.manager.status.phase, removed.north.status.phase]).toEqual(['Unlinked', 'Unlinked']);

  world.upstream.restore(BAKERY);
  await both();
  const after = await viewsOf('cust', BAKERY);
  expect(after.manager.metadata.uid).toBe(before.manager.metadata.uid);
  expect(after.north.metadata.uid).toBe(before.north.metadata.uid);
  expect([after.manager.status.phase, after.north.status.phase]).toEqual(['NotSetUp', 'Normal']);
});

test('a login that is refused changes nothing for the other', async () => {
  const north = world.simulator.account(OWN.username);
  north.setPassword('changed');
  north.revokeTokens();
  world.upstream.rename(FLORIST, 'Florist & Daughters');
  const [manager, own] = await both();
  expect(conditionOf(manager, 'Ready')?.status).toBe('True');
  expect(conditionOf(own, 'Ready')).toMatchObject({ status: 'False', reason: 'LoginRefused' });
  const views = await viewsOf('cust', FLORIST);
  expect(views.manager.status.displayName).toBe('Florist & Daughters');
  expect(views.north.status.displayName).toBe('Florist');
  north.setPassword(PASSWORD);
  for (const account of await both()) expect(conditionOf(account, 'Ready')?.status).toBe('True');
});

test('a branch that one login no longer sees is still there for the other', async () => {
  world.upstream.hide([NORTH]);
  const [blind, seeing] = await both();
  expect(blind.status.customers).toMatchObject({ total: 3, unlinked: 0 });
  expect(conditionOf(seeing, 'Ready')?.status).toBe('True');
  const florist = await viewsOf('cust', FLORIST);
  expect(conditionOf(florist.manager, 'Linked')).toMatchObject({ status: 'Unknown', reason: 'AbsentOnce' });
  expect(conditionOf(florist.north, 'Linked')?.status).toBe('True');
  world.upstream.showAll();
  await both();
});

test('the end of one account, with all that it made, leaves the objects of the other', async () => {
  await world.apply(
    world.account('north', { deletionPolicy: 'Delete', credentials: { secretRef: { name: 'login-north' } } }),
  );
  await world.until('mspa', 'north', ({ status, metadata }) => status.observedGeneration === metadata.generation);
  const before = (await viewsOf('cust', BAKERY)).manager.metadata.resourceVersion;
  await world.cluster.kubectlOk(['delete', 'mspa', 'north', '--timeout=30s'], { namespace: world.namespace });
  expect([await count('sg', 'north'), await count('cust', 'north')]).toEqual([0, 0]);
  expect(await count('sg', 'manager')).toBe(6);
  const bakery = (await world.customers()).filter(({ spec }) => spec.companyID === BAKERY);
  expect(bakery.map(({ metadata }) => metadata.resourceVersion)).toEqual([before]);
});
