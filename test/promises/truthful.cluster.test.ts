// Promise 8, truthful: Ready=True only if the last sync was complete and applied; partial is never success. Injected: every way in
// which a branch can be unreadable or a row unusable, creates and status writes that a policy refuses, a snapshot that grew old
// while the operator was away, mode Observe, an account that loses the service with the tree.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';
import type { FaultEffect } from '../simulator/simulator.ts';

const id = (n: number): string => `0000000c-0000-4000-8000-00000000000${n}`;
const [MANAGER, NORTH, SOUTH, BAKERY, FLORIST, GROCER] = [id(1), id(2), id(3), id(4), id(5), id(6)];
const TREE = [
  { id: MANAGER, name: 'Truthful Managers', type: 'MSPManager' as const },
  { id: NORTH, name: 'North MSP', type: 'ManagedMSP' as const, parentId: MANAGER },
  { id: SOUTH, name: 'South MSP', type: 'ManagedMSP' as const, parentId: MANAGER },
  { id: BAKERY, name: 'Bakery', parentId: NORTH },
  { id: FLORIST, name: 'Florist', parentId: SOUTH },
];

let world: World;
beforeAll(async () => {
  world = await World.create({ accounts: [{ username: USERNAME, password: PASSWORD, tree: TREE }] });
  await world.synchronized();
});
afterAll(() => world.end());
afterEach(() => world.simulator.faults.clear());

const kubectlOk = (...args: string[]): Promise<string> => world.cluster.kubectlOk(args, { namespace: world.namespace });
const uids = async (): Promise<string[]> =>
  [...(await world.groups()), ...(await world.customers())].map(({ metadata }) => metadata.uid).sort();

/** Not ready, and no sync counted as complete since `before`. */
function expectPartial(account: Thing, before: Thing, reason: string): string {
  expect(conditionOf(account, 'Ready')).toMatchObject({ status: 'False', reason });
  expect(conditionOf(account, 'Reconciling')).toMatchObject({ status: 'True', reason });
  expect(account.status.sync.completedAt).toBe(before.status.sync.completedAt);
  return conditionOf(account, 'Ready')?.message ?? '';
}

const BRANCHES: readonly [name: string, effect: FaultEffect, named: string][] = [
  ['an error', { kind: 'status', status: 500 }, SOUTH],
  ['no right', { kind: 'status', status: 403 }, SOUTH],
  ['nothing there', { kind: 'status', status: 404 }, SOUTH],
  ['a redirect', { kind: 'status', status: 302, location: 'https://protecthub.eset.com/' }, SOUTH],
  ['a login page', { kind: 'html' }, SOUTH],
  ['half an answer', { kind: 'truncated' }, SOUTH],
  ['no list', { kind: 'wrong-shape', list: 'missing' }, SOUTH],
  ['an empty body', { kind: 'empty' }, SOUTH],
  ['a list without end', { kind: 'endless' }, SOUTH],
  ['rows without an id', { kind: 'patch-rows', set: { publicId: 'not-a-guid', companyId: null, id: null } }, SOUTH],
  ['a type that is not known', { kind: 'patch-rows', set: { type: 4711, companyTypeId: 4711 } }, FLORIST],
  [
    'a company above itself',
    { kind: 'patch-rows', set: { publicId: MANAGER, type: 1004, companyTypeId: 1004 } },
    MANAGER,
  ],
];

test.each(BRANCHES)(
  'a branch that answers with %s: not ready, and the message names the company',
  async (_name, effect, named) => {
    const before = await world.get('mspa', 'acme');
    const children = await uids();
    world.simulator.faults.add({ operation: 'Company/Children', companyId: SOUTH, ...effect });
    // Whole seconds: a completed sync would move it.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const account = await world.sync();
    expect(expectPartial(account, before, 'PartialSnapshot')).toContain(named);
    expect(conditionOf(account, 'Synchronized')).toMatchObject({ status: 'False', reason: 'PartialSnapshot' });
    expect(await uids()).toEqual(children);
    expect(conditionOf(await world.childOf('cust', FLORIST), 'Linked')?.status).toBe('True');

    world.simulator.faults.clear();
    expect(conditionOf(await world.sync(), 'Ready')).toMatchObject({ status: 'True', reason: 'Synchronized' });
  },
);

/** A policy of the admin's own, in this namespace only. */
async function withPolicy(operations: string[], resources: string[], expression: string, work: () => Promise<void>) {
  const name = `refuses-${world.namespace}`;
  const spec = {
    matchConstraints: {
      resourceRules: [{ apiGroups: ['mspoperator.dev'], apiVersions: ['*'], operations, resources }],
    },
    validations: [{ expression, message: 'not today' }],
  };
  const binding = {
    policyName: name,
    validationActions: ['Deny'],
    matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': world.namespace } } },
  };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const items = [
    { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name }, spec },
    { apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name }, spec: binding },
  ];
  try {
    await world.cluster.kubectlOk(['create', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    });
    await work();
  } finally {
    await kubectlOk('delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', name, '--ignore-not-found');
  }
}

