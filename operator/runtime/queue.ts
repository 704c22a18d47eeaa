// A queue of keys to work on. A key waits at most once and is in the hands of at most one worker; added while it is being
// worked on, it waits again as soon as that is done. Two priorities, so that a person's change overtakes bulk work.

import { backoffDelay } from './backoff.ts';
import type { Deps } from './deps.ts';
import { Delays } from './delays.ts';
import { QueueMetrics } from './queue-metrics.ts';

export type Priority = 'high' | 'low';

export interface QueueOptions extends Omit<Deps, 'log'> {
  readonly name: string;
  /** Delay after the first failure of a key; doubles with each further one. Default: 250 ms. */
  readonly backoffBaseMs?: number;
  /** Default: 5 min. */
  readonly backoffMaxMs?: number;
  /** After so many keys of high priority in a row, one of low priority that waits gets its turn. Default: 8. */
  readonly highInARow?: number;
}

export interface Work {
  readonly key: string;
  readonly priority: Priority;
}

export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #metrics: QueueMetrics;
  /** Waiting keys with the time they came, oldest first. A key is in one of the two at most. */
  readonly #waiting = { high: new Map<string, number>(), low: new Map<string, number>() };
  /** Keys in the hands of a worker, with the time it took them. */
  readonly #processing = new Map<string, number>();
  /** Keys added while they are being worked on. */
  readonly #again = new Map<string, Priority>();
  readonly #failures = new Map<string, number>();
  readonly #delays: Delays;
  readonly #delayedHigh = new Set<string>();
  #workers: ((work: Work | null) => void)[] = [];
  #idle: (() => void)[] = [];
  #highServed = 0;
  #shutDown = false;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#delays = new Delays(options.clock, (key) => this.add(key, this.#delayedHigh.delete(key) ? 'high' : 'low'));
    this.#metrics = new QueueMetrics(
      options.metrics,
      options.name,
      () => this.depth,
      () => {
        const now = options.clock.monotonic();
        return [...this.#processing.values()].map((since) => (now - since) / 1000);
      },
    );
  }

  /** Keys that wait for a worker now; without delayed ones and those under way. */
  get depth(): number {
    return this.#waiting.high.size + this.#waiting.low.size;
  }

  get delayed(): number {
    return this.#delays.size;
  }

  get processing(): string[] {
    return [...this.#processing.keys()];
  }

  add(key: string, priority: Priority = 'low'): void {
    if (this.#shutDown) return;
    if (this.#processing.has(key)) {
      if (!this.#again.has(key)) this.#metrics.adds();
      if (this.#again.get(key) !== 'high') this.#again.set(key, priority);
      return;
    }
    if (this.#waiting.high.has(key)) return;
    const since = this.#waiting.low.get(key);
    if (since === undefined) this.#metrics.adds();
    else if (priority === 'low') return;
    this.#waiting.low.delete(key);
    this.#waiting[priority].set(key, since ?? this.#options.clock.monotonic());
    this.#serve();
  }

  /** If the key is delayed already, the earlier time and the higher priority win. */
  addAfter(key: string, ms: number, priority: Priority = 'low'): void {
    if (this.#shutDown) return;
    if (ms <= 0) {
      this.add(key, priority);
      return;
    }
    if (priority === 'high') this.#delayedHigh.add(key);
    this.#delays.add(key, ms);
  }

  /** Adds after this key's own back-off; returns that delay. */
  addRateLimited(key: string, priority: Priority = 'low'): number {
    const { backoffBaseMs = 250, backoffMaxMs = 300_000, random } = this.#options;
    const failures = this.#failures.get(key) ?? 0;
    const delay = backoffDelay(failures, { baseMs: backoffBaseMs, maxMs: backoffMaxMs, random });
    if (this.#shutDown) return delay;
    this.#failures.set(key, failures + 1);
    this.#metrics.retries();
    this.addAfter(key, delay, priority);
    return delay;
  }

  /** The key is well: its next failure starts from the shortest delay. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, which must be given back with `done`; `null` after `shutDown`. */
  get(): Promise<Work | null> {
    if (this.#shutDown) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#workers.push(resolve);
      this.#serve();
    });
  }

  done(key: string): void {
    const since = this.#processing.get(key);
    if (since === undefined) return;
    this.#processing.delete(key);
    this.#metrics.worked((this.#options.clock.monotonic() - since) / 1000);
    const again = this.#again.get(key);
    this.#again.delete(key);
    if (again !== undefined && !this.#shutDown) {
      this.#waiting[again].set(key, this.#options.clock.monotonic());
      this.#serve();
    }
    if (this.#processing.size === 0) for (const tell of this.#idle.splice(0)) tell();
  }

  /**
   * Takes nothing more in and drops what waits: a restart lists everything anyway, and thousands of waiting keys would take
   * the whole time that a shutdown has. Workers get `null`; keys under way are waited for with `drained`.
   */
  shutDown(): void {
    if (this.#shutDown) return;
    this.#shutDown = true;
    this.#delays.clear();
    this.#delayedHigh.clear();
    this.#again.clear();
    this.#failures.clear();
    this.#waiting.high.clear();
    this.#waiting.low.clear();
    for (const give of this.#workers.splice(0)) give(null);
    this.#metrics.stop();
  }

  /** Resolves when no key is under way. */
  drained(): Promise<void> {
    if (this.#processing.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #serve(): void {
    while (this.#workers.length > 0 && this.depth > 0) {
      const work = this.#next();
      const give = this.#workers.shift();
      if (work === null || give === undefined) return;
      give(work);
    }
  }

  #next(): Work | null {
    const { highInARow = 8, clock } = this.#options;
    const { high, low } = this.#waiting;
    const priority = high.size > 0 && (low.size === 0 || this.#highServed < highInARow) ? 'high' : 'low';
    this.#highServed = priority === 'high' && low.size > 0 ? this.#highServed + 1 : 0;
    for (const [key, since] of this.#waiting[priority]) {
      this.#waiting[priority].delete(key);
      const now = clock.monotonic();
      this.#processing.set(key, now);
      this.#metrics.waited((now - since) / 1000);
      return { key, priority };
    }
    return null;
  }
}
