// The main thread's side of leader election: applies for the lease, answers whether this process may write, gives the lease
// back. Promises kept here:
// * `mayWrite` is false from the renew deadline on, at whatever moment it is asked, also right after the process stood still;
//   once false after it was true, it stays false.
// * Whoever loses the lease does not become a candidate again: `lost` rejects, and the process ends and starts afresh, with
//   nothing left of what it thought while it led.

import { Worker } from 'node:worker_threads';
import { every, sleep } from './clock.ts';
import type { ConnectionOptions } from './connection.ts';
import type { Deps } from './deps.ts';
import type { ElectionNews, LeaderElectionOptions } from './leader-election.ts';
import { LeaderMemory } from './leader-memory.ts';
import type { FromLeaderThread, LeaderThreadData, ToLeaderThread } from './leader-thread.ts';
import { countCalls, type OnCall } from './transport-metrics.ts';

export interface LeadershipOptions extends Deps {
  readonly election: LeaderElectionOptions;
  /** Of the main thread's connection: the thread of the lease opens its own. */
  readonly connection: ConnectionOptions;
  readonly userAgent: string;
  /** Told when this process has become the leader, with the uid of the lease. */
  readonly onElected?: (leaseUID: string) => void;
  /**
   * A main thread that does not turn for so long counts as stuck, and its lease runs out. Default: 30 s, after which
   * /healthz fails too.
   */
  readonly stuckAfterMs?: number;
}

const BEAT_MS = 1_000;

export class Leadership {
  /** Rejects when this process leads no more, or cannot even apply. Pending after `resign`. */
  readonly lost: Promise<never>;
  readonly #options: LeadershipOptions;
  readonly #memory = new LeaderMemory();
  readonly #elected = Promise.withResolvers<void>();
  readonly #lose: (reason: Error) => void;
  readonly #count: OnCall;
  /** Fires when the thread has nothing more to do. */
  readonly #released = new AbortController();
  #thread: Worker | null = null;
  #stopBeating = (): void => {};
  #closed = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    const lost = Promise.withResolvers<never>();
    this.lost = lost.promise;
    this.lost.catch(() => {});
    this.#lose = lost.reject;
    const { metrics, election } = options;
    this.#count = countCalls(metrics);
    const gauge = metrics.gauge('leader_election_master_status', '1: this process leads; 0: it stands by.', ['name']);
    metrics.onScrape(() => gauge.set({ name: election.name }, this.mayWrite() ? 1 : 0));
  }

  /** For write gates: leads this process at this very moment? */
  readonly mayWrite = (): boolean => !this.#closed && this.#memory.now() < this.#memory.until;

  /** Applies for the lease; resolves when this process leads. Once only. */
  start(): Promise<void> {
    if (this.#thread !== null) throw new Error('leader election was started already');
    const { clock, election, connection, userAgent, stuckAfterMs = 30_000 } = this.#options;
    this.#memory.beat();
    this.#stopBeating = every(clock, BEAT_MS, () => this.#memory.beat());
    const { buffer } = this.#memory;
    const workerData: LeaderThreadData = { buffer, election, connection, userAgent, stuckAfterMs };
    this.#thread = new Worker(threadURL(), { workerData, name: 'leader election' });
    this.#thread.on('message', (message: FromLeaderThread) => this.#receive(message));
    this.#thread.on('error', (error) => this.#end(new Error('the thread of the lease died', { cause: error })));
    this.#thread.on('exit', () => this.#end(new Error('the thread of the lease ended')));
    return this.#elected.promise;
  }

  /** Writes nothing from here on, and gives the lease away; waits no longer than that. For when all work has stopped. */
  async resign(deadlineMs: number): Promise<void> {
    this.#closed = true;
    if (this.#thread === null) return;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#thread.postMessage('release' satisfies ToLeaderThread);
    await sleep(this.#options.clock, deadlineMs, this.#released.signal);
    this.#stopBeating();
    await this.#thread.terminate();
  }

  #receive(message: FromLeaderThread): void {
    switch (message.type) {
      case 'news':
        this.#news(message.news);
        break;
      case 'call':
        this.#count(message.call);
        break;
      case 'lost':
        this.#end(new Error(`the lease was lost: ${message.why}`));
        break;
      case 'released':
        if (message.trouble !== null) {
          this.#options.log.warn({ error: message.trouble }, 'the lease could not be given away; it runs out');
        }
        this.#released.abort();
    }
  }

  #news(news: ElectionNews): void {
    const { log, election, onElected } = this.#options;
    const lease = `${election.namespace}/${election.name}`;
    switch (news.kind) {
      case 'standby':
        log.info({ lease, holder: news.holder }, 'standing by');
        break;
      case 'trouble':
        log.warn({ lease, error: news.why }, 'the lease cannot be had or renewed; trying again');
        break;
      case 'elected':
        log.info({ lease, identity: election.identity, transitions: news.transitions }, 'leading');
        onElected?.(news.leaseUID);
        this.#elected.resolve();
    }
  }

  #end(reason: Error): void {
    this.#released.abort();
    if (this.#closed) return;
    this.#closed = true;
    this.#stopBeating();
    this.#lose(reason);
  }
}

/** Beside this file, as source or, in the bundle, beside the program. */
function threadURL(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? './leader-thread.ts' : './leader-thread.js', here);
}
