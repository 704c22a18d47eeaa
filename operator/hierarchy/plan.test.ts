import { describe, expect, test } from 'vitest';
import type { Action } from './action.ts';
import { applied } from './apply-model.ts';
import type { World } from './apply-model.ts';
import {
  EMPTY,
  HOUR,
  NOW,
  TREE,
  brief,
  company,
  customerOf,
  groupOf,
  guid,
  input,
  msp,
  personal,
  relinked,
  snapshot,
  synced,
} from './fixtures.ts';
import { childName } from './names.ts';
import type { ExistingGroup } from './objects.ts';
import { makePlan } from './plan.ts';
import type { PlanInput } from './plan.ts';
import type { Company } from './snapshot.ts';

const world = synced(TREE);

function actions(
  companies: readonly Company[],
  state: World = world,
  over: Partial<PlanInput> = {},
): readonly Action[] {
  return makePlan(input(snapshot(companies), state, over)).actions;
}

function replaced(n: number, over: Partial<Company>): Company[] {
  return TREE.map((one) => (one.id === guid(n) ? { ...one, ...over } : one));
}

describe('creation', () => {
  test('parents before children, a group before its customer, one name for both', () => {
    const list = actions(TREE, EMPTY);
    expect(brief(list)).toEqual([
      'CreateGroup Create 0',
      'CreateGroup Create 1',
      'CreateGroup Create 2',
      'CreateCustomer Create 2',
      'CreateGroup Create 3',
      'CreateCustomer Create 3',
      'CreateGroup Create 4',
      'CreateCustomer Create 4',
    ]);
    expect(customerOf(world, 2).name).toBe(childName('acme', guid(2), 'Bakery'));
    expect(groupOf(world, 2)).toMatchObject({
      name: customerOf(world, 2).name,
      parentName: groupOf(world, 1).name,
      displayName: 'Bakery',
      type: 'Customer',
    });
    expect(groupOf(world, 0).parentName).toBeNull();
    expect(list[3]).toMatchObject({
      state: {
        mirror: {
          displayName: 'Bakery',
          groupName: groupOf(world, 2).name,
          managedBy: { name: groupOf(world, 1).name, displayName: 'Prague MSP' },
          customIdentifier: null,
          suspended: 'False',
        },
        linked: { status: 'True', reason: 'Present' },
        setup: 'Pending',
      },
    });
    expect(customerOf(world, 3).mirror?.suspended).toBe('True');
    expect(customerOf(world, 4).mirror).toMatchObject({
      suspended: 'Unknown',
      managedBy: { name: groupOf(world, 0).name },
    });
  });

  test('"skip setup for all new customers"', () => {
    expect(customerOf(synced(TREE, { newCustomers: 'Skip' }), 2).setup).toBe('Skipped');
    const list = actions(TREE, world, { newCustomers: 'Skip' });
    expect(brief(list)).toEqual([2, 3, 4].map((n) => `UpdateCustomer Status ${n}`));
    expect(actions(TREE, applied(world, { actions: list }, NOW))).toEqual([]);
  });

  test('a Customer that people made is adopted under its name; the group gets the computed one', () => {
    const made: World = {
      groups: [],
      customers: [personal(2, { mode: 'Configured', companyID: guid(2).toUpperCase() })],
    };
    const list = actions(TREE, made);
    expect(brief(list).slice(2, 4)).toEqual(['CreateGroup Create 2', 'UpdateCustomer Link 2']);
    const after = applied(made, { actions: list }, NOW);
    expect(after.customers[0]).toMatchObject({
      name: 'people-2',
      setup: 'Completed',
      mirror: { groupName: childName('acme', guid(2), 'Bakery') },
    });
    expect(actions(TREE, after)).toEqual([]);
  });

  test('what was lost comes back under the shared name, also after a rename', () => {
    const renamed = replaced(2, { name: 'Brewery' });
    const name = customerOf(world, 2).name;
    const noGroup: World = { ...world, groups: world.groups.filter((group) => group.companyID !== guid(2)) };
    expect(actions(renamed, noGroup)[0]).toMatchObject({
      kind: 'CreateGroup',
      group: { name, displayName: 'Brewery' },
    });
    const noCustomer: World = { ...world, customers: world.customers.filter((one) => one.companyID !== guid(2)) };
    expect(actions(renamed, noCustomer)[1]).toMatchObject({ kind: 'CreateCustomer', name });
  });

  test('a name that people took for another company is avoided', () => {
    const taken = childName('acme', guid(2), 'Bakery');
    const fallback = childName('acme', guid(2), 'company');
    const made: World = { groups: [], customers: [personal(4, { name: taken })] };
    const after = applied(made, { actions: actions(TREE, made) }, NOW);
    expect([groupOf(after, 2).name, customerOf(after, 2).name]).toEqual([fallback, fallback]);
    const twice: World = { groups: [], customers: [personal(4, { name: taken }), personal(3, { name: fallback })] };
    expect(customerOf(applied(twice, { actions: actions(TREE, twice) }, NOW), 2).name).toMatch(/^company-2-/);
  });

  test('a POST without its status write is completed', () => {
    const list = actions(TREE, EMPTY);
    const half = applied(EMPTY, { actions: list }, NOW, 4);
    expect(customerOf(half, 2).mirror).toBeNull();
    expect(brief(actions(TREE, half))[0]).toBe('UpdateCustomer Link 2');
  });
});

