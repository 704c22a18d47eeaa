// HTTP to the API server: a pool of kept-alive connections for calls and another for watches, so that neither can starve the
// other (pools.ts). Every call has a time limit, is counted and timed; retry.ts says what is repeated, outage.ts what waits while
// the server is away. With leader election every call that changes something, and each repetition of it, passes the write gate.

import type { Dispatcher } from 'undici';
import { orAborted, sleep } from './clock.ts';
import type { Connection, Credentials } from './connection.ts';
import { KubeError, NO_ANSWER, TIMED_OUT, UNREADABLE, errorFromAnswer } from './errors.ts';
import type { Deps } from './deps.ts';
import { Outage, type Ending } from './outage.ts';
import { Pools } from './pools.ts';
import { DEFAULT_RETRY, isGatewayError, markNeverSent, retryDelay, type RetryPolicy } from './retry.ts';
import { countCalls, type OnCall } from './transport-metrics.ts';
import type { MayWrite } from './write-gate.ts';

export interface TransportOptions extends Deps {
  readonly connection: Connection;
  /** Connections for calls. Default: 32. Measured against one API server on 2 cores: 16 to 48 all give its most. */
  readonly connections?: number;
  /** Default time limit of a call with all its repetitions. Default: 30 s. */
  readonly timeoutMs?: number;
  readonly userAgent?: string;
  readonly retry?: RetryPolicy;
  /** Told of each call. Default: counts them in `metrics`. */
  readonly onCall?: OnCall;
  /** Asked at the moment a call that changes something is handed to the socket. Default: always. */
  readonly mayWrite?: MayWrite;
}

export interface CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** A second execution changes nothing (see retry.ts). Default: true for GET, otherwise false. */
  readonly repeatable?: boolean;
  /** False for a POST that only asks: it passes the write gate. Default: true for all but GET. */
  readonly changes?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface StreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Must be read to its end or destroyed. */
  readonly body: AsyncIterable<Uint8Array> & { destroy(): unknown };
}

/** A page of 500 objects of the largest size that etcd takes would be larger; real ones are a few MB. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

export class Transport {
  readonly #options: TransportOptions;
  readonly #pools: Pools;
  readonly #outage: Outage;
  readonly #onCall: OnCall;
  readonly #prefix: string;

  constructor(options: TransportOptions) {
    this.#options = options;
    const { connection } = options;
    this.#prefix = connection.server.pathname.replace(/\/$/, '');
    this.#pools = new Pools(connection, options.connections ?? 32, options.mayWrite);
    this.#outage = new Outage(options);
    this.#onCall = options.onCall ?? countCalls(options.metrics);
  }

  /** One call. Any answer resolves, also an error status; no answer rejects with a KubeError of status 0. */
  async request(call: CallOptions): Promise<Answer> {
    const { clock, random, retry = DEFAULT_RETRY } = this.#options;
    const limit = new TimeLimit(call.signal, call.timeoutMs ?? this.#options.timeoutMs ?? 30_000, this.#options);
    const repeatable = call.repeatable ?? call.method === 'GET';
    const what = `${call.method} ${call.path}`;
    let renewed = false;
    try {
      for (let attempt = 1; ; attempt++) {
        let answer: Answer | null = null;
        let error: KubeError;
        const used: Used = {};
        try {
          answer = await this.#once(call, what, limit, used);
          if (answer.status < 400) return answer;
          error = errorFromAnswer(answer.status, retryAfterOf(answer.headers), answer.body, what);
        } catch (thrown) {
          if (!(thrown instanceof KubeError)) throw thrown;
          error = thrown;
        }
        // Refused before anything was done, so any method may be repeated, once and only with new credentials.
        if (
          error.status === 401 &&
          !renewed &&
          used.credentials &&
          this.#options.connection.refresh(used.credentials)
        ) {
          renewed = true;
          continue;
        }
        const delay = retryDelay({ error, repeatable, attempt }, retry, random);
        if (delay === null || delay >= limit.leftMs()) {
          if (answer !== null) return answer;
          throw error;
        }
        await sleep(clock, delay, limit.signal);
        if (limit.signal.aborted) throw limit.reason(what);
      }
    } finally {
      limit.end();
    }
  }

  /** Opens a long answer, such as a watch. The time limit covers its headers only; `signal` ends it at any time. */
  async stream(
    call: Pick<CallOptions, 'path' | 'query' | 'timeoutMs'> & { signal: AbortSignal },
  ): Promise<StreamAnswer> {
    const what = `WATCH ${call.path}`;
    const limit = new TimeLimit(call.signal, call.timeoutMs ?? 30_000, this.#options);
    const done = this.#begin('WATCH');
    try {
      const credentials = await this.#credentials(limit.signal);
      const request = this.#request({ ...call, method: 'GET' }, credentials, limit.signal);
      const response = await this.#pools.of(credentials.tls).watches.request(request);
      done(response.statusCode);
      if (response.statusCode === 401) this.#options.connection.refresh(credentials);
      // From here on only the caller ends it.
      limit.disarm();
      response.body.once('close', () => limit.end());
      return { status: response.statusCode, headers: response.headers, body: response.body };
    } catch (thrown) {
      done(null);
      const error = limit.signal.aborted ? limit.reason(what) : noAnswer(what, thrown);
      limit.end();
      throw error;
    }
  }

  /** Cuts the watches and waits for calls under way, but no longer than that. */
  async close(deadlineMs = 5_000): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(deadlineMs, resolve);
    await this.#pools.close(late);
    cancel();
  }

  async #once(call: CallOptions, what: string, limit: TimeLimit, used: Used): Promise<Answer> {
    const ended = await this.#outage.turn(limit.signal);
    if (limit.signal.aborted) {
      ended('unknown');
      throw limit.reason(what);
    }
    const done = this.#begin(call.method);
    let status: number | null = null;
    let ending: Ending = 'unknown';
    try {
      const credentials = await this.#credentials(limit.signal);
      used.credentials = credentials;
      const request = this.#request(call, credentials, limit.signal);
      const pools = this.#pools.of(credentials.tls);
      const changes = call.changes ?? call.method !== 'GET';
      const response = await (changes ? pools.changes : pools.calls).request(request);
      const body = await readText(response.body, what);
      status = response.statusCode;
      ending = isGatewayError(status) ? 'unanswered' : 'answered';
      return { status, headers: response.headers, body };
    } catch (thrown) {
      if (limit.signal.aborted) throw limit.reason(what);
      if (thrown instanceof KubeError) throw thrown;
      // Without credentials nobody was asked.
      if (used.credentials !== undefined) ending = 'unanswered';
      throw noAnswer(what, thrown);
    } finally {
      done(status);
      ended(ending);
    }
  }

  /** Call the result with the status of the answer, `null` for none. */
  #begin(verb: string): (status: number | null) => void {
    const started = performance.now();
    const { host } = this.#options.connection.server;
    return (status) => this.#onCall({ verb, host, status, seconds: (performance.now() - started) / 1000 });
  }

  async #credentials(signal: AbortSignal): Promise<Credentials> {
    try {
      // An exec plugin may hang; the call's own time limit ends the waiting.
      return await orAborted(this.#options.connection.credentials(), signal);
    } catch (error) {
      throw error instanceof Error ? markNeverSent(error) : error;
    }
  }

  #request(call: CallOptions, { headers }: Credentials, signal: AbortSignal): Dispatcher.RequestOptions {
    const search = call.query === undefined ? '' : new URLSearchParams(call.query).toString();
    return {
      method: call.method,
      path: `${this.#prefix}${call.path}${search === '' ? '' : `?${search}`}`,
      headers: {
        accept: 'application/json',
        'user-agent': this.#options.userAgent ?? 'operator-runtime',
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        ...headers,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal,
    };
  }
}

