// Object watches by key. So many of them are real watches, each a connection; those above that number are polled.

import type { KubeClient } from './client.ts';
import type { Deps } from './deps.ts';
import { parseKey, type Resource } from './object.ts';
import { ObjectWatch, type ObjectState, type ObjectWatchTuning } from './object-watch.ts';

export interface ObjectWatchSetOptions extends Deps {
  readonly client: Pick<KubeClient, 'get' | 'watch'>;
  readonly resource: Resource;
  readonly onChange: (key: string, state: ObjectState) => void;
  /** How many may be watches; the rest is polled. Default: 300. */
  readonly maxWatches?: number;
  readonly tuning?: Partial<ObjectWatchTuning>;
}

interface Entry {
  readonly watch: ObjectWatch;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
  readonly listeners: Set<(state: ObjectState) => void>;
  watching: boolean;
}

export class ObjectWatchSet {
  readonly name: string;
  readonly #options: ObjectWatchSetOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #failed = Promise.withResolvers<never>();
  #watching = 0;
  #stopped = false;

  constructor(options: ObjectWatchSetOptions) {
    this.#options = options;
    this.name = `${options.resource.plural}-watches`;
    this.#failed.promise.catch(() => {});
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Follows `namespace/name` from now on; does nothing if it does so already. Not counted: one release ends it. */
  ensure(key: string): void {
    if (this.#stopped || this.#entries.has(key)) return;
    const { client, resource, log, metrics, clock, random, maxWatches = 300 } = this.#options;
    const controller = new AbortController();
    const listeners: Entry['listeners'] = new Set();
    const watch = new ObjectWatch({
      client,
      resource,
      log,
      metrics,
      clock,
      random,
      key: parseKey(key),
      // Hundreds that start together, as after a restart, spread over some seconds.
      tuning: { startSpreadMs: Math.min(10_000, this.#entries.size * 20), ...this.#options.tuning },
      mayWatch: () => {
        const entry = this.#entries.get(key);
        if (entry === undefined || controller.signal.aborted) return false;
        if (!entry.watching && this.#watching < maxWatches) {
          entry.watching = true;
          this.#watching++;
        }
        return entry.watching;
      },
      // Released in the meantime: nobody wants to hear of it any more.
      onChange: (state) => {
        if (controller.signal.aborted) return;
        for (const listener of listeners) listener(state);
        this.#options.onChange(key, state);
      },
    });
    const ended = watch.run(controller.signal).catch((error: unknown) => this.#failed.reject(error));
    this.#entries.set(key, { watch, controller, ended, listeners, watching: false });
  }

  release(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    if (entry.watching) this.#watching--;
    entry.controller.abort(new Error('released'));
  }

  /** `undefined` if it is not followed or nothing is known of it yet. */
  state(key: string): ObjectState | undefined {
    return this.#entries.get(key)?.watch.state;
  }

  /**
   * Tells every state from now on, until the returned function is called or the key is released; nothing if it is not
   * followed. A listener must not throw.
   */
  listen(key: string, listener: (state: ObjectState) => void): () => void {
    const listeners = this.#entries.get(key)?.listeners;
    listeners?.add(listener);
    return () => listeners?.delete(listener);
  }

  /** Runs until the signal fires, then ends every watch; rejects only by a bug. */
  async start(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    try {
      await Promise.race([aborted, this.#failed.promise]);
    } finally {
      this.#stopped = true;
      const entries = [...this.#entries.entries()];
      for (const [key] of entries) this.release(key);
      await Promise.all(entries.map(([, entry]) => entry.ended));
    }
  }
}
