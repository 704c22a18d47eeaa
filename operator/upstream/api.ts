// One call of the EMA 2 API as everything above sees it: rate-limited, logged in, repeated once after a 401, and, where the
// caller wants it, repeated with back-off after a passing failure.
// Promises kept here: isolated (9), with one request at a time for an upstream that was dead; credentials are safe (10): at most one fresh login per refused call.

import { aborted, isTransient, type UpstreamFailure } from './failure.ts';
import type { HttpClient, HttpRequest, HttpResult } from './http.ts';
import { Limiter } from './limiter.ts';
import type { LoginGate } from './login-gate.ts';
import type { Places } from './places.ts';
import { Session, type Credentials } from './session.ts';

/** What `onRequest` is told about each exchange; `code` is the HTTP status or the cause where there was none. */
export interface RequestReport {
  readonly operation: string;
  readonly code: string;
  readonly seconds: number;
}

export interface ApiOptions {
  readonly http: HttpClient;
  readonly credentials: Credentials;
  readonly gate: LoginGate;
  readonly requestsPerSecond: number;
  readonly concurrency: number;
  /** Shared by all clients: how many requests there may be at a time. */
  readonly inFlight: Places | null;
  /**
   * Upstream did not answer lately. Until a call is answered, each request has this long, ms, and none is repeated; null: it did.
   */
  readonly probeTimeoutMs: number | null;
  readonly now: () => number;
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
  readonly closed: AbortSignal;
  readonly onRequest: (report: RequestReport) => void;
}

/** `POST /api/<operation>` with a JSON body, or `GET` without one (domain: ema-api §3). */
export interface Call {
  readonly operation: string;
  readonly body?: unknown;
}

const MAX_RETRIES = 2;
const BASE_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

export class Api {
  readonly #options: ApiOptions;
  readonly #limiter: Limiter;
  readonly #session: Session;
  #probeTimeoutMs: number | null;
  #requests = 0;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#probeTimeoutMs = options.probeTimeoutMs;
    this.#limiter = new Limiter(options);
    this.#session = new Session({
      credentials: options.credentials,
      gate: options.gate,
      now: options.now,
      closed: options.closed,
      send: async (operation, body, token, signal) => {
        if (!(await this.#limiter.acquireUrgent(signal))) return { kind: 'failed', failure: aborted(operation) };
        return this.#exchange({ operation, method: 'POST', path: `/api/${operation}`, body, token }, signal);
      },
    });
  }

  /** Exchanges since the client was made, logins and repeats included. */
  get requests(): number {
    return this.#requests;
  }

  /** The sentence about a refused login; `null`: none was refused. */
  get loginRefusal(): string | null {
    return this.#session.refusal;
  }

  /** One call; a 401 is followed by one fresh login and one repeat. */
  async call(call: Call, signal: AbortSignal): Promise<HttpResult> {
    const { operation, body } = call;
    let last: HttpResult | null = null;
    for (let attempt = 0; attempt < 2; attempt++) {
      const release = await this.#limiter.acquire(signal);
      if (release === null) return { kind: 'failed', failure: aborted(operation) };
      try {
        // Only now: a token taken before the wait could be stale after it.
        const token = await this.#session.token(signal);
        if (token.kind === 'failed') return token;
        const method = body === undefined ? 'GET' : 'POST';
        const request = { operation, method, path: `/api/${operation}`, body, token: token.access } as const;
        last = await this.#exchange(request, signal);
        if (last.kind === 'ok') this.#probeTimeoutMs = null;
        if (last.kind === 'ok' || last.failure.cause !== 'Unauthorized') return last;
        this.#session.drop(token.access);
      } finally {
        release();
      }
    }
    return last ?? { kind: 'failed', failure: aborted(operation) };
  }

  /**
   * As `call`, with passing failures repeated up to twice and a 500 once (it may mean "unauthorized", ema-api §10), after a
   * random part of 0.5 s, 1 s, or what `Retry-After` asks for, at most 30 s. A 500 of Token/Get is not repeated: it may be
   * bad credentials, and whether failed logins lock an account is unknown (ema-api §17.1).
   */
  async callPatiently(call: Call, signal: AbortSignal): Promise<HttpResult> {
    for (let retry = 0; ; retry++) {
      const result = await this.call(call, signal);
      if (result.kind === 'ok' || this.#probeTimeoutMs !== null || !mayRetry(result.failure, retry)) return result;
      const jitter = this.#options.random() * BASE_DELAY_MS * 2 ** retry;
      const delay = Math.min(Math.max(jitter, result.failure.retryAfterMs ?? 0), MAX_DELAY_MS);
      if (!(await sleep(delay, signal))) return { kind: 'failed', failure: aborted(call.operation) };
    }
  }

  async #exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpResult> {
    const { http, inFlight, monotonic } = this.#options;
    const place = await inFlight?.take(signal);
    if (place === null) return { kind: 'failed', failure: aborted(request.operation) };
    this.#requests++;
    const start = monotonic();
    const limit = this.#probeTimeoutMs === null ? {} : { timeoutMs: this.#probeTimeoutMs };
    const result = await http.exchange({ ...request, ...limit }, signal).finally(() => place?.release());
    if (result.kind === 'failed' && result.failure.retryAfterMs !== null) {
      // Holds everybody back, not only the one who was told.
      this.#limiter.pause(Math.min(result.failure.retryAfterMs, MAX_DELAY_MS));
    }
    this.#options.onRequest({
      operation: request.operation,
      code: result.kind === 'ok' ? '200' : reportCode(result.failure),
      seconds: (monotonic() - start) / 1000,
    });
    return result;
  }
}

function reportCode({ status, cause }: UpstreamFailure): string {
  return status === null || (status >= 200 && status < 300) ? cause : String(status);
}

function mayRetry(failure: UpstreamFailure, retry: number): boolean {
  if (failure.cause === 'ServerError' && failure.status === 500) {
    return retry < 1 && !failure.operation.startsWith('Token/');
  }
  return retry < MAX_RETRIES && isTransient(failure);
}

/** @returns false if the signal ended the sleep. */
function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((done) => {
    const timer = setTimeout(() => finish(true), ms);
    const onAbort = (): void => finish(false);
    const finish = (slept: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      done(slept);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
