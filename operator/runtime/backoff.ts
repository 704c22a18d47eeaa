// Exponential back-off with jitter and a cap.

export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly random: () => number;
}

/** The delay before try number `failures + 1`, between half and the whole of min(max, base × 2^failures). */
export function backoffDelay(failures: number, options: BackoffOptions): number {
  const full = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(failures, 40));
  return full * (0.5 + options.random() / 2);
}

export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  next(): number {
    return backoffDelay(this.#failures++, this.#options);
  }

  reset(): void {
    this.#failures = 0;
  }
}

/**
 * Of a party that can be away, or there and unable. Each has its own count: when a server comes back after minutes, it turns callers
 * away for a moment until it is set up, and they must not wait minutes more for that.
 */
export class PartyBackoff {
  readonly #away: Backoff;
  readonly #unable: Backoff;

  constructor(options: BackoffOptions) {
    this.#away = new Backoff(options);
    this.#unable = new Backoff(options);
  }

  get failures(): number {
    return this.#away.failures + this.#unable.failures;
  }

  /** @param answered it was there, and said no */
  next(answered: boolean): number {
    return (answered ? this.#unable : this.#away).next();
  }

  reset(): void {
    this.#away.reset();
    this.#unable.reset();
  }
}
