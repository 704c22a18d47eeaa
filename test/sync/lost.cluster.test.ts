// What somebody deleted although its company is there is made anew (promise 4), and what people are told of it.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { World, conditionOf, type Thing } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.end());

const idOf = (name: string): string => world.upstream.find(name)?.id ?? '';
const remove = (kind: string, name: string): Promise<string> =>
  world.cluster.kubectlOk(['delete', kind, name], { namespace: world.namespace });
const untilBack = async (kind: 'sg' | 'cust', companyID: string, uid: string): Promise<Thing> => {
  for (let tries = 0; ; tries++) {
    const found = (await world.list(kind)).find(({ spec }) => spec.companyID === companyID);
    if (found !== undefined && found.metadata.uid !== uid && found.status?.conditions.length > 0) return found;
    if (tries > 200) throw new Error(`${kind} of ${companyID} did not come back`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const events = async (reason: string): Promise<string[]> => {
  for (let tries = 0; ; tries++) {
    const notes = (await world.list('events.events.k8s.io')) as unknown as { reason: string; note: string }[];
    const found = notes.filter((event) => event.reason === reason).map(({ note }) => note);
    if (found.length > 0 || tries > 40) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test('a linked group and a linked customer that somebody deletes come back, the customer with its setup, and an event says so', async () => {
  await world.synchronized('acme', { newCustomers: { setup: 'Skip' } });
  await world.apply(world.account());
  await world.untilReady();
  const id = idOf('Redbarn Brewery');
  const customer = await world.childOf('cust', id);
  expect(customer.status.setup).toBe('Skipped');
  const group = await world.childOf('sg', id);
  await remove('cust', customer.metadata.name);
  await remove('sg', group.metadata.name);

  const back = await untilBack('cust', id, customer.metadata.uid);
  await untilBack('sg', id, group.metadata.uid);
  const filled = await world.until('cust', back.metadata.name, ({ status }) => status.displayName !== undefined);
  expect(filled.metadata.name).toBe(customer.metadata.name);
  expect(filled.status).toMatchObject({ setup: 'Skipped', phase: 'Normal' });
  expect(filled.spec).not.toHaveProperty('setup');
  expect((await events('Restored')).join()).toContain('Redbarn Brewery');
});

test('new customers are told in one event for each sync, with count and sample', async () => {
  await world.synchronized();
  expect(await events('NewCustomers')).toEqual([
    expect.stringMatching(/^55 new customers: Anchor Point Marina, .*, …$/),
  ]);
  world.upstream.add({ name: 'Larkfield Surgery', type: 'Customer' });
  await world.sync();
  await world.sync();
  expect((await events('NewCustomers')).sort()).toEqual([
    '1 new customer: Larkfield Surgery',
    expect.stringMatching(/^55 new customers/),
  ]);
});

test('a refused login is tried at most three times an hour, whatever people change', async () => {
  await world.synchronized();
  world.upstream.setPassword('another');
  world.upstream.revokeTokens();
  const failed = (): number => Object.values(world.simulator.counts().accounts)[0]?.failedLogins ?? 0;
  for (let attempt = 1; attempt <= 3; attempt++) await world.sync();
  expect(failed()).toBe(3);
  const account = await world.sync();
  expect(failed()).toBe(3);
  expect(conditionOf(account, 'Ready')).toMatchObject({ status: 'False', reason: 'LoginThrottled' });
  expect(Date.parse(account.status.sync.nextAt) - Date.now()).toBeGreaterThan(3_400_000);
});

test('a customer that is deleted while a sync is about to write it comes back with its setup', async () => {
  await using staged = await World.create({ proxy: {} });
  await staged.synchronized();
  const id = staged.upstream.find('Redbarn Brewery')?.id ?? '';
  const { metadata } = await staged.childOf('cust', id);
  const patch = '{"spec":{"setup":{"mode":"Configured"}}}';
  await staged.kubectl(['patch', 'cust', metadata.name, '--type=merge', '-p', patch]);
  await staged.until('cust', metadata.name, ({ status }) => status.setup === 'Completed');
  // The operator hears of the deletion by the answer to its own write.
  const watches = staged.proxy.exchanges(({ isWatch, resource }) => isWatch && resource === 'customers');
  for (const watch of watches) watch.stall();
  await staged.kubectl(['delete', 'cust', metadata.name]);
  staged.upstream.rename(id, 'Redbarn Craft Brewery');
  await staged.sync();
  const back = await staged.childOf('cust', id);
  expect(back.metadata.uid).not.toBe(metadata.uid);
  expect(back.status).toMatchObject({ displayName: 'Redbarn Craft Brewery', setup: 'Completed', phase: 'Normal' });
});
