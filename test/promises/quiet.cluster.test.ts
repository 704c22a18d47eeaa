// Promise 7, quiet: a sync without upstream change makes 0 writes to children and 0 events, and one write to the account. Injected:
// a tree with companies in every state, pages in another order, ids in another case, a restart, and people who edit customers.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { World, conditionOf } from '../harness/world.ts';

let world: World;
let mark = 0;
/** Customers that are there and seen as any other. */
let plain: readonly string[] = [];

const idOf = (name: string): string => world.upstream.find(name)?.id ?? '';
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const writes = async (): Promise<string[]> =>
  (await world.writes(mark))
    .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}/${objectRef?.subresource ?? ''}`)
    .sort();
const patch = (name: string, body: object) =>
  world.admin.patch(
    { group: 'mspoperator.dev', version: 'v1alpha1', plural: 'customers', kind: 'Customer', namespaced: true },
    { namespace: world.namespace, name },
    body,
  );

beforeAll(async () => {
  world = await World.create();
  await world.synchronized('acme', { sync: { unlinkLimit: { percent: 100, count: 2 } } });
  // Unlinked; not visible; held; suspended; made by people and never seen.
  world.upstream.remove(idOf('Tallow Street Theatre'));
  await world.sync();
  world.upstream.hide([idOf('Vantry Architects')]);
  world.upstream.suspend(idOf('Redbarn Brewery'));
  await world.apply({
    apiVersion: 'mspoperator.dev/v1alpha1',
    kind: 'Customer',
    metadata: { name: 'never-seen' },
    spec: { accountRef: { name: 'acme' }, companyID: '3f0c9a52-7b1d-4e7e-9d5b-1c2d3e4f5a6b' },
  });
  await world.sync();
  for (const name of ['Anchor Point Marina', 'Larkfield Surgery', 'Cedar Hollow Farms']) {
    const company = world.upstream.find(name);
    if (company !== undefined) world.upstream.remove(company.id);
  }
  await world.sync();
  const customers = await world.customers();
  const reasons = new Set(customers.map((customer) => conditionOf(customer, 'Linked')?.reason));
  // The stage of all tests below: without each of these states they would prove less than they say.
  // oxlint-disable-next-line vitest/no-standalone-expect
  expect(reasons).toEqual(new Set(['Present', 'Removed', 'AbsentOnce', 'UnlinkHeld']));
  plain = customers
    .filter((customer) => conditionOf(customer, 'Linked')?.reason === 'Present')
    .map(({ metadata }) => metadata.name);
  // What is still in hand, events too, is there then.
  await pause(2000);
});
afterAll(() => world.end());
beforeEach(async () => {
  mark = await world.mark();
});

test('a sync without a change upstream: one write to the account, nothing else', async () => {
  await world.sync();
  await pause(1500);
  expect(await writes()).toEqual(['patch mspaccounts/status']);
});

test('another order of rows and another case of ids are no change', async () => {
  world.upstream.setQuirks({ pageOrder: 'page', guidCase: 'upper' });
  await world.sync();
  world.upstream.setQuirks({ pageOrder: 'stable', guidCase: 'mixed' });
  await world.sync();
  await pause(1500);
  expect(await writes()).toEqual(['patch mspaccounts/status', 'patch mspaccounts/status']);
});

test('a restart before the next sync is due writes nothing at all', async () => {
  await world.stopOperator();
  await world.startOperator();
  await pause(2500);
  expect(await writes()).toEqual([]);
});

test('people who set up many customers at once: one write for each, and few for the counts of the account', async () => {
  const names = plain.slice(0, 20);
  const before = await world.get('mspa', 'acme');
  await Promise.all(names.map((name) => patch(name, { spec: { setup: { mode: 'Configured' } } })));
  const counted = before.status.customers.normal + names.length;
  await world.until('mspa', 'acme', ({ status }) => status.customers.normal === counted);
  await pause(1500);
  const made = await writes();
  expect(made.filter((write) => write !== 'patch mspaccounts/status')).toEqual(
    names.map(() => 'patch customers/status'),
  );
  // Changes of children are gathered for a second.
  expect(made.filter((write) => write === 'patch mspaccounts/status').length).toBeLessThanOrEqual(3);

  mark = await world.mark();
  await world.sync();
  await pause(1500);
  expect(await writes()).toEqual(['patch mspaccounts/status']);
});

test('what people write of their own, labels and annotations, is no reason to write', async () => {
  await Promise.all(
    plain.slice(0, 5).map((name) => patch(name, { metadata: { labels: { team: 'a' }, annotations: { note: 'b' } } })),
  );
  await pause(2500);
  expect(await writes()).toEqual([]);
  await world.sync();
  await pause(1500);
  expect(await writes()).toEqual(['patch mspaccounts/status']);
});