/** What an attempt was made with. */
interface Used {
  credentials?: Credentials;
}

/** The caller's signal and a time limit in one. AbortSignal.any costs more than the rest of a call, so by hand. */
class TimeLimit {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #clock: Deps['clock'];
  readonly #endsAt: number;
  readonly #onAbort = (): void => this.#controller.abort(this.#caller?.reason);
  #cancel: () => void;

  constructor(caller: AbortSignal | undefined, timeoutMs: number, deps: Pick<Deps, 'clock'>) {
    this.#caller = caller;
    this.#clock = deps.clock;
    this.#endsAt = deps.clock.monotonic() + timeoutMs;
    this.#cancel = deps.clock.after(timeoutMs, () => this.#controller.abort());
    if (caller?.aborted === true) this.#onAbort();
    else caller?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  leftMs(): number {
    return this.#endsAt - this.#clock.monotonic();
  }

  disarm(): void {
    this.#cancel();
  }

  end(): void {
    this.#cancel();
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }

  /** Why it was aborted: the caller's own reason, or the time limit as a KubeError. */
  reason(what: string): Error {
    if (this.#caller?.aborted === true) return this.#caller.reason as Error;
    return new KubeError({ status: 0, reason: TIMED_OUT, message: `${what}: no answer within the time limit` });
  }
}

async function readText(body: Dispatcher.ResponseData['body'], what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the body and its connection.
    if (bytes > MAX_BODY_BYTES)
      throw new KubeError({ status: 0, reason: UNREADABLE, message: `${what}: answer too large` });
    chunks.push(chunk);
  }
  return (chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes)).toString('utf8');
}

function noAnswer(what: string, cause: unknown): KubeError {
  const text =
    cause instanceof Error ? cause.message || (cause as { code?: string }).code || cause.name : String(cause);
  return new KubeError({ status: 0, reason: NO_ANSWER, message: `${what}: ${text}`, cause });
}

export function retryAfterOf(headers: Answer['headers']): string | undefined {
  const value = headers['retry-after'];
  return Array.isArray(value) ? value[0] : value;
}
