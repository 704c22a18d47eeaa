// The EMA 2 client of one account, as the controllers see it: crawl the tree, ask for absent companies, close.
// Promises kept here: absence is not deletion (2), truthful (8), isolated (9), credentials are safe (10); see the parts.

import type { CompanyStatus, Confirmation, Snapshot } from '../hierarchy/snapshot.ts';
import { Api, type RequestReport } from './api.ts';
import { confirm } from './confirm.ts';
import { crawl } from './crawl.ts';
import { DEFAULT_STATUS_CODES } from './decode.ts';
import { directEgress, type Egress } from './egress.ts';
import { checkEndpoint, mayBePrivate, type EndpointPolicy } from './endpoint.ts';
import { aborted, failure, type UpstreamFailure } from './failure.ts';
import { HttpClient } from './http.ts';
import { OPEN_GATE, type LoginGate } from './login-gate.ts';
import type { Places } from './places.ts';
import type { Credentials } from './session.ts';

export { checkEndpoint, type EndpointCheck, type EndpointPolicy } from './endpoint.ts';
export type { RequestReport } from './api.ts';
export type { LoginGate, LoginOutcome, LoginTurn } from './login-gate.ts';
export type { Credentials } from './session.ts';
export type { UpstreamCause, UpstreamFailure } from './failure.ts';

export interface Ema2ClientOptions {
  /** `https://host[:port]`; the client appends `/api/…`. */
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly allow: EndpointPolicy;
  /** Asked before each Token/Get. Default: always open. */
  readonly gate?: LoginGate;
  /** Of this client, that is of this account, logins included. Above 0. */
  readonly requestsPerSecond: number;
  /** Requests in flight. Default 4. */
  readonly concurrency?: number;
  /** Shared by all clients: how many requests there may be at a time. Default: no limit beside one's own. */
  readonly inFlight?: Places;
  /**
   * Upstream did not answer lately: until the first call is answered each request, the login included, is sent once and has
   * `probeTimeoutMs`. Default: false.
   */
  readonly probe?: boolean;
  /** Default: `requestTimeoutMs`, so that an upstream that is slow and no more is not taken for dead for ever. */
  readonly probeTimeoutMs?: number;
  /** For one whole request, from connecting to the last byte. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Of one response. Default 8 MiB. */
  readonly maxBodyBytes?: number;
  /** Beyond it the snapshot gets the gap `TooManyCompanies`. Default 500,000. */
  readonly maxCompanies?: number;
  /** What is known of numeric status codes (domain: ema-api §9). Default: 1 = Active. */
  readonly statusCodes?: ReadonlyMap<number, CompanyStatus>;
  /** Default: directly, trusting the authorities that Node knows. */
  readonly egress?: Egress;
  /** Wall clock, milliseconds. */
  readonly now: () => number;
  /** 0 ≤ x < 1, for jitter. */
  readonly random: () => number;
  /** Called after each exchange, for metrics: `code` is the HTTP status, or the cause where there was no usable answer. */
  readonly onRequest?: (report: RequestReport) => void;
}

export interface CrawlProgress {
  readonly companiesRead: number;
  readonly requests: number;
  /** Companies whose children are still to be listed, those being listed included. */
  readonly pending: number;
}

export type CrawlResult =
  /** Complete or not: see its gaps. */
  | {
      readonly kind: 'snapshot';
      readonly snapshot: Snapshot;
      readonly requests: number;
      /** Upstream was dead before every company had been asked for. */
      readonly gaveUp: boolean;
    }
  /** The login was refused; this client will not try it again. */
  | { readonly kind: 'refused'; readonly message: string }
  /** The own company or the first page of its listing could not be read, or the signal ended it: nothing is known. */
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly requests: number };

const MiB = 1024 * 1024;

export class Ema2Client {
  readonly #options: Ema2ClientOptions;
  readonly #concurrency: number;
  readonly #closed = new AbortController();
  readonly #http: HttpClient | null;
  readonly #api: Api | null;
  readonly #refusedEndpoint: UpstreamFailure | null;

