// The circuit breaker of each account: after some syncs in a row that ended by an outage the next ones begin with a single request,
// and go on only if that is answered. Promise kept here: isolated (9). In memory, and empty after a restart: an upstream that is
// still dead then opens it again.

const OUTAGES = 3;
const MAX_KEPT = 10_000;

export class Breaker {
  /** Syncs in a row that ended by an outage, by key of the account; an account whose upstream answers is not in it. */
  readonly #outages = new Map<string, number>();

  /** Accounts whose breaker is open. */
  get open(): number {
    return [...this.#outages.values()].filter((outages) => outages >= OUTAGES).length;
  }

  isOpen(key: string): boolean {
    return this.outages(key) >= OUTAGES;
  }

  outages(key: string): number {
    return this.#outages.get(key) ?? 0;
  }

  /** A sync ended by an outage. */
  failed(key: string): void {
    const outages = this.outages(key) + 1;
    this.#outages.delete(key);
    this.#outages.set(key, outages);
    const [oldest] = this.#outages.keys();
    if (this.#outages.size > MAX_KEPT && oldest !== undefined) this.#outages.delete(oldest);
  }

  /** Upstream answered, or the account is gone. */
  forget(key: string): void {
    this.#outages.delete(key);
  }
}
