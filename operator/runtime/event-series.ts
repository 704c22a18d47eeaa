// What the event recorder remembers: which events are repetitions of one another, and how many an object may have. Both are
// bounded; the oldest is forgotten first.

/** One event in the API server, and the repetitions it does not know of yet. */
export interface Series {
  readonly path: { readonly namespace: string; readonly name: string };
  count: number;
  lastSeenAt: number;
  /** Whether the event itself got through. A repetition written before it would find nothing to add to. */
  readonly created: Promise<boolean>;
  /** The repetitions are to be written soon. */
  pending: boolean;
}

/** A map that forgets what was not touched for longest. */
export class Recent<V> {
  readonly #max: number;
  readonly #map = new Map<string, V>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: string): V | undefined {
    const value = this.#map.get(key);
    if (value === undefined) return undefined;
    this.#map.delete(key);
    this.#map.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    for (const oldest of this.#map.keys()) {
      if (this.#map.size <= this.#max) break;
      this.#map.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#map.delete(key);
  }
}

/** A bucket of tokens per object: so many at once, then one each `refillMs`. */
export class RateLimit {
  readonly #burst: number;
  readonly #refillMs: number;
  readonly #buckets: Recent<{ tokens: number; at: number }>;

  constructor(burst: number, refillMs: number, maxObjects: number) {
    this.#burst = burst;
    this.#refillMs = refillMs;
    this.#buckets = new Recent(maxObjects);
  }

  take(key: string, now: number): boolean {
    const bucket = this.#buckets.get(key) ?? { tokens: this.#burst, at: now };
    const tokens = Math.min(this.#burst, bucket.tokens + (now - bucket.at) / this.#refillMs);
    const allowed = tokens >= 1;
    this.#buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now });
    return allowed;
  }
}