describe('change', () => {
  test('nothing differs: an empty plan', () => {
    expect(makePlan(input(snapshot(TREE), world))).toEqual({ actions: [], unlink: { unlinked: [], blocked: null } });
  });

  test('rename: one write for the group; names stay', () => {
    const list = actions(replaced(2, { name: 'Bakery\n& Café' }));
    expect(brief(list)).toEqual(['UpdateGroup Rename 2', 'UpdateCustomer Rename 2']);
    expect(list[0]).toMatchObject({
      group: { name: groupOf(world, 2).name, displayName: 'Bakery & Café' },
      from: { displayName: 'Bakery' },
    });
  });

  test('an object keeps its own spelling of the GUID, which is set once', () => {
    const upper = world.groups.map((group) => ({ ...group, companyID: group.companyID.toUpperCase() }));
    expect(actions(TREE, { ...world, groups: upper })).toEqual([]);
    const list = actions(replaced(2, { name: 'Brewery' }), { ...world, groups: upper });
    expect(list[0]).toMatchObject({ kind: 'UpdateGroup', group: { companyID: guid(2).toUpperCase() } });
  });

  test('rename of an MSP: its group, and the mirrors that show its name', () => {
    expect(brief(actions(replaced(1, { name: 'Brno MSP' })))).toEqual([
      'UpdateGroup Rename 1',
      'UpdateCustomer Status 2',
      'UpdateCustomer Status 3',
    ]);
  });

  test('move: the company only, not what is below it', () => {
    expect(brief(actions(replaced(3, { parentID: guid(0), name: 'X' })))).toEqual([
      'UpdateGroup Move 3',
      'UpdateCustomer Move 3',
    ]);
    const deep = [...TREE, company(5, 0, 'MSPManager')];
    const moved = deep.map((one) => (one.id === guid(1) ? { ...one, parentID: guid(5) } : one));
    expect(brief(actions(moved, synced(deep)))).toEqual(['UpdateGroup Move 1']);
  });

  test('retype: an MSP manager becomes an MSP', () => {
    expect(brief(actions(replaced(0, { type: 'MSP', name: 'X' }))).slice(0, 1)).toEqual(['UpdateGroup Retype 0']);
  });

  test('a customer that becomes an MSP keeps its Customer, linked and mirrored; it is never unlinked or deleted', () => {
    const list = actions(replaced(2, { type: 'MSP', name: 'Y' }));
    expect(brief(list)).toEqual(['UpdateGroup Retype 2', 'UpdateCustomer Rename 2']);
    expect(list[1]).toMatchObject({ state: { linked: { status: 'True' } } });
  });

  test('suspension upstream changes the mirror and nothing else', () => {
    expect(brief(actions(replaced(2, { status: 'Suspended' })))).toEqual(['UpdateCustomer Status 2']);
    expect(actions(replaced(2, { status: 'WaitingForActivation' }))).toEqual([]);
  });

  test('custom identifier: written when Search carries it, kept when it does not, emptied when it says so', () => {
    const shot = (...entries: [string, string][]) => snapshot(TREE, { customIdentifiers: new Map(entries) });
    const plan = makePlan(input(shot([guid(2), ' K-7\n']), world));
    expect(brief(plan.actions)).toEqual(['UpdateCustomer Status 2']);
    const after = applied(world, plan, NOW);
    expect(customerOf(after, 2).mirror?.customIdentifier).toBe('K-7');
    expect(makePlan(input(shot(), after)).actions).toEqual([]);
    expect(brief(makePlan(input(shot([guid(3), 'K-8']), after)).actions)).toEqual(['UpdateCustomer Status 3']);
    expect(brief(makePlan(input(shot([guid(2), '']), after)).actions)).toEqual(['UpdateCustomer Status 2']);
  });

  test('a mode that people set is followed, also while the company is gone', () => {
    const modes = (state: World): World => ({
      ...state,
      customers: state.customers.map((one) => (one.companyID === guid(2) ? { ...one, mode: 'Configured' } : one)),
    });
    expect(brief(actions(TREE, modes(world)))).toEqual(['UpdateCustomer Status 2']);
    const away = relinked(world, [2], { status: 'False', reason: 'Removed', since: NOW - 99 * HOUR });
    const rest = TREE.filter((one) => one.id !== guid(2));
    expect(actions(rest, away, { newCustomers: 'Skip' }).filter((action) => brief([action])[0]?.endsWith('2'))).toEqual(
      [],
    );
    const list = actions(rest, modes(away));
    expect(brief(list)).toEqual(['UpdateCustomer Status 2']);
    expect(list[0]).toMatchObject({ state: { setup: 'Completed', linked: { status: 'False', reason: 'Removed' } } });
  });
});

