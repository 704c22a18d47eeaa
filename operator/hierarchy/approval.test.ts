// What the guard holds in full, and how people release it.

import { describe, expect, test } from 'vitest';
import { applied } from './apply-model.ts';
import type { World } from './apply-model.ts';
import {
  HOUR,
  NOW,
  answers,
  customerOf,
  groupOf,
  guid,
  input,
  marksOf,
  msp,
  range,
  relinked,
  snapshot,
  synced,
  without,
} from './fixtures.ts';
import { judge } from './guard.ts';
import type { Judgement } from './guard.ts';
import { makePlan } from './plan.ts';
import type { PlanInput } from './plan.ts';

const AT = '2026-03-01T10:00:00Z';

describe('the empty snapshot', () => {
  const world = synced(msp(3));
  const nothing = snapshot(msp(0));
  const empty = (over: Partial<PlanInput> = {}, state = world): Judgement =>
    judge(
      input(nothing, state, {
        confirmations: answers('Gone', 1, 2, 3),
        unlinkLimit: { percent: 100, count: 50 },
        ...over,
      }),
    );

  test('unlinks nothing, even within the limit', () => {
    expect(empty()).toMatchObject({ unlinked: [], blocked: { count: 3, allowed: 4 } });
    expect(marksOf(empty(), 1, 2, 3)).toEqual(Array.from({ length: 3 }, () => 'Unknown/UnlinkHeld'));
    const half: World = {
      groups: relinked(world, [1], { status: 'False', reason: 'Removed', since: NOW - 1000 }).groups,
      customers: world.customers,
    };
    expect(empty({}, half)).toMatchObject({ unlinked: [], blocked: { count: 2 } });
  });

  test('unless approved', () => {
    const approvedHash = empty({ blockedAt: AT }).blocked?.planHash ?? null;
    expect(empty({ blockedAt: AT, approvedHash })).toMatchObject({ unlinked: [1, 2, 3].map(guid), blocked: null });
  });

  test('an account that has nothing is no alarm', () => {
    const lone = synced(msp(0));
    expect(makePlan(input(nothing, lone))).toEqual({ actions: [], unlink: { unlinked: [], blocked: null } });
  });
});

describe('the approval', () => {
  const world = synced(msp(99));
  const gone = range(1, 30);
  const confirmations = answers('Gone', ...gone);
  const shot = without(99, ...gone);
  const first = makePlan(input(shot, world, { confirmations }));
  const held = applied(world, first, NOW);
  const blockedAt = first.unlink.blocked?.blockedAt ?? null;
  const approvedHash = first.unlink.blocked?.planHash ?? null;
  const later = NOW + 2 * HOUR;
  const approved = { confirmations, blockedAt, approvedHash, now: later };

  test('the hash stays while the set does, and knows no names', () => {
    const again = makePlan(input(shot, held, { confirmations, blockedAt, now: later }));
    expect(again.actions).toEqual([]);
    expect(again.unlink).toEqual(first.unlink);
    const renamed: World = { ...held, groups: held.groups.map((group) => ({ ...group, displayName: 'X' })) };
    expect(judge(input(shot, renamed, { confirmations, blockedAt })).blocked?.planHash).toBe(approvedHash);
  });

  test('releases exactly the set', () => {
    const plan = makePlan(input(shot, held, approved));
    expect(plan.unlink).toEqual({ unlinked: gone.map(guid), blocked: null });
    const after = applied(held, plan, later);
    expect(customerOf(after, 30).linked).toMatchObject({ status: 'False', reason: 'Removed' });
    expect(groupOf(after, 31).linked.status).toBe('True');
  });

  test('does not match another set, another block, or no block', () => {
    const none = (over: Partial<PlanInput>): void => {
      expect(judge(input(shot, held, { ...approved, ...over })).unlinked).toEqual([]);
    };
    none({ blockedAt: null });
    none({ blockedAt: null, now: NOW });
    none({ blockedAt: '2026-03-01T12:00:01Z' });
    none({ blockedAt: 'nonsense' });
    none({ approvedHash: '' });
    const more = [...gone, 31];
    none({ snapshot: without(99, ...more), confirmations: answers('Gone', ...more) });
    none({ snapshot: without(99, ...range(2, 30)) });
  });

  test('killed after any write, a restart finishes it; done once, it is used up', () => {
    const plan = makePlan(input(shot, held, approved));
    const end = applied(held, plan, later);
    for (let writes = 0; writes <= plan.actions.length; writes++) {
      const crashed = applied(held, plan, later, writes);
      const rest = makePlan(input(shot, crashed, approved));
      expect(rest.unlink.blocked).toBeNull();
      expect(applied(crashed, rest, later)).toEqual(end);
    }
    // The status still carries the old block: one more company gone is a set of its own.
    const more = without(99, ...gone, 31);
    const next = judge(input(more, end, { ...approved, confirmations: answers('Gone', 31) }));
    expect(next).toMatchObject({ unlinked: [], blocked: { count: 1, allowed: 0 } });
  });

  test('waits for those of the set that gave no answer', () => {
    const partly = makePlan(input(shot, held, { ...approved, confirmations: answers('Gone', ...range(1, 20)) }));
    expect(partly.unlink).toMatchObject({
      unlinked: range(1, 20).map(guid),
      blocked: { count: 10, planHash: approvedHash },
    });
    const rest = makePlan(input(shot, applied(held, partly, later), approved));
    expect(rest.unlink).toEqual({ unlinked: range(21, 30).map(guid), blocked: null });
  });
});
