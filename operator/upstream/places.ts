// A bounded number of places for those who wait for upstreams that may never answer: first come, first served, urgent ones first.
// Promise kept here: isolated (9): whoever has heard nothing for a while lends the place to the next and takes it back with the
// next answer. Silence is no work, so those who are met with silence, however many, keep nobody else from working.

export interface PlacesOptions {
  /** At least 1. */
  readonly places: number;
  /** After so much silence, ms, a place is lent. */
  readonly patienceMs: number;
}

/** A place in somebody's hands. */
export interface Place {
  /** Upstream said something: the place counts again, at once, even if that makes one more than there are. */
  heard(): void;
  /** From now on its holder works and waits for no one: the place counts until it is given back. */
  keep(): void;
  /** Gives it back. Idempotent. */
  release(): void;
}

interface Waiter {
  grant(): void;
}

export class Places {
  readonly #options: PlacesOptions;
  readonly #urgent: Waiter[] = [];
  readonly #waiting: Waiter[] = [];
  #taken = 0;

  /** Throws RangeError for less than one place. */
  constructor(options: PlacesOptions) {
    if (!(Number.isInteger(options.places) && options.places >= 1)) {
      throw new RangeError('places must be a positive integer');
    }
    this.#options = options;
  }

  /** Places that count now; without those lent. */
  get taken(): number {
    return this.#taken;
  }

  /** Waits for a place. @returns null if the signal ended the wait. */
  take(signal: AbortSignal, { urgent = false }: { readonly urgent?: boolean } = {}): Promise<Place | null> {
    if (signal.aborted) return Promise.resolve(null);
    const queue = urgent ? this.#urgent : this.#waiting;
    return new Promise((done) => {
      const onAbort = (): void => {
        queue.splice(queue.indexOf(waiter), 1);
        done(null);
      };
      const waiter: Waiter = {
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          done(this.#place());
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.push(waiter);
      this.#serve();
    });
  }

  #serve(): void {
    while (this.#taken < this.#options.places) {
      const next = this.#urgent.shift() ?? this.#waiting.shift();
      if (next === undefined) return;
      next.grant();
    }
  }

  #place(): Place {
    let counts = true;
    let released = false;
    this.#taken++;
    const count = (): void => {
      if (!counts) this.#taken++;
      counts = true;
    };
    const free = (): void => {
      if (counts) this.#taken--;
      counts = false;
      this.#serve();
    };
    const timer = setTimeout(free, this.#options.patienceMs);
    return {
      heard: () => {
        if (released) return;
        count();
        timer.refresh();
      },
      keep: () => {
        if (released) return;
        count();
        clearTimeout(timer);
      },
      release: () => {
        released = true;
        clearTimeout(timer);
        free();
      },
    };
  }
}
