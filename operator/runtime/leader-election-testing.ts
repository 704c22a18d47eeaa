// For tests of leader election by the clock: a lease with the optimistic lock of the API server, candidates whose wire can fail,
// and the clock of a process that can be stopped.

import { sleep, type Clock } from './clock.ts';
import { KubeError } from './errors.ts';
import { LeaderElector, type ElectionEnd, type ElectionNews } from './leader-election.ts';
import type { Lease, LeaseSpec } from './lease.ts';
import { seededRandom, type ManualClock } from './testing.ts';

export const TIMES = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

/** One lease with the optimistic lock of the API server. */
export class Store {
  lease: Lease | null = null;
  /** Told of each change. */
  readonly followers = new Set<() => void>();
  #version = 0;

  put(spec: LeaseSpec): Lease {
    const metadata = { name: 'lease', uid: 'uid', resourceVersion: String(++this.#version) };
    this.lease = { metadata, spec };
    for (const tell of this.followers) tell();
    return this.lease;
  }
}

/** How the wire treats a candidate's requests; `lostAnswer`: done, but the answer does not come. */
export type Wire = 'works' | 'refuses' | 'hangs' | 'lostAnswer';

export class Candidate {
  wire: Wire = 'works';
  /** How long answers are under way. */
  answerMs = 0;
  stuck = false;
  /** Whether it is told of changes, if its wire works; so far it only looks. */
  hears = false;
  /** Tells it that the lease may have changed. */
  alarm: () => void = () => {};
  until = 0;
  requests = 0;
  end: ElectionEnd | null = null;
  readonly news: ElectionNews[] = [];
  readonly elector: LeaderElector;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  running: Promise<void> = Promise.resolve();

  constructor(store: Store, clock: Clock, identity: string, seed = 1, network = clock) {
    this.#clock = clock;
    const wired = async <T>(signal: AbortSignal | undefined, work: () => T): Promise<T> => {
      this.requests++;
      if (this.wire === 'refuses') throw new KubeError({ status: 500, reason: 'InternalError', message: 'no' });
      const result = this.wire === 'hangs' ? null : work();
      if (this.wire === 'works') {
        if (this.answerMs > 0) await sleep(network, this.answerMs);
        return result as T;
      }
      return new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
      );
    };
    const conflict = (reason: string): KubeError => new KubeError({ status: 409, reason, message: reason });
    const client = {
      get: (_r: unknown, _k: unknown, { signal }: { signal?: AbortSignal }) =>
        wired(signal, () => {
          if (store.lease === null) throw new KubeError({ status: 404, reason: 'NotFound', message: 'none' });
          return store.lease;
        }),
      create: (_r: unknown, _n: unknown, object: Lease, { signal }: { signal?: AbortSignal }) =>
        wired(signal, () => {
          if (store.lease !== null) throw conflict('AlreadyExists');
          return store.put(object.spec ?? {});
        }),
      patch: (_r: unknown, _k: unknown, patch: Lease, { signal }: { signal?: AbortSignal }) =>
        wired(signal, () => {
          if (store.lease === null) throw new KubeError({ status: 404, reason: 'NotFound', message: 'none' });
          if (store.lease.metadata.resourceVersion !== patch.metadata.resourceVersion) throw conflict('Conflict');
          return store.put({ ...store.lease.spec, ...patch.spec });
        }),
    };
    this.elector = new LeaderElector(
      { ...TIMES, namespace: 'ns', name: 'lease', identity },
      {
        client: client as never,
        clock,
        random: seededRandom(seed),
        follow: (onChange, signal) => {
          this.alarm = onChange;
          const tell = (): void => {
            if (this.hears && this.wire === 'works') onChange();
          };
          store.followers.add(tell);
          return new Promise((resolve) => {
            const end = (): void => {
              store.followers.delete(tell);
              this.alarm = () => {};
              resolve();
            };
            signal.addEventListener('abort', end, { once: true });
          });
        },
        mayRenew: () => !this.stuck,
        onHeld: (until) => {
          this.until = until;
        },
        onNews: (news) => this.news.push(news),
      },
    );
  }

  get leads(): boolean {
    return this.#clock.monotonic() < this.until;
  }

  start(): this {
    this.running = this.elector.run(this.#stop.signal).then((end) => {
      this.end = end;
    });
    return this;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await this.running;
  }
}

/** The clock of a process that can be stopped: its timers wait until it goes on, time does not. */
export class Standstill implements Clock {
  readonly #clock: ManualClock;
  #goesOnAt = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, run: () => void): () => void {
    let cancel = this.#clock.after(ms, () => {
      const left = this.#goesOnAt - this.#clock.monotonic();
      if (left <= 0) run();
      else cancel = this.#clock.after(left, run);
    });
    return () => cancel();
  }

  async freeze(ms: number): Promise<void> {
    this.#goesOnAt = this.#clock.monotonic() + ms;
    await this.#clock.advance(ms);
  }
}
