// Promise 2, absence is not deletion. Injected: one branch that cannot be read, in every way; every answer of Company/Detail for
// a company that is gone; an own company that does not answer; a withdrawn grant; an empty tree; rows that a listing leaves out; a
// branch that moves while the tree is read. The hour of AbsentOnce passes by editing the time in the status.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CUSTOMERS, STATIC_GROUPS } from '../harness/fingerprint.ts';
import { PASSWORD, USERNAME, World, conditionOf, type ConditionSeen, type Thing } from '../harness/world.ts';
import type { FaultEffect } from '../simulator/simulator.ts';

const UNLIMITED = { sync: { unlinkLimit: { percent: 100, count: 1000 } } };
const HOUR = 3_600_000;

let world: World;

const linked = (child: Thing): string => {
  const { status, reason } = conditionOf(child, 'Linked') ?? {};
  return `${status}/${reason}`;
};
const linkedOf = async (companyID: string): Promise<string[]> =>
  Promise.all([world.childOf('sg', companyID), world.childOf('cust', companyID)]).then((both) => both.map(linked));
const both = (state: string): string[] => [state, state];
const idOf = (name: string): string => {
  const company = world.upstream.find(name);
  if (company === undefined) throw new Error(`no company ${name}`);
  return company.id;
};
/** resourceVersion by uid of every child, or of those of some companies. */
const versions = async (companyIDs?: ReadonlySet<string>): Promise<Map<string, string>> =>
  new Map(
    [...(await world.groups()), ...(await world.customers())]
      .filter(({ spec }) => companyIDs?.has(spec.companyID) ?? true)
      .map(({ metadata }) => [metadata.uid, metadata.resourceVersion]),
  );
const setUp = async (companyID: string): Promise<Thing> => {
  const { metadata } = await world.childOf('cust', companyID);
  const patch = '{"spec":{"setup":{"mode":"Configured"}}}';
  const { code } = await world.kubectl(['patch', 'cust', metadata.name, '--type=merge', '-p', patch]);
  expect(code).toBe(0);
  return world.until('cust', metadata.name, ({ status }) => status.setup === 'Completed');
};
const passAnHour = async (): Promise<void> => {
  const earlier = new Date(Date.now() - HOUR).toISOString().replace(/\.\d+Z$/, 'Z');
  for (const child of [...(await world.groups()), ...(await world.customers())]) {
    if (conditionOf(child, 'Linked')?.reason !== 'AbsentOnce') continue;
    const conditions = (child.status.conditions as ConditionSeen[]).map((condition) =>
      condition.type === 'Linked' ? { ...condition, lastTransitionTime: earlier } : condition,
    );
    const key = { namespace: world.namespace, name: child.metadata.name };
    const resource = child.kind === 'Customer' ? CUSTOMERS : STATIC_GROUPS;
    await world.admin.patch(resource, key, { status: { conditions } }, { subresource: 'status' });
  }
};

