import { describe, expect, test } from 'vitest';
import { absentees, askedNow } from './absentees.ts';
import { applied } from './apply-model.ts';
import type { World } from './apply-model.ts';
import {
  GAP,
  HOUR,
  NOW,
  answers,
  company,
  gapOf,
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
import { makePlan } from './plan.ts';
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

describe('who is asked for now', () => {
  const ids = range(1, 2500).map(guid);
  const turn = { held: new Set<string>(), approved: false, limit: 50, start: 0 };

  test('all of a thousand; of more a thousand, or one more than the limit', () => {
    expect(askedNow(ids.slice(0, 1000), { ...turn, start: 0.5 })).toEqual(ids.slice(0, 1000));
    expect(askedNow(ids, turn)).toEqual(ids.slice(0, 1000));
    expect(askedNow(ids, { ...turn, limit: 1200 })).toHaveLength(1201);
  });

  test('the turn goes round: each gets it, and nobody twice', () => {
    const late = askedNow(ids, { ...turn, start: 0.8 });
    expect(late).toEqual([...ids.slice(2000), ...ids.slice(0, 500)]);
    const asked = new Set([0, 0.25, 0.5, 0.75].flatMap((start) => askedNow(ids, { ...turn, start })));
    expect(asked.size).toBe(2500);
  });

  test('the held ones come last, and first once they are approved', () => {
    const held = new Set(ids.slice(0, 1600));
    expect(askedNow(ids, { ...turn, held }).slice(0, 901)).toEqual([...ids.slice(1600), ids[0]]);
    expect(askedNow(ids, { ...turn, held, approved: true })).toEqual(ids.slice(0, 1000));
  });
});

describe('what counts as gone', () => {
  const world = synced(msp(100));
  const one = (confirmation: Confirmation | null, state: World = world, over: Partial<PlanInput> = {}): Judgement => {
    const confirmations = confirmation ? answers(confirmation, 7) : answers('Present');
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
    confirmations.delete(guid(0)); // not even asked for
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

  test('an incomplete snapshot: only a 404, and only of what it reaches', () => {
    const elsewhere = { snapshot: { ...without(100, 7), gaps: [gapOf(8)] } };
    expect(marksOf(one('Gone', world, elsewhere), 7)).toEqual(['False/Removed']);
    for (const confirmation of ['NotVisible', 'Present', 'NoAnswer'] as const) {
      const once = relinked(world, [7], { status: 'Unknown', reason: 'AbsentOnce', since: NOW - 5 * HOUR });
      expect(one(confirmation, once, elsewhere)).toEqual({ marks: new Map(), unlinked: [], blocked: null });
    }
    for (const gap of [GAP, gapOf(0), gapOf(7)]) {
      const verdict = one('Gone', world, { snapshot: { ...without(100, 7), gaps: [gap] } });
      expect(verdict).toEqual({ marks: new Map(), unlinked: [], blocked: null });
    }
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

  test('an incomplete snapshot: over the limit all of what it reaches is held, one of it as everything else', () => {
    const shot = { ...without(99, ...range(1, 11)), gaps: [gapOf(50)] };
    const first = verdict(11, { snapshot: shot });
    expect(first).toMatchObject({ unlinked: [], blocked: { count: 11, allowed: 10 } });
    const root = { ...snapshot(msp(0)), gaps: [gapOf(1)] };
    expect(verdict(1, { snapshot: root, confirmations: answers('Gone', 2) }).unlinked).toEqual([]);
  });

  test('an incomplete snapshot releases of the approved set what it can confirm; the rest waits under the same hash', () => {
    const tree = [
      company(0, null, 'MSP'),
      company(1, 0, 'Division'),
      ...range(2, 99).map((n) => company(n, 0, 'Customer')),
    ];
    const apart = tree.map((one, n) => (n >= 10 && n <= 19 ? { ...one, parentID: guid(1) } : one));
    const start = synced(apart);
    const held = relinked(start, range(10, 29), { status: 'Unknown', reason: 'UnlinkHeld', since: NOW - 1000 });
    const shot = snapshot(apart.filter((_, n) => n < 10 || n > 29));
    const asked = { confirmations: answers('Gone', ...range(10, 29)), blockedAt: AT };
    const { blocked } = judge(input(shot, held, asked));
    const partial = { ...shot, gaps: [gapOf(1)] };
    expect(judge(input(partial, held, asked))).toMatchObject({ unlinked: [], blocked });
    const approved = { ...asked, approvedHash: blocked?.planHash ?? null };
    const released = makePlan(input(partial, held, approved));
    expect(released.unlink).toMatchObject({
      unlinked: range(20, 29).map(guid),
      blocked: { count: 10, planHash: blocked?.planHash },
    });
    const rest = makePlan(input(shot, applied(held, released, NOW), approved));
    expect(rest.unlink).toEqual({ unlinked: range(10, 19).map(guid), blocked: null });
    // A snapshot that shows nothing but its root releases nothing.
    const root = { ...snapshot(msp(0)), gaps: [gapOf(1)] };
    expect(judge(input(root, held, approved)).unlinked).toEqual([]);
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