  /**
   * Opens nothing yet. An endpoint that the policy refuses makes every crawl fail with `InvalidEndpoint` or
   * `HostNotAllowed`. Throws RangeError for a rate or concurrency that is no positive number.
   */
  constructor(options: Ema2ClientOptions) {
    const { endpoint, allow, credentials, requestsPerSecond, now, random, onRequest } = options;
    this.#options = options;
    this.#concurrency = options.concurrency ?? 4;
    const check = checkEndpoint(endpoint, allow);
    if (check.kind === 'refused') {
      this.#http = null;
      this.#api = null;
      this.#refusedEndpoint = failure('User/Current', check.reason, check.message);
      return;
    }
    this.#refusedEndpoint = null;
    this.#http = new HttpClient({
      url: check.url,
      connections: this.#concurrency,
      timeoutMs: options.requestTimeoutMs ?? 30_000,
      maxBodyBytes: options.maxBodyBytes ?? 8 * MiB,
      allowPrivate: mayBePrivate(check.url, allow),
      egress: options.egress ?? directEgress(),
      now,
    });
    this.#api = new Api({
      http: this.#http,
      credentials,
      gate: options.gate ?? OPEN_GATE,
      requestsPerSecond,
      concurrency: this.#concurrency,
      inFlight: options.inFlight ?? null,
      probeTimeoutMs: options.probe === true ? (options.probeTimeoutMs ?? options.requestTimeoutMs ?? 30_000) : null,
      now,
      random,
      monotonic: () => performance.now(),
      closed: this.#closed.signal,
      onRequest: onRequest ?? (() => {}),
    });
  }

  /**
   * Reads the whole tree. `requests` counts exchanges, logins and repeats included (and those of a `confirm` that runs at
   * the same time). `onProgress` is called after each page; `onAnswer` once, when upstream has named the own company, and the
   * rest is read when it resolves. What they throw ends the crawl and is thrown on.
   */
  async crawl(
    signal: AbortSignal,
    onProgress?: (progress: CrawlProgress) => void,
    onAnswer?: () => Promise<void>,
  ): Promise<CrawlResult> {
    const api = this.#api;
    if (api === null) {
      return { kind: 'failed', failure: this.#refusedEndpoint ?? aborted('User/Current'), requests: 0 };
    }
    const before = api.requests;
    const outcome = await crawl(
      {
        api,
        concurrency: this.#concurrency,
        maxCompanies: this.#options.maxCompanies ?? 500_000,
        statusCodes: this.#options.statusCodes ?? DEFAULT_STATUS_CODES,
        onAnswer: async () => onAnswer?.(),
        onProgress: (progress) => onProgress?.({ ...progress, requests: api.requests - before }),
      },
      this.#until(signal),
    );
    const requests = api.requests - before;
    if (outcome.kind === 'snapshot') return { ...outcome, requests };
    if (outcome.failure.cause === 'LoginRefused') return { kind: 'refused', message: outcome.failure.message };
    return { kind: 'failed', failure: outcome.failure, requests };
  }

  /**
   * Asks for each company by Company/Detail. Out: an entry for every id, in lower case. Never fails: what could not be asked
   * is `NoAnswer`.
   */
  async confirm(companyIDs: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Confirmation>> {
    if (this.#api === null) return new Map(companyIDs.map((id) => [id.toLowerCase(), 'NoAnswer']));
    return confirm(this.#api, this.#concurrency, companyIDs, this.#until(signal));
  }

  /** The sentence about the login that upstream refused this client, in whatever call; `null`: it refused none. */
  get loginRefusal(): string | null {
    return this.#api?.loginRefusal ?? null;
  }

  /** Calls off what is running and ends all connections. Idempotent. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#http?.close();
  }

  #until(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closed.signal]);
  }
}
