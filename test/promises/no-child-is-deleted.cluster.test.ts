// The end of an account, and its return: the children are told as its policy says, and found again by (account, company id).

import { afterEach, beforeEach, expect, test } from 'vitest';
import { World, conditionOf, type Thing } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.end());

const remove = (): Promise<string> =>
  world.cluster.kubectlOk(['delete', 'mspa', 'acme', '--timeout=20s'], { namespace: world.namespace });
const linkedOf = (children: readonly Thing[]): string[] => [
  ...new Set(
    children.map((child) => `${conditionOf(child, 'Linked')?.status} ${conditionOf(child, 'Linked')?.reason}`),
  ),
];
const uidsOf = (children: readonly Thing[]): string[] => children.map(({ metadata }) => metadata.uid).sort();

test('Unlink, the default: the children stay and show it; applied again the account finds the same ones, setup kept', async () => {
  await world.synchronized();
  const [first] = await world.customers();
  await world.cluster.kubectlOk(
    ['patch', 'cust', first?.metadata.name ?? '', '--type=merge', '-p', '{"spec":{"setup":{"mode":"Skip"}}}'],
    { namespace: world.namespace },
  );
  await world.until('cust', first?.metadata.name ?? '', ({ status }) => status.setup === 'Skipped');
  const before = uidsOf([...(await world.groups()), ...(await world.customers())]);

  await remove();
  expect(linkedOf(await world.groups())).toEqual(['False AccountRemoved']);
  expect(linkedOf(await world.customers())).toEqual(['False AccountRemoved']);
  expect(new Set((await world.customers()).map(({ status }) => status.phase))).toEqual(new Set(['Unlinked']));

  await world.apply(world.account());
  await world.untilReady();
  expect(uidsOf([...(await world.groups()), ...(await world.customers())])).toEqual(before);
  expect(linkedOf([...(await world.groups()), ...(await world.customers())])).toEqual(['True Present']);
  expect((await world.get('cust', first?.metadata.name ?? '')).status).toMatchObject({
    setup: 'Skipped',
    phase: 'Normal',
  });
});

test('Orphan: the children stay and nothing is said of their company', async () => {
  await world.synchronized('acme', { deletionPolicy: 'Orphan' });
  await remove();
  const children = [...(await world.groups()), ...(await world.customers())];
  expect(linkedOf(children)).toEqual(['Unknown AccountRemoved']);
  expect(new Set((await world.customers()).map(({ status }) => status.phase))).toEqual(new Set(['NotSetUp']));
});

test('Delete: the children go with the account, and those of another account do not', async () => {
  await world.synchronized('acme', { deletionPolicy: 'Delete' });
  await world.apply({
    apiVersion: 'mspoperator.dev/v1alpha1',
    kind: 'Customer',
    metadata: { name: 'of-another' },
    spec: { accountRef: { name: 'other' }, companyID: '00000000-0000-4000-8000-000000000001' },
  });
  await remove();
  expect(await world.groups()).toEqual([]);
  expect((await world.customers()).map(({ metadata }) => metadata.name)).toEqual(['of-another']);
});

test('an account whose finalizer was torn off: its children say AccountMissing and are not unlinked', async () => {
  await world.synchronized();
  await world.stopOperator();
  await world.cluster.kubectlOk(['patch', 'mspa', 'acme', '--type=merge', '-p', '{"metadata":{"finalizers":null}}'], {
    namespace: world.namespace,
  });
  await remove();
  await world.startOperator();
  const [group] = await world.groups();
  await world.until(
    'sg',
    group?.metadata.name ?? '',
    (child) => conditionOf(child, 'Linked')?.reason === 'AccountMissing',
  );
  const [customer] = await world.customers();
  const seen = await world.until(
    'cust',
    customer?.metadata.name ?? '',
    (child) => conditionOf(child, 'Linked')?.reason === 'AccountMissing',
  );
  expect(seen.status.phase).toBe('NotSetUp');

  await world.apply(world.account());
  await world.untilReady();
  expect(linkedOf([...(await world.groups()), ...(await world.customers())])).toEqual(['True Present']);
});

test('an account is deleted while upstream is away: it goes all the same', async () => {
  await world.synchronized();
  await world.simulator.stop();
  await remove();
  expect(linkedOf(await world.groups())).toEqual(['False AccountRemoved']);
});
