import { describe, expect, test } from 'vitest';
import { Lane } from '../lane.ts';
import { Breaker } from './breaker.ts';

describe('the breaker of an account', () => {
  test('opens with the third outage in a row, and closes with the first answer', () => {
    const breaker = new Breaker();
    breaker.failed('ns/a');
    breaker.failed('ns/a');
    breaker.forget('ns/a');
    breaker.failed('ns/a');
    breaker.failed('ns/a');
    expect(breaker.isOpen('ns/a')).toBe(false);
    breaker.failed('ns/a');
    expect([breaker.isOpen('ns/a'), breaker.isOpen('ns/b'), breaker.open]).toEqual([true, false, 1]);
    breaker.failed('ns/a');
    expect(breaker.isOpen('ns/a')).toBe(true);
    breaker.forget('ns/a');
    expect([breaker.isOpen('ns/a'), breaker.open]).toEqual([false, 0]);
  });

  test('is bounded: those that failed longest ago are forgotten', () => {
    const breaker = new Breaker();
    for (let n = 0; n < 10_001; n++) breaker.failed(`ns/${n}`);
    expect([breaker.outages('ns/0'), breaker.outages('ns/1'), breaker.outages('ns/10000')]).toEqual([0, 1, 1]);
  });
});

test.each([
  [1, 1],
  [4, 1],
  [32, 8],
])('of %i workers the lane is %i', (workers, places) => {
  const lane = new Lane(workers);
  for (let n = 0; n < places; n++) expect(lane.enter(`ns/${n}`)).toBe(true);
  expect(lane.enter('ns/more')).toBe(false);
  lane.leave('ns/more'); // was never in
  expect(lane.size).toBe(places);
  lane.leave('ns/0');
  expect(lane.enter('ns/more')).toBe(true);
});
