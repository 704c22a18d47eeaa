import { describe, expect, test } from 'vitest';
import { absentees } from './absentees.ts';
import type { World } from './apply-model.ts';
import {
  GAP,
  HOUR,
  NOW,
  answers,
  company,
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
import { judge, planHash } from './guard.ts';
import type { Judgement } from './guard.ts';
import type { Confirmation } from './snapshot.ts';
import type { PlanInput } from './plan.ts';

const AT = '2026-03-01T10:00:00Z';

describe('absentees', () => {
  const world = synced(msp(4));
  test('are the companies with an object that is not unlinked and that are not shown, sorted', () => {
    const half = relinked(world, [2], { status: 'False', reason: 'Removed', since: NOW });
    const mixed: World = { groups: half.groups, customers: world.customers };
    expect(absentees(without(4, 3, 2), mixed.groups, mixed.customers)).toEqual([guid(2), guid(3)]);
    expect(absentees(without(4, 3, 2), half.groups, half.customers)).toEqual([guid(3)]);
  });

  test('none of an incomplete snapshot, never the root, seen in any case or without a place', () => {
    const partial = { ...without(4, 3), gaps: [GAP] };
    expect(absentees(partial, world.groups, world.customers)).toEqual([]);
    const odd = snapshot([
      company(0, null, 'MSP'),
      company(1, 0, 'Customer', { id: guid(1).toUpperCase() }),
      company(2, 77, 'Customer'),
    ]);
    expect(absentees({ ...odd, companies: odd.companies.slice(1) }, world.groups, world.customers)).toEqual([
      guid(3),
      guid(4),
    ]);
  });
});

describe('what counts as gone', () => {
  const world = synced(msp(100));
  const one = (confirmation: Confirmation | null, state: World = world, over: Partial<PlanInput> = {}): Judgement => {
    const confirmations = confirmation ? answers(confirmation, 7) : new Map<string, Confirmation>();
    return judge(input(without(100, 7), state, { confirmations, ...over }));
  };

  test('404: at once', () => {
    const verdict = one('Gone');
    expect(verdict.unlinked).toEqual([guid(7)]);
    expect(marksOf(verdict, 7)).toEqual(['False/Removed']);
  });

  test.each(['NoAnswer', 'Present', null] as const)('%s: nothing', (confirmation) => {
    const verdict = one(confirmation);
    expect(verdict).toEqual({ marks: new Map(), unlinked: [], blocked: null });
  });

  test('not visible: first AbsentOnce, gone an hour later, never sooner', () => {
    const once = (since: number): World => relinked(world, [7], { status: 'Unknown', reason: 'AbsentOnce', since });
    expect(marksOf(one('NotVisible'), 7)).toEqual(['Unknown/AbsentOnce']);
    expect(marksOf(one('NotVisible', once(NOW - HOUR + 1000)), 7)).toEqual(['Unknown/AbsentOnce']);
    expect(marksOf(one('NotVisible', once(NOW - HOUR)), 7)).toEqual(['False/NotVisible']);
    expect(marksOf(one('Gone', once(NOW)), 7)).toEqual(['False/Removed']);
    expect(marksOf(one('NoAnswer', once(NOW - 5 * HOUR)), 7)).toEqual(['-']);
  });

  test('not visible means nothing while the own company does not answer', () => {
    const confirmations = new Map<string, Confirmation>([
      [guid(7), 'NotVisible'],
      [guid(0), 'NoAnswer'],
    ]);
    expect(marksOf(judge(input(without(100, 7), world, { confirmations })), 7)).toEqual(['-']);
  });

  test('one object with an old AbsentOnce proves nothing while the other says present (killed half-way through a return)', () => {
    const old = relinked(world, [7], { status: 'Unknown', reason: 'AbsentOnce', since: NOW - 5 * HOUR });
    const half: World = { groups: world.groups, customers: old.customers };
    expect(marksOf(one('NotVisible', half), 7)).toEqual(['Unknown/AbsentOnce']);
  });

  test('a held one stays a candidate when it is not visible', () => {
    const held = relinked(world, [7], { status: 'Unknown', reason: 'UnlinkHeld', since: NOW - 60_000 });
    expect(marksOf(one('NotVisible', held), 7)).toEqual(['False/NotVisible']);
  });

  test('an incomplete snapshot: nothing, whatever the answers', () => {
    const partial = { ...without(100, 7), gaps: [GAP] };
    const verdict = judge(input(partial, world, { confirmations: answers('Gone', 7) }));
    expect(verdict).toEqual({ marks: new Map(), unlinked: [], blocked: null });
  });
});

describe('the limit', () => {
  const world = synced(msp(99)); // 100 linked companies
  const verdict = (gone: number, over: Partial<PlanInput> = {}, state = world): Judgement => {
    const numbers = range(1, gone);
    return judge(input(without(99, ...numbers), state, { confirmations: answers('Gone', ...numbers), ...over }));
  };

  test('percent of the linked companies, count, and one at least', () => {
    expect(verdict(10).unlinked).toHaveLength(10);
    expect(verdict(10).blocked).toBeNull();
    expect(verdict(11).blocked).toMatchObject({ count: 11, allowed: 10 });
    expect(verdict(4, { unlinkLimit: { percent: 50, count: 3 } }).blocked?.allowed).toBe(3);
    expect(verdict(1, { unlinkLimit: { percent: 0, count: 50 } }).unlinked).toHaveLength(1);
    expect(verdict(2, { unlinkLimit: { percent: 0, count: 50 } }).blocked?.allowed).toBe(1);
    expect(verdict(1, { unlinkLimit: { percent: 10, count: 0 } }).blocked?.allowed).toBe(0);
    expect(verdict(29, { unlinkLimit: { percent: 29, count: 50 } }).blocked).toBeNull(); // 0.29 × 100 < 29 in floats
  });

  test('over it none is done: all are held', () => {
    const { marks, unlinked, blocked } = verdict(11);
    expect(unlinked).toEqual([]);
    expect([...marks.values()]).toEqual(
      Array.from({ length: 11 }, () => ({ status: 'Unknown', reason: 'UnlinkHeld' })),
    );
    expect(blocked).toEqual({
      count: 11,
      allowed: 10,
      sample: ['1', '10', '11', '2', '3', '4', '5', '6', '7', '8', '9'].map((n) => `Company ${n}`),
      planHash: planHash(guid(0), '2026-03-01T12:00:00Z', range(1, 11).map(guid)),
      blockedAt: '2026-03-01T12:00:00Z',
    });
    expect(verdict(60).blocked?.sample).toHaveLength(20);
  });

  test('what was unlinked within 24 h uses it up and still counts as linked', () => {
    const gone = (since: number, reason: 'Removed' | 'AccountRemoved' = 'Removed'): World =>
      relinked(world, range(90, 95), { status: 'False', reason, since });
    const away = without(99, ...range(1, 20), ...range(90, 95));
    const left = (state: World): number | undefined => verdict(20, { snapshot: away }, state).blocked?.allowed;
    expect(left(gone(NOW - 24 * HOUR + 1000))).toBe(4);
    expect(left(gone(NOW - 24 * HOUR))).toBe(9); // 94 linked
    expect(left(gone(NOW - 1000, 'AccountRemoved'))).toBe(9);
    const four = without(99, ...range(1, 4), ...range(90, 95));
    expect(verdict(4, { snapshot: four }, gone(NOW - 1000)).unlinked).toHaveLength(4);
    // They are back: the plan links them again, and they cost nothing.
    expect(verdict(10, {}, gone(NOW - 1000)).unlinked).toHaveLength(10);
  });

  test('the base is what is linked once the plan is applied', () => {
    const grown = snapshot([
      ...msp(99).filter((_, n) => n === 0 || n > 11),
      ...range(100, 120).map((n) => company(n, 0, 'Customer')),
    ]);
    expect(verdict(11, { snapshot: grown }).unlinked).toHaveLength(11);
  });

  test('the second object of a company unlinked just before a crash is free', () => {
    const since = NOW - 1000;
    const done = relinked(world, range(1, 10), { status: 'False', reason: 'NotVisible', since });
    const half: World = { groups: done.groups, customers: world.customers };
    const { unlinked, marks, blocked } = verdict(10, {}, half);
    expect([unlinked.length, blocked]).toEqual([10, null]);
    expect(marks.get(guid(1))).toEqual({ status: 'False', reason: 'NotVisible' });
    expect(verdict(11, {}, half).blocked?.count).toBe(1);
  });

  test('an old half-unlinked company is not free', () => {
    const done = relinked(world, range(1, 20), { status: 'False', reason: 'Removed', since: NOW - 48 * HOUR });
    const half: World = { groups: done.groups, customers: world.customers };
    expect(verdict(20, {}, half).blocked?.count).toBe(20);
  });

  test('a held company without an answer still counts, so that a bad hour does not shrink the set', () => {
    const held = relinked(world, range(1, 11), { status: 'Unknown', reason: 'UnlinkHeld', since: NOW - 1000 });
    const some = { confirmations: answers('Gone', ...range(1, 8)), blockedAt: AT };
    const all = { confirmations: answers('Gone', ...range(1, 11)), blockedAt: AT };
    expect(verdict(11, some, held)).toMatchObject({ unlinked: [], blocked: verdict(11, all, held).blocked });
    // Present is an answer: it is not gone.
    const there = new Map([...some.confirmations, ...answers('Present', ...range(9, 11))]);
    expect(verdict(11, { confirmations: there }, held).unlinked).toHaveLength(8);
  });

  test('an incomplete snapshot keeps what is held, with its hash', () => {
    const held = relinked(world, range(1, 11), { status: 'Unknown', reason: 'UnlinkHeld', since: NOW - 1000 });
    const before = verdict(11, { blockedAt: AT }, held);
    const hash = before.blocked?.planHash ?? null;
    const partial = { ...without(99, ...range(1, 11)), gaps: [GAP] };
    const after = judge(input(partial, held, { blockedAt: AT, approvedHash: hash }));
    expect(after).toEqual({ marks: new Map(), unlinked: [], blocked: before.blocked });
  });
});
