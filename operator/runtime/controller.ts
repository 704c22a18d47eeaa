// Workers that call a reconcile function for keys and act on its outcome. One worker per key at a time; a failure of one
// key touches no other.

import type { Logger } from 'pino';
import { every } from './clock.ts';
import { ControllerMetrics, type Result } from './controller-metrics.ts';
import { randomID, type Deps } from './deps.ts';
import { WorkQueue, type Priority } from './queue.ts';

/** What a pass over one key came to. */
export type Outcome =
  /** As wanted; nothing to do until something changes. */
  | { readonly kind: 'done' }
  /** As wanted; look again then. */
  | { readonly kind: 'requeueAfter'; readonly ms: number }
  /** Not as wanted, by something that may pass: again after the key's back-off, or after `afterMs`. */
  | { readonly kind: 'retry'; readonly why: string; readonly afterMs?: number }
  /** Not as wanted, and trying again is pointless until somebody changes something. */
  | { readonly kind: 'stalled'; readonly why: string };

export interface ReconcileContext {
  /** Fires at the time limit and when a shutdown cannot wait any longer. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly reconcileID: string;
}

export interface ControllerOptions extends Deps {
  readonly name: string;
  readonly reconcile: (key: string, context: ReconcileContext) => Promise<Outcome>;
  /** Keys worked on at the same time. */
  readonly concurrency: number;
  /** Time limit of one pass. */
  readonly timeoutMs: number;
  readonly backoffBaseMs?: number;
  readonly backoffMaxMs?: number;
}

export interface EnqueueOptions {
  /** `high`: a person waits for it. Default: `low`. */
  readonly priority?: Priority;
  readonly afterMs?: number;
}

/** After a shutdown's deadline, passes are aborted and have this long to end. */
const ABORT_GRACE_MS = 2_000;

export class Controller {
  readonly name: string;
  /** Pending while the workers run; rejects if one dies, which only a bug of the runtime can do. */
  readonly finished: Promise<void>;
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #metrics: ControllerMetrics;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  /** Why each key that is not well was not, last time: a lasting trouble is one line in the log, not one per pass. */
  readonly #troubles = new Map<string, string>();
  #started = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.name = options.name;
    this.#queue = new WorkQueue(options);
    this.#metrics = new ControllerMetrics(options.metrics, options.name, options.concurrency);
    this.#log = options.log.child({ controller: options.name });
    this.finished = this.#finished.promise;
    this.finished.catch(() => {});
  }

  /** Before `start` too: keys wait. */
  enqueue(key: string, { priority = 'low', afterMs = 0 }: EnqueueOptions = {}): void {
    this.#queue.addAfter(key, afterMs, priority);
  }

  get depth(): number {
    return this.#queue.depth;
  }

  start(): void {
    if (this.#started) throw new Error(`controller ${this.name} was started already`);
    this.#started = true;
    const workers = Array.from({ length: this.#options.concurrency }, () => this.#work());
    Promise.all(workers).then(
      () => this.#finished.resolve(),
      (error: unknown) => this.#finished.reject(error),
    );
  }

  /** No new passes; waits for those under way, then aborts them. False if some did not end even so. */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#queue.shutDown();
    if (await this.#drainedWithin(deadlineMs)) return true;
    this.#log.warn({ keys: this.#queue.processing.slice(0, 10) }, 'shutdown: aborting reconciles that take too long');
    this.#stopping.abort(new Error('shutting down'));
    return this.#drainedWithin(ABORT_GRACE_MS);
  }

  async #drainedWithin(ms: number): Promise<boolean> {
    let cancel: (() => void) | undefined;
    const timeout = new Promise<false>((resolve) => {
      cancel = this.#options.clock.after(ms, () => resolve(false));
    });
    try {
      return await Promise.race([this.#queue.drained().then(() => true as const), timeout]);
    } finally {
      cancel?.();
    }
  }

  async #work(): Promise<void> {
    for (let work = await this.#queue.get(); work !== null; work = await this.#queue.get()) {
      const { key, priority } = work;
      const reconcileID = randomID(this.#options.random);
      const log = this.#log.child({ key, reconcileID });
      const finished = this.#metrics.begin();
      let result: Result = 'error';
      try {
        const outcome = await this.#reconcile(key, { log, reconcileID });
        result = this.#act(key, priority, outcome, log);
      } catch (error) {
        const failures = this.#queue.failures(key) + 1;
        const retryInMs = Math.round(this.#queue.addRateLimited(key, priority));
        log.error({ err: error, failures, retryInMs }, 'reconcile failed');
      } finally {
        finished(result);
        this.#queue.done(key);
      }
    }
  }

  #act(key: string, priority: Priority, outcome: Outcome, log: Logger): Result {
    switch (outcome.kind) {
      case 'done':
        this.#well(key);
        return 'success';
      case 'requeueAfter':
        this.#well(key);
        this.#queue.addAfter(key, Math.max(1, outcome.ms), 'low');
        return 'requeue_after';
      case 'retry': {
        let retryInMs = outcome.afterMs;
        // A delay of 0 given by a reconcile that fails each time would be a busy loop.
        if (retryInMs !== undefined && retryInMs > 0) this.#queue.addAfter(key, retryInMs, priority);
        else retryInMs = this.#queue.addRateLimited(key, priority);
        log[this.#level(key, outcome.why)](
          { why: outcome.why, retryInMs: Math.round(retryInMs) },
          'reconcile will be repeated',
        );
        return 'requeue';
      }
      case 'stalled':
        break;
    }
    this.#queue.forget(key);
    log[this.#level(key, outcome.why)]({ why: outcome.why }, 'reconcile is stalled until something changes');
    return 'terminal_error';
  }

  #well(key: string): void {
    this.#queue.forget(key);
    this.#troubles.delete(key);
  }

  #level(key: string, why: string): 'info' | 'debug' {
    if (this.#troubles.get(key) === why) return 'debug';
    this.#troubles.set(key, why);
    return 'info';
  }

  /**
   * One pass with its time limit. A pass that ignores its signal is still waited for: a second one beside it could undo or
   * repeat what the first is about to do.
   */
  async #reconcile(key: string, { log, reconcileID }: Omit<ReconcileContext, 'signal'>): Promise<Outcome> {
    const { clock, timeoutMs, reconcile } = this.#options;
    const limit = new AbortController();
    const onStop = (): void => limit.abort(this.#stopping.signal.reason);
    this.#stopping.signal.addEventListener('abort', onStop, { once: true });
    if (this.#stopping.signal.aborted) onStop();
    const started = clock.monotonic();
    const stopClock = every(clock, timeoutMs, () => {
      limit.abort(new Error(`reconcile took longer than its ${timeoutMs} ms`));
      const seconds = Math.round((clock.monotonic() - started) / 1000);
      log.warn({ seconds }, 'reconcile is over its time limit and still running');
    });
    try {
      return await reconcile(key, { signal: limit.signal, log, reconcileID });
    } finally {
      stopClock();
      this.#stopping.signal.removeEventListener('abort', onStop);
    }
  }
}
