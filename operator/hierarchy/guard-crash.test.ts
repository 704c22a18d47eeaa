// The guard over worlds that a crash, a late Customer or a partial answer left behind: its verdict must neither let more
// through nor change under the person who is about to approve it.

import { describe, expect, test } from 'vitest';
import { applied } from './apply-model.ts';
import type { World } from './apply-model.ts';
import {
  GAP,
  HOUR,
  NOW,
  answers,
  customerOf,
  groupOf,
  guid,
  input,
  msp,
  range,
  relinked,
  synced,
  without,
} from './fixtures.ts';
import { judge } from './guard.ts';
import { makePlan } from './plan.ts';

const AT = '2026-03-01T10:00:00Z';
const world = synced(msp(99)); // 100 linked companies
const removed = (since: number) => ({ status: 'False', reason: 'Removed', since }) as const;
const held = { status: 'Unknown', reason: 'UnlinkHeld', since: NOW - 1000 } as const;

/** Only the groups of some companies say something else. */
function groupsOnly(numbers: readonly number[], linked: Parameters<typeof relinked>[2], base: World = world): World {
  return { groups: relinked(base, numbers, linked).groups, customers: base.customers };
}

describe('the limit', () => {
  test('a Customer unlinked now uses it, even if the group was unlinked long ago', () => {
    const late = relinked(world, [50], removed(NOW - 1000));
    const mixed: World = {
      groups: relinked(world, [50], removed(NOW - 99 * HOUR)).groups,
      customers: late.customers,
    };
    const confirmations = answers('Gone', ...range(1, 10));
    expect(judge(input(without(99, 50, ...range(1, 10)), mixed, { confirmations })).blocked?.allowed).toBe(9);
  });

  test('a company held on one object only is still held while it is not visible', () => {
    const half = groupsOnly([1], held);
    const confirmations = answers('NotVisible', 1);
    const plan = makePlan(input(without(99, 1), half, { confirmations, unlinkLimit: { percent: 10, count: 0 } }));
    expect(plan.unlink.blocked?.count).toBe(1);
    const after = applied(half, plan, NOW);
    expect(groupOf(after, 1).linked).toEqual(held); // it does not fall back
    expect(customerOf(after, 1).linked.reason).toBe('AbsentOnce');
  });

  test('one object unlinked, the other held, no answer: counted once', () => {
    const state: World = {
      groups: relinked(world, [50], removed(NOW - 1000)).groups,
      customers: relinked(world, [50], held).customers,
    };
    const gone = range(1, 9);
    const verdict = judge(input(without(99, 50, ...gone), state, { confirmations: answers('Gone', ...gone) }));
    expect([verdict.unlinked.length, verdict.blocked]).toEqual([9, null]);
  });

  test('an object that is unlinked stays so while its company is held', () => {
    const gone = range(1, 11);
    const half = groupsOnly(gone, removed(NOW - 99 * HOUR));
    const after = applied(
      half,
      makePlan(input(without(99, ...gone), half, { confirmations: answers('Gone', ...gone) })),
      NOW,
    );
    expect(groupOf(after, 1).linked).toEqual(removed(NOW - 99 * HOUR));
    expect(customerOf(after, 1).linked.reason).toBe('UnlinkHeld');
  });
});

describe('the hash', () => {
  const gone = range(1, 30);
  const confirmations = answers('Gone', ...gone, 50);

  test('stays when a company that a crash left half unlinked is finished meanwhile', () => {
    const half = groupsOnly([50], removed(NOW - 60_000));
    const shot = without(99, 50, ...gone);
    const first = makePlan(input(shot, half, { confirmations }));
    expect(first.unlink.unlinked).toEqual([guid(50)]);
    const blockedAt = first.unlink.blocked?.blockedAt ?? null;
    const next = makePlan(input(shot, applied(half, first, NOW), { confirmations, blockedAt, now: NOW + HOUR }));
    expect(next.unlink).toMatchObject({ unlinked: [], blocked: { count: 30 } });
    expect(next.unlink.blocked?.planHash).toBe(first.unlink.blocked?.planHash);
  });

  test('does not cover a company of the set that is back, before it is linked again or after', () => {
    const state = relinked(relinked(world, gone, held), [50], removed(NOW - 60_000));
    const asked = { confirmations: answers('Gone', ...gone), blockedAt: AT };
    const shot = without(99, ...gone);
    const first = makePlan(input(shot, state, asked));
    const next = makePlan(input(shot, applied(state, first, NOW), asked));
    expect(next.unlink).toEqual(first.unlink);
  });
});

test('an incomplete snapshot keeps the block, also of a set that is within the limit by now', () => {
  const gone = range(1, 5);
  const state = relinked(world, gone, held);
  const partial = { ...without(99, ...gone), gaps: [GAP] };
  expect(judge(input(partial, state, { blockedAt: AT })).blocked).toMatchObject({ count: 5, allowed: 10 });
});
