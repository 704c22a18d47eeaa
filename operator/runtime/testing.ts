// For tests: a clock that stands still until told, a silent logger, a random source with a seed.

import { pino } from 'pino';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import type { Deps } from './deps.ts';
import { Metrics } from './metrics.ts';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(now = 1_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, running what falls due in its order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#nextBefore(end); next !== null; next = this.#nextBefore(end)) {
      this.#now = next.at;
      this.#timers.delete(next);
      next.run();
      await settle();
    }
    this.#now = end;
  }

  #nextBefore(end: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) if (timer.at <= end && (next === null || timer.at < next.at)) next = timer;
    return next;
  }
}

/** Lets everything that needs no time happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export function testDeps<C extends Clock>(clock: C): Deps & { readonly clock: C } {
  return { log: pino({ level: 'silent' }), metrics: new Metrics(), clock, random: seededRandom(1) };
}

export function realDeps(): Deps {
  return testDeps(systemClock);
}

/** Small and good enough for jitter (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Waits for something that another party brings about. */
export async function eventually(check: () => boolean | Promise<boolean>, what: string, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
