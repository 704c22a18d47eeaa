// Conditions: nothing new is no change, and the time moves with the status only.
import { describe, expect, it } from 'vitest';
import { conditionsEqual, findCondition, removeCondition, setCondition } from './conditions.ts';

const T0 = Date.UTC(2026, 0, 1, 0, 0, 0, 500);
const T1 = T0 + 60_000;
const ready = { type: 'Ready', status: 'True', reason: 'Synced', message: 'all is well' } as const;

describe('setCondition', () => {
  it('adds with the time in whole seconds', () => {
    expect(setCondition(undefined, ready, T0)).toEqual([{ ...ready, lastTransitionTime: '2026-01-01T00:00:00Z' }]);
  });

  it('gives the same array back where nothing differs', () => {
    const before = setCondition([], ready, T0);
    expect(setCondition(before, ready, T1)).toBe(before);
  });

  it('keeps the time while the status stays', () => {
    const before = setCondition([], ready, T0);
    const after = setCondition(before, { ...ready, message: 'still well', observedGeneration: 2 }, T1);
    expect(after).not.toBe(before);
    expect(after).toEqual([
      { ...ready, message: 'still well', observedGeneration: 2, lastTransitionTime: '2026-01-01T00:00:00Z' },
    ]);
    expect(before[0]?.message).toBe('all is well');
  });

  it('moves the time when the status flips, and only on that condition', () => {
    const before = setCondition(setCondition([], ready, T0), { ...ready, type: 'Other' }, T0);
    const after = setCondition(before, { ...ready, status: 'False' }, T1);
    expect(after.map((each) => each.lastTransitionTime)).toEqual(['2026-01-01T00:01:00Z', '2026-01-01T00:00:00Z']);
  });
});

it('removes, finds, compares', () => {
  const conditions = setCondition([], ready, T0);
  expect(findCondition(conditions, 'Ready')).toBe(conditions[0]);
  expect(removeCondition(conditions, 'Absent')).toBe(conditions);
  expect(removeCondition(conditions, 'Ready')).toEqual([]);
  expect(conditionsEqual(conditions, structuredClone(conditions))).toBe(true);
  expect(conditionsEqual(conditions, setCondition([], ready, T1))).toBe(false);
  expect(conditionsEqual(undefined, [])).toBe(true);
});
