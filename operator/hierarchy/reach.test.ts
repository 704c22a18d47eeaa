import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { absentees } from './absentees.ts';
import { applied } from './apply-model.ts';
import type { World } from './apply-model.ts';
import { GAP, NOW, TREE, company, gapOf, groupOf, guid, input, personal, snapshot, synced } from './fixtures.ts';
import { makePlan } from './plan.ts';
import { reachOf } from './reach.ts';
import type { Company, Gap } from './snapshot.ts';
import { buildTree } from './tree.ts';

const FRESH = Math.floor(Math.random() * 2 ** 31);
const SEEDS = [1, 7, 42, FRESH];
process.stdout.write(`reach: fresh seed ${FRESH}\n`);

/** Which of some companies a snapshot with these gaps reaches, by the groups of a world. */
function reached(world: World, shown: readonly Company[], gaps: readonly Gap[], ...numbers: number[]): number[] {
  const shot = snapshot(shown, { gaps });
  const reaches = reachOf(shot, buildTree(shot).seen, world.groups);
  return numbers.filter((n) => reaches(guid(n)));
}

describe('reach', () => {
  const world = synced(TREE); // 0 MSP manager, 1 managed MSP with 2 and 3, 4 a direct customer
  const only = (...numbers: number[]): Company[] => numbers.map((n) => TREE[n] as Company);

  test('a complete snapshot reaches everything, known or not', () => {
    expect(reached(world, only(0), [], 1, 2, 4, 99)).toEqual([1, 2, 4, 99]);
  });

  test('a gap keeps back what was below it, and nothing else', () => {
    expect(reached(world, only(0, 1), [gapOf(1)], 2, 3, 4)).toEqual([4]);
    expect(reached(world, only(0, 1), [gapOf(0)], 2, 3, 4)).toEqual([2, 3]);
    expect(reached(world, only(0, 1), [gapOf(1, (id) => id.toUpperCase())], 2, 4)).toEqual([4]);
  });

  test('a whole branch that is absent is reached through the company above it', () => {
    expect(reached(world, only(0, 4), [gapOf(4)], 1, 2, 3)).toEqual([1, 2, 3]);
    expect(reached(world, only(0, 4), [gapOf(0)], 1, 2, 3)).toEqual([]);
  });

  test('a company that was listed and not understood hides itself and what is below it', () => {
    expect(reached(world, only(0, 4), [{ ...gapOf(1), cause: 'UnknownType' }], 1, 2, 3)).toEqual([]);
    expect(reached(world, only(0, 1), [{ ...gapOf(4), cause: 'UnknownType' }], 2, 4)).toEqual([2]);
  });

  test('a gap of the account itself leaves nothing in reach', () => {
    expect(reached(world, only(0, 1), [gapOf(4), GAP], 2, 3)).toEqual([]);
  });

  test('nor is what has no group, no group above it, or a way in a circle', () => {
    const made: World = { ...world, customers: [...world.customers, personal(50)] };
    expect(reached(made, only(0, 1), [gapOf(1)], 50)).toEqual([]);
    const lost = { ...world, groups: world.groups.filter(({ companyID }) => companyID !== guid(1)) };
    expect(reached(lost, only(0, 4), [gapOf(4)], 2)).toEqual([]);
    const round = world.groups.map((group) =>
      group.companyID === guid(1) ? { ...group, parentName: groupOf(world, 2).name } : group,
    );
    expect(reached({ ...world, groups: round }, only(0, 4), [gapOf(4)], 1, 2, 3)).toEqual([]);
  });

  test('of two groups of a company the older one is followed, and what hangs below the other is out of reach', () => {
    const above = groupOf(world, 0).name;
    const twin = { ...groupOf(world, 2), name: 'twin', uid: 'twin', createdAt: NOW, parentName: above };
    for (const groups of [
      [twin, ...world.groups],
      [...world.groups, twin],
    ]) {
      expect(reached({ ...world, groups }, only(0, 1), [gapOf(1)], 2)).toEqual([]);
    }
    const other = { ...groupOf(world, 1), name: 'other', uid: 'other', createdAt: NOW };
    const below = { ...groupOf(world, 2), parentName: 'other' };
    const groups = [...world.groups.filter(({ companyID }) => companyID !== guid(2)), other, below];
    expect(reached({ ...world, groups }, only(0, 1), [gapOf(0)], 2, 3)).toEqual([3]);
  });
});

/**
 * A tree that the account has mirrored, what was removed of it since (with all below), which listings fail and after how
 * many of their rows. Upstream answers 404 for whatever the snapshot does not show, so that only the reach decides.
 */
const trees = fc.record({
  parents: fc.array(fc.nat(), { minLength: 2, maxLength: 18 }),
  removed: fc.uniqueArray(fc.nat({ max: 17 }), { maxLength: 4 }),
  failing: fc.uniqueArray(fc.nat({ max: 18 }), { maxLength: 4 }),
  rows: fc.nat({ max: 3 }),
});

test('random trees and gaps: exactly what is removed below a listing that was read to its end is unlinked', () => {
  let kept = 0;
  const property = fc.property(trees, ({ parents, removed, failing, rows }) => {
    const parentOf = [-1, ...parents.map((parent, i) => parent % (i + 1))];
    const all = parentOf.map((parent, n) => company(n, n === 0 ? null : parent, n === 0 ? 'Distributor' : 'MSP'));
    const gone = new Set<number>();
    const shown = new Set([0]);
    const read = new Map<number, number>();
    parentOf.forEach((parent, n) => {
      if (n === 0) return;
      if (removed.includes(n - 1) || gone.has(parent)) return void gone.add(n);
      const row = read.get(parent) ?? 0;
      read.set(parent, row + 1);
      if (shown.has(parent) && (!failing.includes(parent) || row < rows)) shown.add(n);
    });
    const gaps = failing.filter((n) => shown.has(n));
    const expected = [...gone].filter((n) => {
      let above = parentOf[n] ?? 0;
      while (gone.has(above)) above = parentOf[above] ?? 0;
      return shown.has(above) && !gaps.includes(above);
    });
    kept += gone.size - expected.length;

    const world = synced(all);
    const shot = snapshot(
      all.filter((_, n) => shown.has(n)),
      { gaps: gaps.map((n) => gapOf(n)) },
    );
    const asked = absentees(shot, world.groups, world.customers);
    const confirmations = new Map(asked.map((id) => [id, 'Gone'] as const));
    const state = { confirmations, unlinkLimit: { percent: 100, count: 50 } };
    const plan = makePlan(input(shot, world, state));
    expect(plan.unlink.unlinked).toEqual(shown.size === 1 ? [] : expected.map(guid).sort());
    expect(makePlan(input(shot, applied(world, plan, NOW), state)).actions).toEqual([]);
  });
  for (const seed of SEEDS) fc.assert(property, { seed, numRuns: 100 });
  expect(kept).toBeGreaterThan(20);
});
