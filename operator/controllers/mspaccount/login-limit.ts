// Refused logins lock accounts upstream: at most three an hour for each host and username, however many Secrets and requests for
// a sync come in (promise 10). Across restarts `status.credentials.refusedAt` keeps a refused login from being repeated.

import { createHash } from 'node:crypto';

const LIMIT = 3;
const WINDOW_MS = 3_600_000;
const MAX_KEPT = 10_000;

export class LoginLimit {
  readonly #refusals = new Map<string, number[]>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** 0 if a login may be tried now, else how long to wait, ms. */
  waitMs(endpoint: string, username: string): number {
    const recent = this.#recent(keyOf(endpoint, username));
    const oldest = recent[recent.length - LIMIT];
    return oldest === undefined ? 0 : Math.max(0, oldest + WINDOW_MS - this.#now());
  }

  /** Upstream refused this login just now. */
  refused(endpoint: string, username: string): void {
    const key = keyOf(endpoint, username);
    const recent = [...this.#recent(key), this.#now()];
    this.#refusals.delete(key);
    this.#refusals.set(key, recent.slice(-LIMIT));
    const [first] = this.#refusals.keys();
    if (this.#refusals.size > MAX_KEPT && first !== undefined) this.#refusals.delete(first);
  }

  #recent(key: string): number[] {
    return (this.#refusals.get(key) ?? []).filter((at) => at > this.#now() - WINDOW_MS);
  }
}

/** No username is kept. */
function keyOf(endpoint: string, username: string): string {
  return createHash('sha256').update(`${endpoint}\n${username.trim().toLowerCase()}`).digest('hex');
}
