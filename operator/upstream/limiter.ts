// How fast and how wide a client may ask: a token bucket and a bound on requests in flight, first come, first served.
// ESET documents no limit for this API (domain: ema-api §11, "rate limit"), so a conservative one of our own protects it.
// Promise kept here: isolated (9): one client's queue is its own, and whoever waits in it can be called off.

export interface LimiterOptions {
  readonly requestsPerSecond: number;
  readonly concurrency: number;
  /** Monotonic milliseconds: a wall clock that is set back must not stop the bucket. */
  readonly monotonic: () => number;
}

interface Waiter {
  grant(): void;
}

export class Limiter {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #concurrency: number;
  readonly #monotonic: () => number;
  readonly #queue: Waiter[] = [];
  readonly #urgent: Waiter[] = [];
  #tokens: number;
  #refilledAt: number;
  #pausedUntil = -Infinity;
  #inFlight = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor({ requestsPerSecond, concurrency, monotonic }: LimiterOptions) {
    if (!(requestsPerSecond > 0 && requestsPerSecond < Infinity)) {
      throw new RangeError('requestsPerSecond must be a positive number');
    }
    if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
      throw new RangeError('concurrency must be a positive integer');
    }
    this.#perMs = requestsPerSecond / 1000;
    // More burst than requests in flight would only double the rate of the first second.
    this.#burst = Math.max(1, Math.min(requestsPerSecond, concurrency));
    this.#concurrency = concurrency;
    this.#monotonic = monotonic;
    this.#tokens = this.#burst;
    this.#refilledAt = monotonic();
  }

  /**
   * Waits for a slot and for the bucket, in order of arrival.
   * @returns the function that gives the slot back (once), or `null` if the signal ended the wait.
   */
  async acquire(signal: AbortSignal): Promise<(() => void) | null> {
    if (!(await this.#wait(this.#queue, signal, () => this.#inFlight++))) return null;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#inFlight--;
      this.#drain();
    };
  }

  /**
   * Waits for the bucket alone, ahead of the queue: for a login made on behalf of a request that already holds a slot
   * (waiting for a second slot could wait for ever). @returns false if the signal ended the wait.
   */
  acquireUrgent(signal: AbortSignal): Promise<boolean> {
    return this.#wait(this.#urgent, signal, () => {});
  }

  /** Lets nothing more out for so long (a `Retry-After`); requests in flight go on. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#monotonic() + ms);
  }

  #wait(queue: Waiter[], signal: AbortSignal, onGrant: () => void): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((done) => {
      const waiter: Waiter = {
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          onGrant();
          done(true);
        },
      };
      const onAbort = (): void => {
        const at = queue.indexOf(waiter);
        if (at >= 0) queue.splice(at, 1);
        done(false);
        this.#drain(); // disarms the timer if nobody else waits for it
      };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.push(waiter);
      this.#drain();
    });
  }

  #drain(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (;;) {
      const from = this.#urgent.length > 0 ? this.#urgent : this.#inFlight < this.#concurrency ? this.#queue : [];
      if (from.length === 0) return;
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#drain(), Math.ceil(waitMs));
        return;
      }
      this.#tokens -= 1;
      from.shift()?.grant();
    }
  }

  #waitMs(): number {
    const now = this.#monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#refilledAt) * this.#perMs);
    this.#refilledAt = now;
    const forToken = this.#tokens >= 1 ? 0 : (1 - this.#tokens) / this.#perMs;
    return Math.max(forToken, this.#pausedUntil - now, 0);
  }
}
