// The main job, end to end: an account becomes a synchronized hierarchy.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { World, conditionOf } from '../harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.create();
  await world.synchronized();
});
afterAll(() => world.end());

test('every company has one group, every customer one Customer, with the parents of upstream', async () => {
  const { tree } = world.upstream;
  const companies = [...tree.companies(tree.root)];
  const groups = await world.groups();
  const customers = await world.customers();
  expect(groups).toHaveLength(companies.length);
  expect(customers).toHaveLength(companies.filter(({ type }) => type === 1007).length);
  const nameOf = new Map(groups.map(({ metadata, spec }) => [spec.companyID, metadata.name]));
  for (const company of companies) {
    const group = groups.find(({ spec }) => spec.companyID === company.id);
    expect(group?.spec.displayName).toBe(company.name);
    const parent = company === tree.root ? undefined : nameOf.get(company.parent?.id ?? '');
    expect(group?.spec.parentRef?.name).toBe(parent);
  }
});

test('the account says what it found', async () => {
  const account = await world.get('mspa', 'acme');
  expect(account.status).toMatchObject({
    accountType: 'MSPManager',
    mixed: false,
    groups: 61,
    customers: { total: 55, notSetUp: 55, normal: 0, unlinked: 0 },
  });
  expect(conditionOf(account, 'Ready')).toMatchObject({ status: 'True', reason: 'Synchronized' });
});
