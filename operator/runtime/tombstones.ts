// Remembers for a while what we deleted ourselves, so that an older event of the watch does not bring it back to life.

import type { Clock } from './clock.ts';
import { isNewer } from './object.ts';

export interface Tombstone {
  readonly uid: string;
  /** At least this old is the deletion. */
  readonly resourceVersion: string | null;
  readonly expiresAt: number;
}

/** Longer than any delay of a watch that is alive; the deletion itself, seen on the watch, clears it at once. */
const LIFETIME_MS = 10 * 60_000;
const MAX_COUNT = 50_000;

export class Tombstones {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Tombstone>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#byKey.size;
  }

  add(key: string, uid: string, resourceVersion: string | null): void {
    this.#byKey.delete(key);
    this.#byKey.set(key, { uid, resourceVersion, expiresAt: this.#clock.monotonic() + LIFETIME_MS });
    // Insertion order is order of expiry.
    for (const [oldest, { expiresAt }] of this.#byKey) {
      if (this.#byKey.size <= MAX_COUNT && expiresAt > this.#clock.monotonic()) break;
      this.#byKey.delete(oldest);
    }
  }

  /** Is this state of an object older than our deletion? A uid that was deleted never comes back. */
  buries(key: string, uid: string, resourceVersion: string): boolean {
    const stone = this.#byKey.get(key);
    if (stone === undefined) return false;
    if (stone.expiresAt <= this.#clock.monotonic()) {
      this.#byKey.delete(key);
      return false;
    }
    if (stone.uid === uid) return true;
    return stone.resourceVersion !== null && isNewer(stone.resourceVersion, resourceVersion);
  }

  clear(key: string, uid: string): void {
    if (this.#byKey.get(key)?.uid === uid) this.#byKey.delete(key);
  }

  clearAll(): void {
    this.#byKey.clear();
  }
}
