// What people own of a Customer: its setup, and where the object itself comes from.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { World, conditionOf } from '../harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.create();
  await world.synchronized();
});
afterAll(() => world.end());

const patch = (name: string, spec: object): Promise<string> =>
  world.cluster.kubectlOk(['patch', 'cust', name, '--type=merge', '-p', JSON.stringify({ spec })], {
    namespace: world.namespace,
  });
const idOf = (name: string): string => {
  const company = world.upstream.find(name);
  if (company === undefined) throw new Error(`no company ${name}`);
  return company.id;
};

test.each([
  ['Skip', 'Skipped', 'Normal', 'msp_customer_normal'],
  ['Configured', 'Completed', 'Normal', 'msp_customer_normal'],
  ['Pending', 'Pending', 'NotSetUp', 'company_no_setup'],
])('setup.mode %s shows at once as %s, and the counts of the account follow', async (mode, setup, phase, icon) => {
  const { metadata } = await world.childOf('cust', idOf('Redbarn Brewery'));
  const requests = world.simulator.log().length;
  await patch(metadata.name, { setup: { mode } });
  const customer = await world.until('cust', metadata.name, ({ status }) => status.setup === setup, 5000);
  expect(customer.status).toMatchObject({ setup, phase, icon });
  expect(conditionOf(customer, 'SetUp')).toMatchObject({
    status: phase === 'Normal' ? 'True' : 'False',
    reason: setup,
  });
  const normal = phase === 'Normal' ? 1 : 0;
  await world.until('mspa', 'acme', ({ status }) => status.customers.normal === normal, 5000);
  expect(world.simulator.log()).toHaveLength(requests);
});

test('a sync keeps what people set, and what they took back keeps its result', async () => {
  const { metadata } = await world.childOf('cust', idOf('Redbarn Brewery'));
  await patch(metadata.name, { setup: { mode: 'Skip' } });
  await world.until('cust', metadata.name, ({ status }) => status.setup === 'Skipped');
  await world.sync();
  expect((await world.get('cust', metadata.name)).spec.setup).toEqual({ mode: 'Skip' });
  await patch(metadata.name, { setup: null });
  await world.sync();
  expect((await world.get('cust', metadata.name)).status).toMatchObject({ setup: 'Skipped', phase: 'Normal' });
});

test('newCustomers.setup Skip covers every customer that is not set up; its result stays when it is taken back', async () => {
  const kept = await world.childOf('cust', idOf('Cedar Hollow Farms'));
  await patch(kept.metadata.name, { setup: { mode: 'Pending' } });
  await world.apply(world.account('acme', { newCustomers: { setup: 'Skip' } }));
  await world.untilReady();
  const skipped = await world.customers();
  expect(skipped.filter(({ status }) => status.setup === 'Skipped')).toHaveLength(54);
  expect(skipped.find(({ metadata }) => metadata.name === kept.metadata.name)?.status.setup).toBe('Pending');
  await world.apply(world.account());
  await world.untilReady();
  expect((await world.customers()).filter(({ status }) => status.setup === 'Skipped')).toHaveLength(54);
});

test('a Customer that people create before the company is known is adopted, under their name', async () => {
  const id = '3f0c9a52-7b1d-4e7e-9d5b-1c2d3e4f5a6b';
  await world.apply({
    apiVersion: 'mspoperator.dev/v1alpha1',
    kind: 'Customer',
    metadata: { name: 'from-git' },
    spec: { accountRef: { name: 'acme' }, companyID: id.toUpperCase(), setup: { mode: 'Configured' } },
  });
  world.upstream.add({ id, name: 'Thistledown Bakery', type: 'Customer', parentId: idOf('Pinecrest Computing') });
  const mark = await world.mark();
  await world.sync();
  const customer = await world.childOf('cust', id);
  expect(customer.metadata.name).toBe('from-git');
  expect(customer.status).toMatchObject({ displayName: 'Thistledown Bakery', phase: 'Normal', setup: 'Completed' });
  const group = await world.childOf('sg', id);
  expect(customer.status.groupRef.name).toBe(group.metadata.name);
  // Nothing of people's spec was written, by the operator or by defaults.
  expect(customer.spec).toEqual({
    accountRef: { name: 'acme' },
    companyID: id.toUpperCase(),
    setup: { mode: 'Configured' },
  });
  expect(
    (await world.writes(mark)).filter(({ verb, objectRef }) => verb !== 'patch' && objectRef?.resource === 'customers'),
  ).toEqual([]);
});

test('a Customer that people create with the id of no company is Unlinked by the next sync, and may be deleted', async () => {
  await world.apply({
    apiVersion: 'mspoperator.dev/v1alpha1',
    kind: 'Customer',
    metadata: { name: 'mistyped' },
    spec: { accountRef: { name: 'acme' }, companyID: '3f0c9a52-7b1d-4e7e-9d5b-ffffffffffff' },
  });
  await world.sync();
  const customer = await world.until('cust', 'mistyped', ({ status }) => status?.phase === 'Unlinked', 5_000);
  expect(conditionOf(customer, 'Linked')).toMatchObject({ status: 'False', reason: 'Removed' });
  await world.cluster.kubectlOk(['delete', 'cust', 'mistyped', '--timeout=10s'], { namespace: world.namespace });
});

test('a wrong mode is refused at once with the words that are allowed', async () => {
  const { metadata } = await world.childOf('cust', idOf('Redbarn Brewery'));
  const answer = await world.kubectl([
    'patch',
    'cust',
    metadata.name,
    '--type=merge',
    '-p',
    '{"spec":{"setup":{"mode":"Done"}}}',
  ]);
  expect(answer.code).not.toBe(0);
  expect(answer.stderr).toContain('supported values: "Pending", "Skip", "Configured"');
});
