// Ends a watch that shows no life: one that outlives the end that the server was asked for, or on which nothing comes though
// something must. A connection that a load balancer has forgotten tells nothing by itself.

import { every, type Clock } from './clock.ts';

export type WatchEnd = 'ended' | 'silent' | 'overdue';

export class WatchGuard {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #caller: AbortSignal;
  readonly #onAbort = (): void => this.#controller.abort(this.#caller.reason);
  readonly #stop: () => void;
  #lastLife: number;
  #silenceMs = Infinity;
  #verdict: WatchEnd = 'ended';

  /** @param longestMs from now on; then it is overdue. @param checkMs how often to look */
  constructor(clock: Clock, caller: AbortSignal, longestMs: number, checkMs: number) {
    this.#clock = clock;
    this.#caller = caller;
    caller.addEventListener('abort', this.#onAbort, { once: true });
    if (caller.aborted) this.#onAbort();
    const started = clock.monotonic();
    this.#lastLife = started;
    this.#stop = every(clock, checkMs, () => {
      const now = clock.monotonic();
      if (this.#controller.signal.aborted) return;
      if (now - started > longestMs) this.#kill('overdue');
      else if (now - this.#lastLife > this.#silenceMs) this.#kill('silent');
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something came. */
  alive(): void {
    this.#lastLife = this.#clock.monotonic();
  }

  /** From here on something must come within that time, again and again. */
  expectEvery(ms: number): void {
    this.#silenceMs = ms;
  }

  /** Why the guard ended it; `ended` if it did not. */
  get verdict(): WatchEnd {
    return this.#verdict;
  }

  stop(): void {
    this.#stop();
    this.#caller.removeEventListener('abort', this.#onAbort);
  }

  #kill(verdict: WatchEnd): void {
    this.#verdict = verdict;
    this.#controller.abort(new Error(`the watch is ${verdict}`));
  }
}
