import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Limiter } from './limiter.ts';

const limiter = (requestsPerSecond: number, concurrency: number): Limiter =>
  new Limiter({ requestsPerSecond, concurrency, monotonic: () => performance.now() });
const never = (): AbortSignal => new AbortController().signal;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Starts `n` acquisitions that give back at once, and notes when and in which order they got through. */
function note(limiter: Limiter, n: number): { at: number[]; order: number[] } {
  const out = { at: [] as number[], order: [] as number[] };
  const start = performance.now();
  for (let i = 0; i < n; i++) {
    void limiter.acquire(never()).then((release) => {
      out.at.push(performance.now() - start);
      out.order.push(i);
      release?.();
    });
  }
  return out;
}

describe('Limiter', () => {
  test('lets a burst through, then holds the rate, in order of arrival', async () => {
    const noted = note(limiter(10, 3), 33);
    await vi.advanceTimersByTimeAsync(0);
    expect(noted.order).toEqual([0, 1, 2]);
    await vi.advanceTimersByTimeAsync(3100);
    expect(noted.order).toEqual(Array.from({ length: 33 }, (_, i) => i));
    expect(noted.at.at(-1)).toBeGreaterThanOrEqual(2990);
  });

  test('bursts no more than one request at less than one per second', async () => {
    const noted = note(limiter(0.5, 4), 2);
    await vi.advanceTimersByTimeAsync(1900);
    expect(noted.order).toEqual([0]);
    await vi.advanceTimersByTimeAsync(200);
    expect(noted.order).toEqual([0, 1]);
  });

  test('bounds what is in flight, whatever the rate', async () => {
    const gate = limiter(1000, 2);
    const first = await gate.acquire(never());
    await gate.acquire(never());
    let third = false;
    void gate.acquire(never()).then(() => (third = true));
    await vi.advanceTimersByTimeAsync(1000);
    expect(third).toBe(false);
    first?.();
    first?.(); // a second return of the same slot frees nothing
    await vi.advanceTimersByTimeAsync(10);
    expect(third).toBe(true);
    let fourth = false;
    void gate.acquire(never()).then(() => (fourth = true));
    await vi.advanceTimersByTimeAsync(1000);
    expect(fourth).toBe(false);
  });

  test('a wait can be called off and takes nothing with it', async () => {
    const gate = limiter(1, 1);
    const release = await gate.acquire(never());
    const control = new AbortController();
    const gone = gate.acquire(control.signal);
    let other = false;
    void gate.acquire(never()).then(() => (other = true));
    control.abort();
    expect(await gone).toBeNull();
    expect(await gate.acquire(AbortSignal.abort())).toBeNull();
    release?.();
    await vi.advanceTimersByTimeAsync(1100);
    expect(other).toBe(true);
  });

  test('a wait that is called off leaves no timer behind', async () => {
    const gate = limiter(1, 1);
    (await gate.acquire(never()))?.();
    const control = new AbortController();
    const gone = gate.acquire(control.signal);
    expect(vi.getTimerCount()).toBe(1);
    control.abort();
    expect(await gone).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('an urgent request passes the queue and needs no slot, but waits for the bucket', async () => {
    const gate = limiter(1, 1);
    await gate.acquire(never()); // keeps the only slot
    let ordinary = false;
    void gate.acquire(never()).then(() => (ordinary = true));
    let urgent = false;
    void gate.acquireUrgent(never()).then((ok) => (urgent = ok));
    await vi.advanceTimersByTimeAsync(900);
    expect(urgent).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect([urgent, ordinary]).toEqual([true, false]);
  });

  test('a pause holds everybody back', async () => {
    const gate = limiter(1000, 4);
    gate.pause(5000);
    const noted = note(gate, 2);
    await vi.advanceTimersByTimeAsync(4990);
    expect(noted.order).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(noted.order).toEqual([0, 1]);
  });

  test('refuses a rate or width that makes no sense', () => {
    expect(() => limiter(0, 1)).toThrow(RangeError);
    expect(() => limiter(Number.NaN, 1)).toThrow(RangeError);
    expect(() => limiter(1, 0)).toThrow(RangeError);
  });
});
