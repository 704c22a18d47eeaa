// Promise 4, the operator deletes no child on its own, except by the account's deletionPolicy Delete (and duplicates, promise 1).
// Injected: a tree that empties, an account that ends by each policy while the operator is there, away or killed, one whose
// finalizer was torn off, a namespace that goes; each with and without the admission policies.

import { onTestFinished, afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { installPolicies, type Policies } from '../admission/policies.ts';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';

const id = (n: number): string => `0000000b-0000-4000-8000-00000000000${n}`;
const [MANAGER, NORTH, BAKERY, FLORIST] = [id(1), id(2), id(3), id(4)];
const TREE = [
  { id: MANAGER, name: 'No Child Managers', type: 'MSPManager' as const },
  { id: NORTH, name: 'North MSP', type: 'ManagedMSP' as const, parentId: MANAGER },
  { id: BAKERY, name: 'Bakery', parentId: NORTH },
  { id: FLORIST, name: 'Florist', parentId: NORTH },
];
const CHILDREN = TREE.length + 2;
const POLICIES = ['Unlink', 'Orphan', 'Delete'] as const;

let world: World;
let mark = 0;
const begin = async (): Promise<void> => {
  mark = 0;
  world = await World.create({ accounts: [{ username: USERNAME, password: PASSWORD, tree: TREE }] });
};
const kubectlOk = (...args: string[]): Promise<string> => world.cluster.kubectlOk(args, { namespace: world.namespace });
const remove = (): Promise<string> => kubectlOk('delete', 'mspa', 'acme', '--timeout=30s');
const gone = (): Promise<string> => kubectlOk('wait', '--for=delete', 'mspa/acme', '--timeout=30s');
const children = async (): Promise<Thing[]> => [...(await world.groups()), ...(await world.customers())];
const uids = async (): Promise<string[]> => (await children()).map(({ metadata }) => metadata.uid).sort();
const linked = async (): Promise<string[]> => [
  ...new Set(
    (await children()).map(
      (child) => `${conditionOf(child, 'Linked')?.status} ${conditionOf(child, 'Linked')?.reason}`,
    ),
  ),
];
/** What the operator sent about children with one of these verbs. */
const sent = async (...verbs: string[]): Promise<string[]> =>
  (await world.writes(mark))
    .filter(({ verb, objectRef }) => verbs.includes(verb) && /staticgroups|customers/.test(objectRef?.resource ?? ''))
    .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource} ${objectRef?.name}`);
const DELETES = ['delete', 'deletecollection'];

/** What the children are to look like once the account is gone. */
async function expectEnd(policy: (typeof POLICIES)[number], before: readonly string[]): Promise<void> {
  if (policy === 'Delete') {
    expect(await children()).toEqual([]);
    return;
  }
  expect(await uids()).toEqual(before);
  expect(await linked()).toEqual([policy === 'Unlink' ? 'False AccountRemoved' : 'Unknown AccountRemoved']);
  const phases = new Set((await world.customers()).map(({ status }) => status.phase));
  expect(phases).toEqual(new Set([policy === 'Unlink' ? 'Unlinked' : 'NotSetUp']));
  expect(await sent(...DELETES)).toEqual([]);
}

describe.each([
  ['with the admission policies', true],
  ['without them', false],
])('%s', (_name, admission) => {
  let policies: Policies | null = null;
  beforeAll(async () => {
    await begin();
    if (admission) policies = await installPolicies(world.cluster, world.namespace);
  });
  afterAll(async () => {
    await world.end();
    await policies?.remove();
  });
  beforeEach(async () => {
    mark = await world.mark();
  });
  afterEach(() => world.simulator.faults.clear());

  test.each(POLICIES)('an account ends by %s', async (policy) => {
    await world.synchronized('acme', { deletionPolicy: policy });
    const before = await uids();
    await remove();
    await expectEnd(policy, before);
  });

  test.each(POLICIES)('an account ends by %s while the operator is away, and while upstream is', async (policy) => {
    await world.synchronized('acme', { deletionPolicy: policy });
    const before = await uids();
    await world.stopOperator('kill');
    world.simulator.faults.add({ kind: 'reset' });
    await kubectlOk('delete', 'mspa', 'acme', '--wait=false');
    expect(await uids()).toEqual(before);
    expect(await linked()).toEqual(['True Present']);
    await world.startOperator();
    await gone();
    await expectEnd(policy, before);
  });

  test('a linked child that somebody deletes: refused, or made anew', async () => {
    await world.synchronized();
    const customer = await world.childOf('cust', BAKERY);
    const one = await world.kubectl(['delete', 'cust', customer.metadata.name]);
    if (admission) {
      const all = await world.kubectl(['delete', 'sg', '--all', '--force', '--grace-period=0']);
      for (const { code, stderr } of [one, all]) {
        expect(code).not.toBe(0);
        expect(stderr).toContain('the company of this object is there upstream');
      }
      expect(await children()).toHaveLength(CHILDREN);
      expect((await world.childOf('cust', BAKERY)).metadata.uid).toBe(customer.metadata.uid);
    } else {
      expect(one.code).toBe(0);
      const back = await untilThere('cust', BAKERY);
      expect(back.metadata.uid).not.toBe(customer.metadata.uid);
    }
    expect(await sent(...DELETES)).toEqual([]);
  });

  test('an unlinked customer may be deleted, and takes its own group along', async () => {
    await world.synchronized();
    world.upstream.remove(BAKERY);
    await world.sync();
    const { name } = (await world.childOf('cust', BAKERY)).metadata;
    await kubectlOk('delete', 'cust', name);
    await kubectlOk('wait', '--for=delete', `sg/${name}`, '--timeout=15s');
    await world.sync();
    expect(await children()).toHaveLength(CHILDREN - 2);
    expect(await sent(...DELETES)).toEqual([`delete staticgroups ${name}`]);
  });
});

describe('a namespace that goes', () => {
  beforeEach(begin);
  afterEach(() => world.end());

  test.each([
    ['Unlink', true],
    ['Orphan', false],
    ['Delete', false],
  ] as const)(
    'with an account of deletionPolicy %s (admission policies: %s): no child is even tried to be made in it',
    async (deletionPolicy, admission) => {
      const policies = admission ? await installPolicies(world.cluster, world.namespace) : null;
      onTestFinished(() => policies?.remove());
      await world.synchronized('acme', { deletionPolicy });
      mark = await world.mark();
      await world.cluster.deleteNamespace(world.namespace, { wait: true, timeoutMs: 60_000 });
      const made = (await world.writes(mark)).filter(({ verb }) => verb === 'create');
      // An event that was on its way when the namespace began to go is refused by the API server.
      for (const { objectRef, responseStatus } of made) {
        expect(`${objectRef?.resource} ${responseStatus?.code}`).toMatch(/^events (403)$/);
      }
    },
  );

  test('while the operator is away: the account waits for it, and goes once it is back', async () => {
    await world.synchronized();
    await world.stopOperator('kill');
    await world.cluster.deleteNamespace(world.namespace, { wait: false, timeoutMs: 60_000 });
    await world.until('mspa', 'acme', ({ metadata }) => 'deletionTimestamp' in metadata);
    mark = await world.mark();
    await world.startOperator();
    await world.cluster.deleteNamespace(world.namespace, { wait: true, timeoutMs: 60_000 });
    for (const { verb, objectRef } of await world.writes(mark)) {
      expect(`${verb} ${objectRef?.resource}`).toMatch(/^patch (mspaccounts|staticgroups|customers)$/);
    }
  });
});

async function untilThere(kind: 'sg' | 'cust', companyID: string): Promise<Thing> {
  for (let tries = 0; ; tries++) {
    const found = (await world.list(kind)).find(
      (thing) => thing.spec.companyID === companyID && conditionOf(thing, 'Linked')?.status === 'True',
    );
    if (found !== undefined) return found;
    if (tries > 300) throw new Error(`${kind} of ${companyID} did not come back`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('an account whose finalizer was torn off', () => {
  beforeEach(begin);
  afterEach(() => world.end());

  test.each(POLICIES)(
    'with deletionPolicy %s: its children say AccountMissing, nothing else; applied again it finds them',
    async (deletionPolicy) => {
      await world.synchronized('acme', { deletionPolicy });
      const before = await uids();
      await world.stopOperator();
      await kubectlOk('patch', 'mspa', 'acme', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
      await remove();
      await world.startOperator();
      for (const { kind, metadata } of await children()) {
        await world.until(kind, metadata.name, (child) => conditionOf(child, 'Linked')?.reason === 'AccountMissing');
      }
      expect(await linked()).toEqual(['Unknown AccountMissing']);
      expect(new Set((await world.customers()).map(({ status }) => status.phase))).toEqual(new Set(['NotSetUp']));
      expect(await sent(...DELETES)).toEqual([]);

      await world.apply(world.account());
      await world.untilReady();
      expect(await linked()).toEqual(['True Present']);
      expect(await uids()).toEqual(before);
    },
  );
});

describe('whatever upstream does', () => {
  beforeAll(begin);
  afterAll(() => world.end());

  test('companies that vanish, a tree that empties, another login, a distributor: nothing is deleted', async () => {
    await world.synchronized('acme', { sync: { unlinkLimit: { percent: 100, count: 1000 } } });
    const before = await uids();
    world.upstream.remove(FLORIST);
    await world.sync();
    world.upstream.hide([BAKERY]);
    await world.sync();
    world.upstream.showAll();
    world.upstream.remove(BAKERY);
    world.upstream.remove(NORTH);
    await world.sync();
    world.simulator.addAccount({ username: 'other', password: 'pw', shape: 'distributor', companies: 5 });
    await world.apply(world.secret('login', { username: 'other', password: 'pw' }));
    await world.untilReason('acme', 'DistributorNotSupported');
    await world.apply(world.secret());
    await world.untilReason('acme', 'UnlinkBlocked');
    expect(await uids()).toEqual(before);
    expect(await sent(...DELETES)).toEqual([]);
  });

  test('Unlink, then the account applied again: the same objects, setup kept', async () => {
    for (const company of [NORTH, BAKERY, FLORIST]) world.upstream.restore(company, { force: true });
    await world.sync();
    await world.untilReady();
    const before = await uids();
    const { name } = (await world.childOf('cust', BAKERY)).metadata;
    await kubectlOk('patch', 'cust', name, '--type=merge', '-p', '{"spec":{"setup":{"mode":"Skip"}}}');
    await world.until('cust', name, ({ status }) => status.setup === 'Skipped');
    await remove();
    expect(await linked()).toEqual(['False AccountRemoved']);
    await world.apply(world.account());
    await world.untilReady();
    expect(await uids()).toEqual(before);
    expect((await world.get('cust', name)).status).toMatchObject({ setup: 'Skipped', phase: 'Normal' });
  });

  test('Delete takes the children of this account and no other object', async () => {
    await world.apply(world.account('acme', { deletionPolicy: 'Delete' }), {
      apiVersion: 'mspoperator.dev/v1alpha1',
      kind: 'Customer',
      metadata: { name: 'of-another' },
      spec: { accountRef: { name: 'other' }, companyID: '00000000-0000-4000-8000-000000000001' },
    });
    await remove();
    expect((await children()).map(({ metadata }) => metadata.name)).toEqual(['of-another']);
  });
});
