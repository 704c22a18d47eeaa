import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Places } from '../../upstream/places.ts';
import { Turn } from './turn.ts';

const never = (): AbortSignal => new AbortController().signal;
const MINUTE = 60_000;
let places: Places;

beforeEach(() => {
  vi.useFakeTimers();
  places = new Places({ places: 1, patienceMs: 1000 });
});
afterEach(() => {
  if (vi.getTimerCount() + places.taken > 0) throw new Error('a timer or a place was left behind');
  vi.useRealTimers();
});

describe('the turn of a sync', () => {
  test('takes no place before upstream has answered', async () => {
    const turn = new Turn(places, false, never());
    expect(places.taken).toBe(0);
    await turn.begin();
    expect(places.taken).toBe(1);
    turn.end();
  });

  test('ends a reading that gets no answer for two minutes, and says so', async () => {
    const turn = new Turn(places, false, never());
    await turn.begin();
    await vi.advanceTimersByTimeAsync(2 * MINUTE - 1);
    expect(turn.reading.aborted).toBe(false);
    turn.heard();
    await vi.advanceTimersByTimeAsync(2 * MINUTE - 1);
    expect(turn.ended).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    expect(turn.reading.aborted).toBe(true);
    expect(turn.ended).toBe('Upstream answered nothing for 2 minutes.');
    turn.heard();
    turn.end();
  });

  test('lets one that gets answers read for hours, and not for ever', async () => {
    const turn = new Turn(places, false, never());
    await turn.begin();
    for (let minutes = 0; minutes < 6 * 60 - 1; minutes++) {
      await vi.advanceTimersByTimeAsync(MINUTE);
      turn.heard();
    }
    expect(turn.reading.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(turn.ended).toMatch(/^The tree was not read within 6 hours.*--upstream-requests-per-second/);
    turn.end();
  });

  test('counts neither the wait for a place nor the work after the reading', async () => {
    const first = await places.take(never());
    first?.keep();
    const turn = new Turn(places, false, never());
    const begun = turn.begin();
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    first?.release();
    await begun;
    expect(turn.waitedMs).toBe(10 * MINUTE);
    turn.work();
    await vi.advanceTimersByTimeAsync(10 * 60 * MINUTE);
    expect(turn.ended).toBeNull();
    expect(places.taken).toBe(1);
    turn.end();
  });

  test('one that a shutdown calls off while it waits takes no place', async () => {
    const first = await places.take(never());
    const control = new AbortController();
    const turn = new Turn(places, true, control.signal);
    const begun = turn.begin();
    control.abort();
    await begun;
    expect(turn.reading.aborted).toBe(true);
    expect(turn.ended).toBeNull();
    turn.end();
    first?.release();
  });
});
