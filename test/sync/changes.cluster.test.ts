// What each upstream change does to the objects: new, renamed, moved, suspended, vanished and returned companies.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { World, conditionOf, type Thing } from '../harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.create();
  await world.synchronized('acme', { sync: { unlinkLimit: { percent: 100, count: 100 } } });
});
afterAll(() => world.end());

const companyOf = (name: string): string => {
  const company = world.upstream.find(name);
  if (company === undefined) throw new Error(`no company ${name}`);
  return company.id;
};
/** uid and resourceVersion of every child, to see which were written. */
const versions = async (): Promise<Map<string, string>> =>
  new Map(
    [...(await world.groups()), ...(await world.customers())].map((child) => [
      keyOf(child),
      child.metadata.resourceVersion,
    ]),
  );
const keyOf = ({ kind, metadata }: Thing): string => `${kind}/${metadata.name}`;
const written = (before: Map<string, string>, after: Map<string, string>): string[] =>
  [...after].filter(([key, version]) => before.get(key) !== version).map(([key]) => key);

test('a rename upstream is one write to the group and one to its customer, and no new object', async () => {
  const id = companyOf('Redbarn Brewery');
  const group = await world.childOf('sg', id);
  const before = await versions();
  world.upstream.rename(id, 'Redbarn Craft Brewery');
  await world.sync();
  expect(await world.childOf('sg', id)).toMatchObject({
    metadata: { name: group.metadata.name, uid: group.metadata.uid },
    spec: { displayName: 'Redbarn Craft Brewery' },
  });
  expect((await world.childOf('cust', id)).status.displayName).toBe('Redbarn Craft Brewery');
  expect(written(before, await versions()).sort()).toEqual([
    `Customer/${group.metadata.name}`,
    `StaticGroup/${group.metadata.name}`,
  ]);
});

test('the rename of an MSP writes its group and what its customers show of it, but no other group', async () => {
  const id = companyOf('Pinecrest Computing');
  const before = await versions();
  world.upstream.rename(id, 'Pinecrest Systems');
  await world.sync();
  const changed = written(before, await versions());
  expect(changed.filter((key) => key.startsWith('StaticGroup/'))).toEqual([keyOf(await world.childOf('sg', id))]);
  const customers = (await world.customers()).filter(
    ({ status }) => status.managedBy.displayName === 'Pinecrest Systems',
  );
  expect(customers.length).toBeGreaterThan(5);
  expect(changed).toHaveLength(1 + customers.length);
});

test('a new company gets a group and a customer', async () => {
  const added = world.upstream.add({
    name: 'Fernhill Books',
    type: 'Customer',
    parentId: companyOf('Pinecrest Systems'),
  });
  const account = await world.sync();
  expect(account.status).toMatchObject({ groups: 62, customers: { total: 56, notSetUp: 56 } });
  const customer = await world.childOf('cust', added.id);
  expect(customer.status).toMatchObject({
    displayName: 'Fernhill Books',
    phase: 'NotSetUp',
    icon: 'company_no_setup',
    managedBy: { displayName: 'Pinecrest Systems' },
  });
  expect(customer.spec).not.toHaveProperty('setup');
  expect((await world.childOf('sg', added.id)).metadata.name).toBe(customer.metadata.name);
});

test('a move upstream changes the parent and keeps the object', async () => {
  const id = companyOf('Fernhill Books');
  const target = await world.childOf('sg', companyOf('Bluefinch Networks'));
  const before = await world.childOf('sg', id);
  world.upstream.move(id, companyOf('Bluefinch Networks'));
  await world.sync();
  const after = await world.childOf('sg', id);
  expect(after.metadata.uid).toBe(before.metadata.uid);
  expect(after.spec.parentRef.name).toBe(target.metadata.name);
  expect((await world.childOf('cust', id)).status.managedBy).toEqual({
    name: target.metadata.name,
    displayName: 'Bluefinch Networks',
  });
});

test('suspension upstream shows as a condition and changes neither phase nor icon nor group', async () => {
  const id = companyOf('Fernhill Books');
  const group = await world.childOf('sg', id);
  world.upstream.suspend(id);
  const account = await world.sync();
  const customer = await world.childOf('cust', id);
  expect(conditionOf(customer, 'Suspended')).toMatchObject({ status: 'True', reason: 'Suspended' });
  expect(customer.status).toMatchObject({ phase: 'NotSetUp', icon: 'company_no_setup' });
  expect((await world.childOf('sg', id)).metadata.resourceVersion).toBe(group.metadata.resourceVersion);
  expect(account.status.customers.suspended).toBe(4);
});

test('a status code that is not known shows as Unknown, until the admin says what it means', async () => {
  const id = companyOf('Fernhill Books');
  world.upstream.setQuirks({ suspendedStatus: 7 });
  await world.sync();
  expect(conditionOf(await world.childOf('cust', id), 'Suspended')).toMatchObject({
    status: 'Unknown',
    reason: 'UnknownStatusCode',
  });
  await world.stopOperator();
  await world.startOperator(['--company-status-codes=1=Active,7=Suspended']);
  await world.sync();
  expect(conditionOf(await world.childOf('cust', id), 'Suspended')).toMatchObject({ status: 'True' });
});

test('a company that is removed upstream becomes Unlinked and is not deleted', async () => {
  const id = companyOf('Fernhill Books');
  world.upstream.remove(id);
  const account = await world.sync();
  const customer = await world.childOf('cust', id);
  expect(customer.status).toMatchObject({ phase: 'Unlinked', icon: 'company_unlinked', displayName: 'Fernhill Books' });
  expect(conditionOf(customer, 'Linked')).toMatchObject({ status: 'False', reason: 'Removed' });
  expect(conditionOf(await world.childOf('sg', id), 'Linked')).toMatchObject({ status: 'False', reason: 'Removed' });
  expect(account.status.customers).toMatchObject({ total: 56, unlinked: 1, suspended: 3 });
  expect(conditionOf(account, 'Ready')?.status).toBe('True');
});

test('a company that returns is linked again: the same objects, setup kept', async () => {
  const id = [...(await world.customers())].find(({ status }) => status.phase === 'Unlinked')?.spec.companyID as string;
  const before = await world.childOf('cust', id);
  await world.cluster.kubectlOk(
    ['patch', 'cust', before.metadata.name, '--type=merge', '-p', '{"spec":{"setup":{"mode":"Configured"}}}'],
    {
      namespace: world.namespace,
    },
  );
  await world.until(
    'cust',
    before.metadata.name,
    ({ status }) => status.setup === 'Completed' && status.phase === 'Unlinked',
  );
  world.upstream.restore(id);
  await world.sync();
  const after = await world.childOf('cust', id);
  expect(after.metadata.uid).toBe(before.metadata.uid);
  expect(after.status).toMatchObject({ phase: 'Normal', setup: 'Completed', icon: 'msp_customer_normal' });
  expect(conditionOf(after, 'Linked')).toMatchObject({ status: 'True', reason: 'Present' });
});

test('a company that is only no longer visible is not unlinked by one sync', async () => {
  const id = companyOf('Redbarn Craft Brewery');
  world.upstream.hide([id]);
  await world.sync();
  const customer = await world.childOf('cust', id);
  expect(conditionOf(customer, 'Linked')).toMatchObject({ status: 'Unknown', reason: 'AbsentOnce' });
  expect(customer.status.phase).toBe('NotSetUp');
  world.upstream.showAll();
  await world.sync();
  expect(conditionOf(await world.childOf('cust', id), 'Linked')).toMatchObject({ status: 'True' });
});
