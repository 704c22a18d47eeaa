import { expect, test } from 'vitest';
import { EMPTY, NOW, company, customerOf, guid, input, msp, relinked, snapshot, synced } from './fixtures.ts';
import { makePlan } from './plan.ts';
import { countChanges, countCustomers } from './summary.ts';

test('countCustomers counts companies; an unlinked one is not suspended', () => {
  const companies = [...msp(4), company(5, 0, 'Customer', { status: 'Suspended' })];
  const base = synced(companies.map((one) => (one.id === guid(4) ? { ...one, status: 'Suspended' as const } : one)));
  const { customers } = relinked(base, [4], { status: 'False', reason: 'Removed', since: NOW });
  const twin = { ...customerOf(base, 1), name: 'twin', uid: 'zzz', companyID: guid(1).toUpperCase() };
  const fresh = { ...customerOf(base, 2), setup: null, mode: 'Skip' as const, mirror: null };
  const rest = customers.filter((one) => one.companyID !== guid(2));
  expect(countCustomers([...rest, twin, fresh])).toEqual({
    total: 5,
    notSetUp: 3,
    normal: 1,
    unlinked: 1,
    suspended: 1,
  });
  expect(countCustomers([])).toEqual({ total: 0, notSetUp: 0, normal: 0, unlinked: 0, suspended: 0 });
});

test('countChanges counts actions per kind and change', () => {
  const none = { create: 0, rename: 0, move: 0, retype: 0, link: 0, unlink: 0, hold: 0, status: 0, delete: 0 };
  expect(countChanges(makePlan(input(snapshot(msp(2)), EMPTY)))).toEqual({
    StaticGroup: { ...none, create: 3 },
    Customer: { ...none, create: 2 },
  });
  const world = synced(msp(2));
  const twin = { ...customerOf(world, 1), name: 'twin', uid: 'zzz' };
  const renamed = snapshot([company(0, null, 'MSP', { name: 'X' }), ...msp(2).slice(1)]);
  expect(countChanges(makePlan(input(renamed, { ...world, customers: [...world.customers, twin] })))).toEqual({
    StaticGroup: { ...none, rename: 1 },
    Customer: { ...none, status: 2, delete: 1 },
  });
});
