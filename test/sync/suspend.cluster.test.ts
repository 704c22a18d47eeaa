// A suspended account: nothing is asked of upstream and nothing mirrored, however loudly it is asked for; people's own changes still
// count; and what has waited is done when it goes on.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World, conditionOf, type Thing } from '../harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.end());

async function suspend(suspended: boolean): Promise<Thing> {
  await world.cluster.kubectlOk(
    ['patch', 'mspa', 'acme', '--type=merge', `--patch={"spec":{"suspend":${suspended}}}`],
    {
      namespace: world.namespace,
    },
  );
  return world.until('mspa', 'acme', ({ metadata, status }) => status.observedGeneration === metadata.generation);
}

const request = (at: string): Promise<string> =>
  world.cluster.kubectlOk(['annotate', 'mspa', 'acme', '--overwrite', `mspoperator.dev/requestedAt=${at}`], {
    namespace: world.namespace,
  });

test('applied suspended: nobody logs in, and tools that wait for it are told that it is settled', async () => {
  await world.apply(world.secret(), world.credentialsBinding(), world.account('acme', { suspend: true }));
  const account = await world.until(
    'mspa',
    'acme',
    ({ metadata, status }) => status?.observedGeneration === metadata.generation,
  );
  await sleep(1_000);
  expect(world.simulator.log()).toEqual([]);
  expect(conditionOf(account, 'Reconciling')).toBeUndefined();
  expect(await world.groups()).toEqual([]);
  await suspend(false);
  await world.untilReady();
  expect(await world.groups()).toHaveLength(61);
});

test('suspended later: upstream may change and people may ask, nothing is read or written; then it is done at once', async () => {
  const company = world.upstream.find('Redbarn Brewery');
  if (company === undefined) throw new Error('no such company');
  const account = await suspend(true);
  const asked = world.simulator.log().length;
  const mark = await world.mark();
  world.upstream.rename(company.id, 'Redbarn Craft Brewery');
  await request('meanwhile');
  const { metadata } = await world.childOf('cust', company.id);
  await world.cluster.kubectlOk(
    ['patch', 'cust', metadata.name, '--type=merge', '--patch={"spec":{"setup":{"mode":"Skip"}}}'],
    {
      namespace: world.namespace,
    },
  );
  const customer = await world.until('cust', metadata.name, ({ status }) => status.setup === 'Skipped', 5_000);
  await sleep(1_500);
  expect(customer.status).toMatchObject({ displayName: 'Redbarn Brewery', phase: 'Normal' });
  expect(world.simulator.log()).toHaveLength(asked);
  expect((await world.writes(mark)).filter(({ objectRef }) => objectRef?.resource === 'staticgroups')).toEqual([]);
  // What is known of it stays true.
  expect(conditionOf(await world.get('mspa', 'acme'), 'Ready')).toEqual(conditionOf(account, 'Ready'));

  await suspend(false);
  await world.until('cust', metadata.name, ({ status }) => status.displayName === 'Redbarn Craft Brewery', 10_000);
  await world.until('mspa', 'acme', ({ status }) => status.lastHandledRequestedAt === 'meanwhile', 10_000);
});

test('a suspended account can be deleted, and leaves its children as its policy says', async () => {
  await suspend(true);
  const asked = world.simulator.log().length;
  await world.cluster.kubectlOk(['delete', 'mspa', 'acme', '--timeout=20s'], { namespace: world.namespace });
  expect(world.simulator.log()).toHaveLength(asked);
  const customers = await world.customers();
  expect(customers).toHaveLength(55);
  expect(new Set(customers.map((customer) => conditionOf(customer, 'Linked')?.reason))).toEqual(
    new Set(['AccountRemoved']),
  );
});