/** Until the policy, which is followed a moment after it was written, refuses this. */
async function untilRefused(object: object): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { stderr } = await world.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(object));
    if (stderr.includes('not today')) return;
    if (tries > 100) throw new Error(`not refused: ${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('one Customer that a policy refuses to create: all else is applied, not ready, and the message says which and why', async () => {
  await withPolicy(['CREATE'], ['customers'], `object.spec.companyID != '${GROCER}'`, async () => {
    const probe = {
      apiVersion: 'mspoperator.dev/v1alpha1',
      kind: 'Customer',
      metadata: { name: 'probe' },
      spec: { accountRef: { name: 'nobody' }, companyID: GROCER },
    };
    await untilRefused(probe);
    world.upstream.add({ id: GROCER, name: 'Grocer', type: 'Customer', parentId: NORTH });
    world.upstream.rename(BAKERY, 'Bakery & Sons');
    const before = await world.get('mspa', 'acme');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const account = await world.sync();
    expect(expectPartial(account, before, 'ApplyFailed')).toMatch(/^1 of the changes .*Customer grocer-.*not today/);
    expect(conditionOf(account, 'Synchronized')?.status).toBe('True');
    await world.childOf('sg', GROCER);
    expect((await world.childOf('cust', BAKERY)).status.displayName).toBe('Bakery & Sons');
    expect((await world.customers()).filter(({ spec }) => spec.companyID === GROCER)).toEqual([]);
    expect(account.status.customers.total).toBe(2);
  });
  // The next attempt comes by itself.
  await world.untilReady();
  await world.childOf('cust', GROCER);
}, 90_000);

test('an old snapshot: not ready from the start of the sync that finds it old, until that sync is complete', async () => {
  await world.stopOperator();
  const old = new Date(Date.now() - 3 * 24 * 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const status = { status: { sync: { completedAt: old, nextAt: old } } };
  await kubectlOk('patch', 'mspa', 'acme', '--subresource=status', '--type=merge', '-p', JSON.stringify(status));
  expect(conditionOf(await world.get('mspa', 'acme'), 'Ready')?.status).toBe('True');
  world.simulator.faults.add({ operation: 'Company/Children', kind: 'delay', ms: 3000, times: 1 });
  await world.startOperator();
  const stale = await world.untilReason('acme', 'SnapshotStale');
  expect(conditionOf(stale, 'Ready')?.status).toBe('False');
  expect(conditionOf(stale, 'Reconciling')).toMatchObject({ status: 'True', reason: 'SnapshotStale' });
  const account = await world.untilReady();
  expect(conditionOf(account, 'Ready')?.reason).toBe('Synchronized');
  expect(Date.parse(account.status.sync.completedAt)).toBeGreaterThan(Date.parse(old) + 24 * 3_600_000);
});

test('Observe: ready is what was planned, nothing is written; what could not be read is not planned, and not ready', async () => {
  await world.apply(world.account('acme', { sync: { mode: 'Observe' } }));
  await world.untilReason('acme', 'Planned');
  world.upstream.rename(BAKERY, 'Bakery');
  const mark = await world.mark();
  const account = await world.sync();
  expect(conditionOf(account, 'Ready')).toMatchObject({ status: 'True', reason: 'Planned' });
  expect(conditionOf(account, 'Ready')?.message).toContain('StaticGroups: rename 1; Customers: rename 1');
  world.simulator.faults.add({ operation: 'Company/Children', companyId: SOUTH, kind: 'status', status: 500 });
  expect(conditionOf(await world.sync(), 'Ready')).toMatchObject({ status: 'False', reason: 'PartialSnapshot' });
  expect(new Set((await world.writes(mark)).map(({ objectRef }) => objectRef?.resource))).toEqual(
    new Set(['mspaccounts', 'events']),
  );
  expect((await world.childOf('cust', BAKERY)).status.displayName).toBe('Bakery & Sons');
  world.simulator.faults.clear();
  await world.apply(world.account());
  await world.untilReason('acme', 'Synchronized');
});

test('an account that loses EMA2: its children stay, the message says so, and the counts stay right', async () => {
  const before = await uids();
  const requests = world.simulator.log().length;
  await world.apply(world.account('acme', { services: ['EBA'] }));
  const account = await world.untilReason('acme', 'NoTreeAPI');
  expect(conditionOf(account, 'Ready')?.message).toMatch(/mirrored before stay as they are; nothing follows upstream/);
  expect(conditionOf(account, 'Synchronized')).toMatchObject({ status: 'False', reason: 'NoTreeAPI' });
  expect(account.status).toMatchObject({ groups: 6, customers: { total: 3, notSetUp: 3 } });
  expect(await uids()).toEqual(before);

  const bakery = (await world.childOf('cust', BAKERY)).metadata.name;
  await kubectlOk('patch', 'cust', bakery, '--type=merge', '-p', '{"spec":{"setup":{"mode":"Skip"}}}');
  await world.until('mspa', 'acme', ({ status }) => status.customers.normal === 1);
  await kubectlOk('delete', 'cust', (await world.childOf('cust', GROCER)).metadata.name);
  await world.until('mspa', 'acme', ({ status }) => status.customers.total === 2);
  expect(world.simulator.log()).toHaveLength(requests);

  await world.apply(world.account());
  await world.untilReason('acme', 'Synchronized');
  await world.childOf('cust', GROCER);
  expect((await world.childOf('cust', BAKERY)).metadata.name).toBe(bakery);
});
