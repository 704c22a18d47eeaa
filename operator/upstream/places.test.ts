import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Places, type Place } from './places.ts';

const never = (): AbortSignal => new AbortController().signal;
const PATIENCE_MS = 1000;
const places = (count: number): Places => new Places({ places: count, patienceMs: PATIENCE_MS });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  if (vi.getTimerCount() > 0) throw new Error('a timer was left behind');
  vi.useRealTimers();
});

async function taken(all: Places): Promise<Place> {
  const place = await all.take(never());
  if (place === null) throw new Error('no place');
  return place;
}

/** Takes a place, and notes its name as soon as it has it. */
function note(all: Places, name: string, got: string[], urgent = false): Promise<Place | null> {
  return all.take(never(), { urgent }).then((place) => {
    got.push(name);
    return place;
  });
}

describe('places', () => {
  test('are bounded and given in order of arrival, urgent ones first', async () => {
    const all = places(1);
    const first = await taken(all);
    const got: string[] = [];
    const later = [note(all, 'a', got), note(all, 'b', got), note(all, 'urgent', got, true)];
    await vi.advanceTimersByTimeAsync(PATIENCE_MS - 1);
    expect(got).toEqual([]);
    first.release();
    for (const expected of [['urgent'], ['urgent', 'a'], ['urgent', 'a', 'b']]) {
      await vi.advanceTimersByTimeAsync(0);
      expect(got).toEqual(expected);
      expect(all.taken).toBe(1);
      for (const place of later) {
        void place.then((held) => {
          if (got.length === expected.length) held?.release();
        });
      }
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(all.taken).toBe(0);
  });

  test('are lent while their holders hear nothing, and counted again with the next answer', async () => {
    const all = places(1);
    const silent = await taken(all);
    const got: string[] = [];
    const second = note(all, 'second', got);
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(got).toEqual(['second']);
    expect(all.taken).toBe(1);
    silent.heard();
    expect(all.taken).toBe(2);
    const third = note(all, 'third', got);
    (await second)?.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(got).toEqual(['second']); // the first one counts: there is no place for a third
    silent.release();
    (await third)?.release();
    expect(all.taken).toBe(0);
  });

  test('are not lent while answers come, nor while their holders work', async () => {
    const all = places(1);
    const busy = await taken(all);
    const got: string[] = [];
    const next = note(all, 'next', got);
    for (let answers = 0; answers < 5; answers++) {
      await vi.advanceTimersByTimeAsync(PATIENCE_MS - 1);
      busy.heard();
    }
    busy.keep();
    await vi.advanceTimersByTimeAsync(100 * PATIENCE_MS);
    expect(got).toEqual([]);
    busy.release();
    (await next)?.release();
  });

  test('a place that was lent counts once, however it ends', async () => {
    const all = places(2);
    const lent = await taken(all);
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(all.taken).toBe(0);
    lent.release();
    lent.release();
    lent.heard();
    lent.keep();
    expect(all.taken).toBe(0);
    const kept = await taken(all);
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    kept.keep();
    expect(all.taken).toBe(1);
    kept.release();
    expect(all.taken).toBe(0);
  });

  test('whoever is called off leaves the queue', async () => {
    const all = places(1);
    const first = await taken(all);
    const control = new AbortController();
    const gone = all.take(control.signal);
    const got: string[] = [];
    const next = note(all, 'next', got);
    control.abort();
    expect(await gone).toBeNull();
    expect(await all.take(control.signal)).toBeNull();
    first.release();
    (await next)?.release();
    expect(all.taken).toBe(0);
  });

  test('less than one place is a mistake', () => {
    expect(() => places(0)).toThrow(RangeError);
  });
});