describe('Absence is not deletion: one failing branch', () => {
  beforeAll(async () => {
    world = await World.create();
    await world.synchronized('acme', UNLIMITED);
  });
  afterAll(() => world.end());

  const FAULTS: readonly [name: string, effect: FaultEffect][] = [
    ['500', { kind: 'status', status: 500 }],
    ['403', { kind: 'status', status: 403 }],
    ['404', { kind: 'status', status: 404 }],
    ['half an answer', { kind: 'truncated' }],
    ['a reset', { kind: 'reset', when: 'middle' }],
    ['an empty answer', { kind: 'empty' }],
    ['HTML', { kind: 'html' }],
    ['another shape', { kind: 'wrong-shape' }],
    ['rows without an id', { kind: 'patch-rows', set: { publicId: 'x' } }],
  ];

  test.each(FAULTS)('keeps only that branch back: %s', async (_name, effect) => {
    const branch = world.upstream.find('Pinecrest Computing');
    const branchID = branch?.id ?? '';
    const below = new Set([branchID, ...(branch?.children ?? []).map(({ id }) => id)]);
    const inside = idOf('Redbarn Brewery');
    const elsewhere = idOf('Westmarch County Library');
    const { metadata } = await world.childOf('cust', elsewhere);
    world.upstream.remove(inside);
    world.upstream.remove(elsewhere);
    const before = await versions(below);
    expect(before.size).toBeGreaterThan(20);

    const fault = world.simulator.faults.add({ operation: 'Company/Children', companyId: branchID, ...effect });
    const partial = await world.sync();
    expect(world.simulator.faults.hits(fault)).toBeGreaterThan(0);
    expect(conditionOf(partial, 'Ready')).toMatchObject({ status: 'False', reason: 'PartialSnapshot' });
    expect(conditionOf(partial, 'Ready')?.message).toMatch(/What lies below is left as it is/);
    expect(conditionOf(partial, 'Synchronized')).toMatchObject({ status: 'False', reason: 'PartialSnapshot' });
    expect(await linkedOf(elsewhere)).toEqual(both('False/Removed'));
    expect(await versions(below)).toEqual(before);
    expect(await linkedOf(inside)).toEqual(both('True/Present'));

    world.simulator.faults.clear();
    const whole = await world.sync();
    expect(conditionOf(whole, 'Ready')?.status).toBe('True');
    expect(await linkedOf(inside)).toEqual(both('False/Removed'));

    world.upstream.restore(inside);
    world.upstream.restore(elsewhere);
    await world.sync();
    expect(await linkedOf(inside)).toEqual(both('True/Present'));
    expect((await world.childOf('cust', elsewhere)).metadata.uid).toBe(metadata.uid);
    expect(await linkedOf(elsewhere)).toEqual(both('True/Present'));
  });

  test('companies of a type that nobody knows keep back themselves, not the one removed beside them', async () => {
    const branch = world.upstream.find('Pinecrest Computing');
    const gone = idOf('Redbarn Brewery');
    const others = new Set((branch?.children ?? []).map(({ id }) => id).filter((id) => id !== gone));
    world.upstream.remove(gone);
    const before = await versions(others);
    world.simulator.faults.add({
      operation: 'Company/Children',
      companyId: branch?.id ?? '',
      kind: 'patch-rows',
      set: { type: 1099 },
    });
    const account = await world.sync();
    expect(conditionOf(account, 'Ready')?.reason).toBe('PartialSnapshot');
    expect(await versions(others)).toEqual(before);
    expect(await linkedOf(gone)).toEqual(both('False/Removed'));
    world.simulator.faults.clear();
    world.upstream.restore(gone);
    await world.sync();
    expect(await linkedOf(gone)).toEqual(both('True/Present'));
  });

  test('elsewhere, too, "not visible" waits for a complete snapshot', async () => {
    const elsewhere = idOf('Westmarch County Library');
    world.upstream.hide([elsewhere]);
    world.simulator.faults.add({
      operation: 'Company/Children',
      companyId: idOf('Pinecrest Computing'),
      kind: 'status',
      status: 500,
    });
    await world.sync();
    expect(await linkedOf(elsewhere)).toEqual(both('True/Present'));
    world.simulator.faults.clear();
    await world.sync();
    expect(await linkedOf(elsewhere)).toEqual(both('Unknown/AbsentOnce'));
    await passAnHour();
    world.simulator.faults.add({
      operation: 'Company/Children',
      companyId: idOf('Pinecrest Computing'),
      kind: 'status',
      status: 500,
    });
    await world.sync();
    expect(await linkedOf(elsewhere)).toEqual(both('Unknown/AbsentOnce'));
    world.simulator.faults.clear();
    await world.sync();
    expect(await linkedOf(elsewhere)).toEqual(both('False/NotVisible'));
    world.upstream.showAll();
    await world.sync();
    expect(await linkedOf(elsewhere)).toEqual(both('True/Present'));
  });
});

