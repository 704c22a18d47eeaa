import { describe, expect, test } from 'vitest';
import type { Action } from './action.ts';
import { applied } from './apply-model.ts';
import type { World } from './apply-model.ts';
import {
  GAP,
  HOUR,
  NOW,
  TREE,
  brief,
  company,
  customerOf,
  groupOf,
  guid,
  input,
  personal,
  relinked,
  snapshot,
  synced,
} from './fixtures.ts';
import type { ExistingGroup } from './objects.ts';
import { makePlan } from './plan.ts';
import type { PlanInput } from './plan.ts';
import type { Company, Confirmation } from './snapshot.ts';

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

const gone = (...numbers: number[]): Map<string, Confirmation> => new Map(numbers.map((n) => [guid(n), 'Gone']));
const wide = { unlinkLimit: { percent: 100, count: 50 } };

describe('absence', () => {
  const rest = TREE.filter((one) => one.id !== guid(2) && one.id !== guid(1) && one.id !== guid(3));

  test('a removed company: both its objects say so, the group keeps its spec; each company below is one of its own', () => {
    const list = actions(rest, world, { confirmations: gone(1, 2), ...wide });
    expect(brief(list)).toEqual(['LinkGroup Unlink 1', 'LinkGroup Unlink 2', 'UpdateCustomer Unlink 2']);
    const after = applied(world, { actions: list }, NOW);
    expect(groupOf(after, 2)).toEqual({
      ...groupOf(world, 2),
      linked: { status: 'False', reason: 'Removed', since: NOW },
    });
    expect(customerOf(after, 2)).toMatchObject({ mirror: customerOf(world, 2).mirror, setup: 'Pending' });
    expect(groupOf(after, 3).linked.status).toBe('True');
    expect(actions(rest, after, { confirmations: gone(1, 2), ...wide })).toEqual([]);
  });

  test('creates and renames go on while an unlink is held', () => {
    const more = [...rest.map((one) => ({ ...one, name: `${one.name}!` })), company(9, 0, 'Customer')];
    const plan = makePlan(input(snapshot(more), world, { confirmations: gone(1, 2, 3) }));
    expect(plan.unlink.blocked).toMatchObject({ count: 3, allowed: 1, sample: ['Bakery', 'Butcher', 'Prague MSP'] });
    expect(brief(plan.actions)).toEqual([
      'UpdateGroup Rename 0',
      'UpdateGroup Rename 4',
      'UpdateCustomer Rename 4',
      'CreateGroup Create 9',
      'CreateCustomer Create 9',
      'LinkGroup Hold 1',
      'LinkGroup Hold 2',
      'UpdateCustomer Hold 2',
      'LinkGroup Hold 3',
      'UpdateCustomer Hold 3',
    ]);
    const after = applied(world, plan, NOW);
    const back = makePlan(input(snapshot(TREE), after, { blockedAt: plan.unlink.blocked?.blockedAt ?? null }));
    expect(back.unlink.blocked).toBeNull();
    expect(brief(back.actions)).toContain('LinkGroup Link 1');
  });

  test('an incomplete snapshot plans what was seen and nothing else', () => {
    const away = relinked(world, [4], { status: 'False', reason: 'Removed', since: NOW - HOUR });
    const seen = [...rest.map((one) => ({ ...one, name: `${one.name}!` })), company(9, 0, 'Customer')];
    const twin: ExistingGroup = { ...groupOf(world, 2), name: 'twin', uid: 'twin', createdAt: NOW };
    const state: World = { ...away, groups: [...away.groups, twin] };
    const plan = makePlan(input(snapshot(seen, { gaps: [GAP] }), state, { confirmations: gone(1, 2, 3), ...wide }));
    expect(plan.unlink).toEqual({ unlinked: [], blocked: null });
    expect(brief(plan.actions)).toEqual([
      'UpdateGroup Rename 0',
      'UpdateGroup Rename 4',
      'LinkGroup Link 4',
      'UpdateCustomer Link 4',
      'CreateGroup Create 9',
      'CreateCustomer Create 9',
    ]);
  });

  test('an incomplete snapshot: not even a mode is followed for what was not seen', () => {
    const customers = world.customers.map((one) => ({ ...one, mode: 'Configured' as const }));
    const plan = makePlan(input(snapshot(rest, { gaps: [GAP] }), { ...world, customers }));
    expect(brief(plan.actions)).toEqual(['UpdateCustomer Status 4']);
  });

  test('the Customer of a company that is gone refers to the group that is kept', () => {
    const away = relinked(world, [2], { status: 'False', reason: 'Removed', since: NOW - 99 * HOUR });
    const twin: ExistingGroup = { ...groupOf(away, 2), name: 'twin', uid: 'a' };
    const state: World = { ...away, groups: [...away.groups, twin] };
    const list = actions(
      TREE.filter((one) => one.id !== guid(2)),
      state,
    );
    expect(brief(list)).toEqual(['DeleteDuplicate Delete 2', 'UpdateCustomer Status 2']);
    expect(list[1]).toMatchObject({ state: { mirror: { groupName: 'twin' }, linked: { reason: 'Removed' } } });
  });

  test('a company that returns gets its own objects back, `setup` kept, name and place renewed', () => {
    const set: World = { ...world, customers: world.customers.map((one) => ({ ...one, setup: 'Skipped' as const })) };
    const away = relinked(set, [2], { status: 'False', reason: 'AccountRemoved', since: NOW - HOUR });
    const list = actions(replaced(2, { name: 'Brewery', parentID: guid(0) }), away);
    expect(brief(list)).toEqual(['UpdateGroup Move 2', 'LinkGroup Link 2', 'UpdateCustomer Link 2']);
    const after = applied(away, { actions: list }, NOW);
    expect(customerOf(after, 2)).toMatchObject({ name: customerOf(world, 2).name, setup: 'Skipped' });
  });

  test('a company without a place in the tree is left alone', () => {
    expect(actions(replaced(3, { parentID: guid(77), name: 'X' }), world, { confirmations: gone(3), ...wide })).toEqual(
      [],
    );
  });

  test('a Customer that people made for a company that never was', () => {
    const made: World = { ...world, customers: [...world.customers, personal(50)] };
    expect(actions(TREE, made)).toEqual([]);
    const list = actions(TREE, made, { confirmations: gone(50) });
    expect(list).toEqual([
      {
        kind: 'UpdateCustomer',
        change: 'Unlink',
        name: 'people-50',
        companyID: guid(50),
        state: {
          mirror: {
            displayName: 'people-50',
            groupName: 'people-50',
            managedBy: null,
            customIdentifier: null,
            suspended: 'Unknown',
          },
          linked: { status: 'False', reason: 'Removed' },
          setup: 'Pending',
        },
      },
    ]);
  });
});