describe('duplicates', () => {
  const older = groupOf(world, 2);
  const twin = (over: Partial<ExistingGroup>): World => ({
    ...world,
    groups: [
      { ...older, companyID: older.companyID.toUpperCase(), name: 'twin', uid: 'zzz', ...over },
      ...world.groups,
    ],
  });

  test('the older wins, then the smaller uid; deleted first; everything refers to the one that is kept', () => {
    expect(actions(TREE, twin({ createdAt: NOW }))).toEqual([
      {
        kind: 'DeleteDuplicate',
        change: 'Delete',
        of: 'StaticGroup',
        name: 'twin',
        uid: 'zzz',
        companyID: guid(2),
        keep: older.name,
      },
    ]);
    expect(actions(TREE, twin({}))[0]).toMatchObject({ name: 'twin', keep: older.name });
    const list = actions(TREE, twin({ uid: 'a' }));
    expect(list[0]).toMatchObject({ name: older.name, keep: 'twin' });
    expect(list[1]).toMatchObject({
      kind: 'UpdateCustomer',
      change: 'Status',
      state: { mirror: { groupName: 'twin' } },
    });
    const parents = { ...groupOf(world, 1), name: 'twin', uid: 'a' };
    expect(brief(actions(TREE, { ...world, groups: [...world.groups, parents] }))).toEqual([
      'DeleteDuplicate Delete 1',
      'UpdateGroup Move 2',
      'UpdateCustomer Move 2',
      'UpdateGroup Move 3',
      'UpdateCustomer Move 3',
    ]);
  });

  test('also of Customers, whoever made them', () => {
    const made: World = { ...world, customers: [...world.customers, personal(2, { mode: 'Skip' })] };
    expect(actions(TREE, made)).toMatchObject([
      { kind: 'DeleteDuplicate', of: 'Customer', name: 'people-2', keep: customerOf(world, 2).name },
    ]);
  });
});

test('a plan for 100,000 companies (time printed, not judged)', () => {
  const many = msp(100_000);
  const time = (label: string, state: World): readonly Action[] => {
    const started = performance.now();
    const list = actions(many, state);
    process.stdout.write(`plan of 100,000 companies, ${label}: ${Math.round(performance.now() - started)} ms\n`);
    return list;
  };
  const list = time('first import', EMPTY);
  expect(list).toHaveLength(200_001);
  const after = applied(EMPTY, { actions: list }, NOW);
  expect(new Set(after.groups.map((group) => group.name)).size).toBe(100_001);
  expect(time('unchanged', after)).toEqual([]);
});