describe('Absence is not deletion: what Detail says of an absent company', () => {
  beforeAll(async () => {
    world = await World.create();
    await world.synchronized('acme', UNLIMITED);
  });
  afterAll(() => world.end());
  afterEach(() => {
    world.simulator.faults.clear();
    world.upstream.setQuirks({ removed: 404 });
  });

  const CUSTOMER = 'Redbarn Brewery';
  const comesBack = async (id: string, uid: string): Promise<void> => {
    world.upstream.restore(id);
    await world.sync();
    const back = await world.childOf('cust', id);
    expect(linked(back)).toBe('True/Present');
    expect(back.metadata.uid).toBe(uid);
    expect(back.status).toMatchObject({ setup: 'Completed', phase: 'Normal' });
  };

  test('404: removed at once; it returns as the same object, set up as before', async () => {
    const id = idOf(CUSTOMER);
    const { metadata } = await setUp(id);
    world.upstream.remove(id);
    await world.sync();
    expect(await linkedOf(id)).toEqual(both('False/Removed'));
    await comesBack(id, metadata.uid);
  });

  test.each([403, 500] as const)('%i: an hour must pass, and the own company must answer', async (removed) => {
    const id = idOf(CUSTOMER);
    const { metadata } = await setUp(id);
    world.upstream.setQuirks({ removed });
    world.upstream.remove(id);
    await world.sync();
    expect(await linkedOf(id)).toEqual(both('Unknown/AbsentOnce'));
    await world.sync();
    expect(await linkedOf(id)).toEqual(both('Unknown/AbsentOnce'));

    await passAnHour();
    const own = { operation: 'Company/Detail', companyId: world.upstream.company.id } as const;
    world.simulator.faults.add({ ...own, kind: 'status', status: 500 });
    await world.sync();
    expect(await linkedOf(id)).toEqual(both('Unknown/AbsentOnce'));
    world.simulator.faults.clear();
    await world.sync();
    expect(await linkedOf(id)).toEqual(both('False/NotVisible'));
    expect((await world.childOf('cust', id)).status.phase).toBe('Unlinked');
    await comesBack(id, metadata.uid);
  });

  test('an empty 200, a time-out of upstream, maintenance, throttling, HTML: no answer, nothing is written', async () => {
    const id = idOf(CUSTOMER);
    const { metadata } = await setUp(id);
    world.upstream.setQuirks({ removed: 'empty' });
    world.upstream.remove(id);
    const before = await versions();
    await world.sync();
    expect(await versions()).toEqual(before);
    const NO_ANSWER: readonly FaultEffect[] = [
      { kind: 'status', status: 408 },
      { kind: 'status', status: 503 },
      { kind: 'status', status: 429 },
      { kind: 'html' },
      { kind: 'truncated' },
      { kind: 'reset' },
    ];
    world.upstream.setQuirks({ removed: 404 });
    for (const effect of NO_ANSWER) {
      const fault = world.simulator.faults.add({ operation: 'Company/Detail', companyId: id, ...effect });
      await world.sync();
      expect(world.simulator.faults.hits(fault)).toBeGreaterThan(0);
      expect({ effect, versions: await versions() }).toEqual({ effect, versions: before });
      world.simulator.faults.clear();
    }
    await comesBack(id, metadata.uid);
  });

  test('a grant that is withdrawn from a whole branch, and given back', async () => {
    const branch = world.upstream.find('Karpaty Cloud');
    const ids = new Set([branch?.id ?? '', ...(branch?.children ?? []).map(({ id }) => id)]);
    const states = async (): Promise<Set<string>> =>
      new Set(
        [...(await world.groups()), ...(await world.customers())]
          .filter(({ spec }) => ids.has(spec.companyID))
          .map((child) => linked(child)),
      );
    const uids = [...(await versions(ids)).keys()];
    world.upstream.hide([branch?.id ?? '']);
    await world.sync();
    expect(await states()).toEqual(new Set(['Unknown/AbsentOnce']));
    await passAnHour();
    await world.sync();
    expect(await states()).toEqual(new Set(['False/NotVisible']));
    world.upstream.showAll();
    await world.sync();
    expect(await states()).toEqual(new Set(['True/Present']));
    expect([...(await versions(ids)).keys()]).toEqual(uids);
  });

  test('rows that a listing leaves out: the company is there by Detail, and nothing is written', async () => {
    const before = await versions();
    const own = world.upstream.company.id;
    const fault = world.simulator.faults.add({
      operation: 'Company/Children',
      companyId: own,
      kind: 'drop-rows',
      rows: 2,
    });
    const account = await world.sync();
    // Read once more, and not again.
    expect(world.simulator.faults.hits(fault)).toBe(2);
    expect(conditionOf(account, 'Ready')?.status).toBe('True');
    expect(await versions()).toEqual(before);
  });

  test('a tree that is empty but for its root unlinks nothing, whatever the limit', async () => {
    const { company } = world.upstream;
    for (const { id } of company.children?.slice() ?? []) world.upstream.remove(id);
    const account = await world.sync();
    expect(conditionOf(account, 'Ready')?.reason).toBe('UnlinkBlocked');
    const states = new Set((await world.customers()).map((child) => linked(child)));
    expect(states).toEqual(new Set(['Unknown/UnlinkHeld']));
  });
});

