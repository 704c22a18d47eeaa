import { describe, expect, test } from 'vitest';
import { Lane, lanePlaces } from './lane.ts';

describe('the lane of accounts that are not known to be well', () => {
  test('lets in as many as it has places, and the next when one leaves', () => {
    const lane = new Lane(2);
    const first = lane.enter();
    expect(lane.enter()).not.toBeNull();
    expect(lane.enter()).toBeNull();
    first?.();
    expect(lane.enter()).not.toBeNull();
    expect(lane.enter()).toBeNull();
  });

  test('a place is given back once', () => {
    const lane = new Lane(1);
    const leave = lane.enter();
    leave?.();
    leave?.();
    expect(lane.enter()).not.toBeNull();
    expect(lane.enter()).toBeNull();
  });

  test.each([
    [64, 32],
    [3, 2],
    [1, 1],
  ])('beside %i workers it has %i places', (workers, places) => expect(lanePlaces(workers)).toBe(places));
});
