// What went through the proxy: counts by verb and by second, and the last requests.

import { nameOf, type Action } from './action.ts';
import { labelOf, type ProxyRequest, type Verb } from './request.ts';

export interface LogEntry {
  readonly n: number;
  /** ms since the proxy started. */
  readonly atMs: number;
  readonly request: string;
  readonly action: string;
  /** Of the API server or the proxy; null while there is no answer. */
  status: number | null;
  /** Until the end of the exchange; null while it lasts. */
  ms: number | null;
}

export interface Counts {
  /** Since the proxy started, on the clock of the log. */
  readonly ms: number;
  readonly requests: number;
  readonly writes: number;
  readonly byVerb: Readonly<Partial<Record<Verb, number>>>;
  /** Requests in each second since the proxy started. */
  readonly perSecond: readonly number[];
  readonly busiestSecond: number;
  /** TCP connections of the client so far, and now. */
  readonly connections: number;
  readonly open: number;
}

export class Recorder {
  readonly #size: number;
  readonly #started = performance.now();
  readonly #log: LogEntry[] = [];
  readonly #byVerb: Partial<Record<Verb, number>> = {};
  readonly #perSecond: number[] = [];
  #requests = 0;
  #writes = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Counts a request and returns its running numbers. */
  next(isWrite: boolean): { n: number; nWrite: number } {
    return { n: ++this.#requests, nWrite: isWrite ? ++this.#writes : 0 };
  }

  begin(request: ProxyRequest, action: Action): LogEntry {
    const atMs = performance.now() - this.#started;
    const second = Math.floor(atMs / 1000);
    while (this.#perSecond.length <= second) this.#perSecond.push(0);
    this.#perSecond[second] = (this.#perSecond[second] ?? 0) + 1;
    this.#byVerb[request.verb] = (this.#byVerb[request.verb] ?? 0) + 1;
    const entry: LogEntry = {
      n: request.n,
      atMs: Math.round(atMs),
      request: labelOf(request),
      action: nameOf(action),
      status: null,
      ms: null,
    };
    this.#log.push(entry);
    if (this.#log.length > this.#size) this.#log.shift();
    return entry;
  }

  end(entry: LogEntry): void {
    entry.ms = Math.round(performance.now() - this.#started - entry.atMs);
  }

  log(): LogEntry[] {
    return this.#log.map((entry) => ({ ...entry }));
  }

  counts(connections: number, open: number): Counts {
    return {
      ms: performance.now() - this.#started,
      requests: this.#requests,
      writes: this.#writes,
      byVerb: { ...this.#byVerb },
      perSecond: [...this.#perSecond],
      busiestSecond: Math.max(0, ...this.#perSecond),
      connections,
      open,
    };
  }
}