describe('Absence is not deletion: a branch that moves while the tree is read', () => {
  const id = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;
  const [ROOT, WEST, EAST, MSP, BAKERY] = [id(1), id(2), id(3), id(4), id(5)];
  const tree = [
    { id: ROOT, name: 'Distribution', type: 'Distributor' as const },
    { id: WEST, name: 'West Managers', type: 'MSPManager' as const, parentId: ROOT },
    { id: EAST, name: 'East Managers', type: 'MSPManager' as const, parentId: ROOT },
    { id: MSP, name: 'Roaming MSP', type: 'ManagedMSP' as const, parentId: WEST },
    { id: BAKERY, name: 'Bakery', parentId: MSP },
  ];

  test('is neither lost nor doubled, and what is new below it shows up in the same sync', async () => {
    world = await World.create({ accounts: [{ username: USERNAME, password: PASSWORD, tree }] });
    try {
      await world.synchronized('acme', { sync: { distributor: 'Allow', ...UNLIMITED.sync } });
      const before = await Promise.all([world.childOf('sg', MSP), world.childOf('cust', BAKERY)]);
      const { faults } = world.simulator;
      const listing = { operation: 'Company/Children' } as const;
      // The west answers only after the east was listed and the branch moved there.
      faults.add({ ...listing, companyId: WEST, kind: 'status', status: 503, retryAfter: 1, times: 2 });
      const east = faults.add({ ...listing, companyId: EAST, kind: 'delay', ms: 0 });
      const root = faults.add({ ...listing, companyId: ROOT, kind: 'delay', ms: 0 });
      const synced = world.sync();
      while (faults.hits(east) === 0) await sleep(5);
      world.upstream.move(MSP, EAST, { force: true });
      const added = world.upstream.add({ name: 'Florist', type: 'Customer', parentId: MSP }, { force: true });

      const account = await synced;
      expect(conditionOf(account, 'Ready')?.status).toBe('True');
      expect([faults.hits(root), faults.hits(east)]).toEqual([2, 2]);
      const after = await Promise.all([world.childOf('sg', MSP), world.childOf('cust', BAKERY)]);
      expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid));
      expect(after.map((child) => linked(child))).toEqual(both('True/Present'));
      expect(after[0]?.spec.parentRef.name).toBe((await world.childOf('sg', EAST)).metadata.name);
      expect(linked(await world.childOf('cust', added.id))).toBe('True/Present');
    } finally {
      await world.end();
    }
  });
});
