// The workers for accounts whose upstream is not known to be well. A hanging upstream holds a worker for as long as its time-outs
// last; were all workers free to such accounts, a few dozen of them would stop every other (promise 9, isolated). So there are some
// workers more than accounts that are well ask for, and the others may have only so many.

import type { AccountView } from './account.ts';

/** A bound on how many may be inside at once. */
export class Lane {
  readonly #places: number;
  #taken = 0;

  /** @param places at least 1 */
  constructor(places: number) {
    this.#places = places;
  }

  /** @returns the function that gives the place back (once), or `null` if all are taken. */
  enter(): (() => void) | null {
    if (this.#taken >= this.#places) return null;
    this.#taken++;
    let inside = true;
    return () => {
      if (inside) this.#taken--;
      inside = false;
    };
  }
}

/** @param concurrency accounts that are well and worked on at the same time */
export function lanePlaces(concurrency: number): number {
  return Math.ceil(concurrency / 2);
}

/**
 * The circuit breaker: closed while the last crawl of the account was complete. Open, from the first that was not until one is
 * again, and for a new account: then the first question of a sync is asked once, without repeats, and nothing else before it is
 * answered. It is the status, so that it survives a restart.
 */
export function isWell({ status }: AccountView): boolean {
  return status.conditions?.some(({ type, status: is }) => type === 'Synchronized' && is === 'True') ?? false;
}
