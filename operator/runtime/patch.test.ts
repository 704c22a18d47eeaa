// The merge patch does what it says when applied by the rules of RFC 7386, and is empty where nothing differs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepEqual, mergePatch } from './patch.ts';

/** RFC 7386, section 2. */
function apply(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isMap = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result = new Map(isMap ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, apply(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** Without nulls in maps: what can be stored. */
function stored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(entries.map(([key, each]) => [key, stored(each)]));
}

describe('mergePatch', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, undefined],
    [{ a: 1 }, { a: 2 }, { a: 2 }],
    [{ a: 1, b: 2 }, { a: 1 }, { b: null }],
    [{ a: 1 }, { a: undefined }, { a: null }],
    [{}, { a: null }, undefined],
    [{ a: null }, {}, undefined],
    [{ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 3 } }],
    [{ a: [1, 2] }, { a: [1, 2] }, undefined],
    [{ a: [1, 2] }, { a: [2, 1] }, { a: [2, 1] }],
    [{}, { a: {} }, { a: {} }],
    [{ a: [1] }, { a: { b: 1, c: null } }, { a: { b: 1 } }],
    [{ a: { b: 1 } }, { a: 'x' }, { a: 'x' }],
    [undefined, { a: 1 }, { a: 1 }],
  ])('%j → %j is %j', (from, to, patch) => {
    expect(mergePatch(from, to)).toEqual(patch);
  });

  const key = fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', 'toString'), fc.string());
  const { map } = fc.letrec((tie) => ({
    map: fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, 1, 'x', ''),
      tie('map'),
      fc.array(tie('map'), { maxLength: 2 }),
    ),
  }));

  it('applied, gives the target; and then nothing differs', () => {
    fc.assert(
      fc.property(map, map, (from, to) => {
        const source = stored(from);
        const target = stored(to);
        const patch = mergePatch(source, to);
        const result = patch === undefined ? source : apply(source, patch);
        expect(deepEqual(result, target)).toBe(true);
        expect(mergePatch(result, to)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});
