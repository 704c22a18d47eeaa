// Follows ONE named object with the verbs get and watch alone (no list), and keeps nothing of it but its resourceVersion:
// for objects whose content nobody should hold longer than needed.
//
// The watch opens first, without a resourceVersion, and then one GET asks for the current state. In that order nothing can
// be missed: a change after the GET comes over the watch. The GET tells what no watch can: that the object is not there.

import { PartyBackoff } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { every, sleep } from './clock.ts';
import { jitter, type Deps } from './deps.ts';
import { KubeError, isForbidden, isNotFound } from './errors.ts';
import { compareResourceVersions, type Key, type Resource } from './object.ts';

export interface ObjectState {
  /** `null`: not there, or not to be seen. */
  readonly resourceVersion: string | null;
  /** We lack the permission. */
  readonly forbidden: boolean;
}

export interface ObjectWatchOptions extends Deps {
  readonly client: Pick<KubeClient, 'get' | 'watch'>;
  readonly resource: Resource;
  readonly key: Key;
  /** Called with every state that differs from the one before, the first included. */
  readonly onChange: (state: ObjectState) => void;
  /** False: no watch, a GET every `pollMs` (±25 %) instead. Asked anew at each turn. Default: true. */
  readonly mayWatch?: () => boolean;
  readonly tuning?: Partial<ObjectWatchTuning>;
}

export interface ObjectWatchTuning {
  readonly watchSecondsMin: number;
  readonly watchSecondsMax: number;
  readonly graceMs: number;
  readonly goodWatchMs: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  readonly pollMs: number;
  /** The first turn comes after a random part of this, so that hundreds do not start at once. */
  readonly startSpreadMs: number;
}

const DEFAULTS: ObjectWatchTuning = {
  watchSecondsMin: 300,
  watchSecondsMax: 600,
  graceMs: 30_000,
  goodWatchMs: 5_000,
  backoffBaseMs: 500,
  backoffMaxMs: 60_000,
  pollMs: 120_000,
  startSpreadMs: 0,
};

export class ObjectWatch {
  readonly #options: ObjectWatchOptions;
  readonly #tuning: ObjectWatchTuning;
  readonly #backoff: PartyBackoff;
  #state: ObjectState | undefined;
  /** Counts what the watch brought, to see whether a GET was overtaken. */
  #events = 0;
  #lastComplaint = '';

  constructor(options: ObjectWatchOptions) {
    this.#options = options;
    this.#tuning = { ...DEFAULTS, ...options.tuning };
    const { backoffBaseMs: baseMs, backoffMaxMs: maxMs } = this.#tuning;
    this.#backoff = new PartyBackoff({ baseMs, maxMs, random: options.random });
  }

  /** `undefined` until something is known. */
  get state(): ObjectState | undefined {
    return this.#state;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, mayWatch } = this.#options;
    await sleep(clock, random() * this.#tuning.startSpreadMs, signal);
    while (!signal.aborted) {
      let pause: number;
      const started = clock.monotonic();
      try {
        if (mayWatch?.() === false) {
          await this.#look(signal);
          this.#good();
          pause = jitter(this.#tuning.pollMs, 0.25, random);
        } else {
          await this.#watch(signal);
          pause = this.#livedLong(started) ? 0 : this.#backoff.next(false);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof KubeError)) throw error;
        this.#livedLong(started);
        pause = Math.max(
          this.#backoff.next(error.status !== 0),
          Math.min(error.retryAfterMs ?? 0, this.#tuning.backoffMaxMs),
        );
        this.#failed(error, pause);
      }
      if (pause > 0) await sleep(clock, pause, signal);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, resource, key, clock, random } = this.#options;
    const { watchSecondsMin, watchSecondsMax, graceMs } = this.#tuning;
    const timeoutSeconds = Math.round(watchSecondsMin + random() * (watchSecondsMax - watchSecondsMin));
    const session = new AbortController();
    const onAbort = (): void => session.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    let looking: Promise<void> | undefined;
    let lookFailed: unknown;
    const overdue = clock.after(timeoutSeconds * 1000 + graceMs, () => {
      session.abort(new KubeError({ status: 0, reason: 'Overdue', message: 'the watch did not end in its time' }));
    });
    // Bookmarks prove that the connection lives; a GET in their place would cost the server more.
    let lastLife = clock.monotonic();
    let sendsBookmarks = false;
    const stopGuard = every(clock, 30_000, () => {
      if (!sendsBookmarks || clock.monotonic() - lastLife < 180_000) return;
      session.abort(new KubeError({ status: 0, reason: 'Silent', message: 'the watch fell silent' }));
    });
    const onOpen = (): void => {
      looking = this.#look(session.signal).catch((error: unknown) => {
        lookFailed = error;
        session.abort(error);
      });
    };
    const selection = { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}` };
    const options = { ...selection, timeoutSeconds, allowWatchBookmarks: true, onOpen };
    try {
      for await (const event of client.watch(resource, options, session.signal)) {
        lastLife = clock.monotonic();
        sendsBookmarks ||= event.type === 'BOOKMARK';
        if (event.type === 'BOOKMARK') continue;
        this.#events++;
        const { resourceVersion = null } = event.object.metadata;
        if (this.#isOlder(resourceVersion)) continue;
        this.#set({ resourceVersion: event.type === 'DELETED' ? null : resourceVersion, forbidden: false });
      }
      await looking;
      if (lookFailed !== undefined) throw lookFailed;
    } finally {
      session.abort(new Error('the watch has ended'));
      overdue();
      stopGuard();
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** One GET. */
  async #look(signal: AbortSignal): Promise<void> {
    const { client, resource, key } = this.#options;
    for (;;) {
      const before = this.#events;
      try {
        const { resourceVersion = null } = (await client.get(resource, key, { signal })).metadata;
        if (!this.#isOlder(resourceVersion)) this.#set({ resourceVersion, forbidden: false });
        return;
      } catch (error) {
        if (!isNotFound(error)) throw error;
        // "Not there" has no version to compare: if the watch spoke meanwhile, ask again.
        if (this.#events !== before) continue;
        this.#set({ resourceVersion: null, forbidden: false });
        return;
      }
    }
  }

  #isOlder(resourceVersion: string | null): boolean {
    const known = this.#state?.resourceVersion ?? null;
    if (known === null || resourceVersion === null) return false;
    const order = compareResourceVersions(resourceVersion, known);
    return order !== null && order < 0;
  }

  #set(state: ObjectState): void {
    if (state.resourceVersion === this.#state?.resourceVersion && state.forbidden === this.#state.forbidden) return;
    this.#state = state;
    try {
      this.#options.onChange(state);
    } catch (error) {
      this.#options.log.error({ err: error, key: this.#options.key }, 'a listener of the object watch threw');
    }
  }

  #livedLong(started: number): boolean {
    if (this.#options.clock.monotonic() - started < this.#tuning.goodWatchMs) return false;
    this.#good();
    return true;
  }

  #good(): void {
    this.#backoff.reset();
    this.#lastComplaint = '';
  }

  #failed(error: KubeError, pauseMs: number): void {
    const { key, resource, log } = this.#options;
    if (isForbidden(error)) this.#set({ resourceVersion: null, forbidden: true });
    const complaint = `${error.status} ${error.reason}`;
    const level = complaint === this.#lastComplaint ? 'debug' : 'warn';
    this.#lastComplaint = complaint;
    const { message } = error;
    log[level]({ kind: resource.kind, key, pauseMs: Math.round(pauseMs), error: message }, 'cannot follow the object');
  }
}
