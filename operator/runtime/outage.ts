// While the API server does not answer, one call at a time goes out to see whether it is back, after a pause that grows, and all
// others wait for what it finds. Without this a long list of work would run into a dead server as fast as that refuses, and be
// lost item by item; with it a restart costs the calls that were under way.

import { Backoff } from './backoff.ts';
import type { Deps } from './deps.ts';

/** Calls without an answer, in a row: more than some connections that had gone stale. */
const CALLS = 5;
/** The longest is short: once the server is back, work goes on within that. */
const PAUSE = { baseMs: 100, maxMs: 1_000 };
/** Whoever looks has the way to itself for so long; a call that hangs must not hold all others. */
const LOOK_MS = 3_000;

/** `unknown`: ended by its caller or its time limit, or never sent. */
export type Ending = 'answered' | 'unanswered' | 'unknown';

export class Outage {
  readonly #options: Pick<Deps, 'clock' | 'log'>;
  readonly #pause: Backoff;
  readonly #waiting = new Set<() => void>();
  #unanswered = 0;
  #since = 0;
  #lookUntil = -Infinity;

  constructor(options: Pick<Deps, 'clock' | 'log' | 'random'>) {
    this.#options = options;
    this.#pause = new Backoff({ ...PAUSE, random: options.random });
  }

  /**
   * Waits until a call may be sent, or its signal fires: the caller looks at that. Returns what must be told how the call ended.
   */
  async turn(signal: AbortSignal): Promise<(ending: Ending) => void> {
    const { clock } = this.#options;
    while (this.#unanswered >= CALLS && !signal.aborted) {
      const leftMs = this.#lookUntil - clock.monotonic();
      if (leftMs <= 0) {
        const pauseMs = this.#pause.next();
        this.#lookUntil = clock.monotonic() + pauseMs + LOOK_MS;
        await this.#wait(pauseMs, signal);
        return (ending) => this.#ended(ending, true);
      }
      await this.#wait(leftMs, signal);
    }
    return (ending) => this.#ended(ending, false);
  }

  #ended(ending: Ending, looked: boolean): void {
    const { clock, log } = this.#options;
    if (ending === 'unanswered' && ++this.#unanswered === CALLS) {
      this.#since = clock.monotonic();
      log.warn('the API server does not answer: calls wait until it does');
    }
    if (ending === 'answered') {
      const seconds = (clock.monotonic() - this.#since) / 1000;
      if (this.#unanswered >= CALLS) log.info({ seconds }, 'the API server answers again');
      this.#unanswered = 0;
      this.#pause.reset();
    }
    // What was under way when the server went says nothing about the look that has begun since.
    if (ending !== 'answered' && !looked) return;
    this.#lookUntil = -Infinity;
    for (const wake of this.#waiting) wake();
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener('abort', end);
        this.#waiting.delete(end);
        resolve();
      };
      const cancel = this.#options.clock.after(ms, end);
      signal.addEventListener('abort', end, { once: true });
      this.#waiting.add(end);
    });
  }
}
