// Runs the parts of a program in their order: caches, then (when they are filled) ready, then (when this process leads)
// controllers. Stops them in the reverse order within a deadline. A part that dies, or the loss of the lead, ends the whole with
// its reason: half an operator is worse than a restart.

import { every } from './clock.ts';
import type { Deps } from './deps.ts';

/** Something that runs until the signal fires. Ending earlier is dying. */
export interface Runnable {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  /** Controllers start when all of these have resolved. */
  readonly synced?: Promise<void>;
}

/** Controllers. */
export interface Drainable {
  readonly name: string;
  readonly finished: Promise<void>;
  start(): void;
  stop(deadlineMs: number): Promise<boolean>;
}

/** Leader election, as far as the order of things depends on it. */
export interface Candidate {
  /** Applies for the lead; resolves when this process leads. */
  start(): Promise<void>;
  /** Rejects when the lead is lost. */
  readonly lost: Promise<never>;
}

export interface ManagerOptions extends Pick<Deps, 'log' | 'clock'> {
  /** Caches, object watches and the like. */
  readonly runnables: readonly Runnable[];
  readonly controllers: readonly Drainable[];
  /** Default: controllers start as soon as the caches are filled. */
  readonly leadership?: Candidate;
  /** Run in this order when all else has stopped: flush events, close pools. Each gets what is left of the deadline. */
  readonly closers?: readonly { readonly name: string; readonly close: (deadlineMs: number) => Promise<unknown> }[];
  /** Time for the whole stop. Default: 25 s, below the 30 s that a pod has. */
  readonly stopDeadlineMs?: number;
}

/** The closers' share: writing what must still be written comes last and must not find the time used up. */
const CLOSERS_SHARE = 0.3;
const STILL_WAITING_MS = 30_000;

export class Manager {
  readonly #options: ManagerOptions;
  readonly #stopRequested = Promise.withResolvers<void>();
  #ready = false;

  constructor(options: ManagerOptions) {
    this.#options = options;
  }

  /** Caches filled; controllers at work or, on a standby, waiting: a rolling update may go on. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Ends `run`. */
  stop(): void {
    this.#stopRequested.resolve();
  }

  /**
   * Until `stop` or the signal; resolves when all has stopped. Rejects with the reason if a part died, also after stopping
   * the rest.
   */
  async run(signal?: AbortSignal): Promise<void> {
    const { log, runnables, leadership } = this.#options;
    if (signal?.aborted === true) this.stop();
    const onAbort = (): void => this.stop();
    signal?.addEventListener('abort', onAbort, { once: true });
    const stopping = new AbortController();
    const died = Promise.withResolvers<never>();
    died.promise.catch(() => {});
    const running = runnables.map((each) => this.#watchOver(each, stopping.signal, died.reject));
    const end = Promise.race([this.#stopRequested.promise.then(() => 'stop' as const), died.promise]);
    let reason: unknown = null;
    let lost = false;
    leadership?.lost.catch((error: unknown) => {
      lost = true;
      died.reject(error);
    });
    try {
      if ((await Promise.race([this.#synced(), end])) !== 'stop') {
        this.#ready = true;
        log.info('ready');
        const leads = leadership?.start() ?? Promise.resolve();
        if ((await Promise.race([leads, end])) !== 'stop') {
          this.#startControllers(died.reject);
          await end;
        }
      }
    } catch (error) {
      reason = error;
      log.fatal({ err: error }, 'a part of the program died');
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    this.#ready = false;
    await this.#stopAll(stopping, running, lost);
    if (reason !== null) throw reason;
  }

  #startControllers(died: (reason: Error) => void): void {
    for (const controller of this.#options.controllers) {
      controller.start();
      controller.finished.catch((error: unknown) => {
        died(new Error(`${controller.name} died`, { cause: error }));
      });
    }
  }

  async #watchOver(part: Runnable, signal: AbortSignal, died: (reason: Error) => void): Promise<void> {
    try {
      await part.start(signal);
      if (!signal.aborted) died(new Error(`${part.name} ended by itself`));
    } catch (error) {
      if (!signal.aborted) died(new Error(`${part.name} died`, { cause: error }));
    }
  }

  async #synced(): Promise<'synced'> {
    const { log, clock, runnables } = this.#options;
    const waiting = new Set<string>();
    // Not given up: with a permission missing, "not ready" and this line say more than a crash loop.
    const stop = every(clock, STILL_WAITING_MS, () => log.warn({ waitingFor: [...waiting] }, 'waiting for caches'));
    try {
      await Promise.all(
        runnables.map(async (each) => {
          waiting.add(each.name);
          await each.synced;
          waiting.delete(each.name);
        }),
      );
      return 'synced';
    } finally {
      stop();
    }
  }

  /** @param lost whoever does not lead any more has nothing to bring to an end */
  async #stopAll(stopping: AbortController, running: readonly Promise<void>[], lost: boolean): Promise<void> {
    const { log, clock, controllers, closers = [], stopDeadlineMs = 25_000 } = this.#options;
    const endsAt = clock.monotonic() + stopDeadlineMs;
    log.info({ deadlineMs: stopDeadlineMs }, 'stopping');
    // The caches go on meanwhile: what is under way still reads them.
    const drainMs = lost ? 0 : stopDeadlineMs * (1 - CLOSERS_SHARE);
    const drained = await Promise.all(controllers.map((each) => each.stop(drainMs)));
    if (drained.includes(false)) log.warn('stopping with reconciles still under way');
    stopping.abort(new Error('stopping'));
    await this.#within(Promise.all(running), Math.max(1_000, endsAt - clock.monotonic()), 'caches');
    for (const { name, close } of closers) {
      const left = Math.max(1_000, endsAt - clock.monotonic());
      try {
        await this.#within(close(left), left, name);
      } catch (error) {
        log.error({ err: error, part: name }, 'closing failed');
      }
    }
    log.info('stopped');
  }

  async #within(work: Promise<unknown>, ms: number, part: string): Promise<void> {
    const { log, clock } = this.#options;
    let cancel: (() => void) | undefined;
    const late = new Promise<'late'>((resolve) => {
      cancel = clock.after(ms, () => resolve('late'));
    });
    try {
      if ((await Promise.race([work, late])) === 'late') log.warn({ part }, 'did not stop in its time');
    } finally {
      cancel?.();
    }
  }
}
