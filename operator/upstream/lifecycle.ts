// Client of the lifecycle contract (docs/lifecycle-api.yaml), which an MSP's own service implements: ESET has no public API for
// instances. It asks once; what a lost answer came to is for the caller to find out, by a list and the key of the create.
// Promises kept here: only the creating service removes an instance, and never is there a second one (5): a change is sent
// once, and its outcome is "done", "definitely not done" or "not known"; credentials are safe (10), isolated (9).

import type { Service } from '../ownership/facts.ts';
import type { RequestReport } from './api.ts';
import { directEgress, type Egress } from './egress.ts';
import { checkEndpoint, mayBePrivate, type EndpointPolicy } from './endpoint.ts';
import { aborted, failure, type UpstreamCause, type UpstreamFailure } from './failure.ts';
import { HttpClient, type HttpOptions, type HttpRequest, type HttpResult } from './http.ts';
import type { JsonObject } from './json.ts';
import {
  INSTANCE_ID,
  readInstance,
  readList,
  readRefusal,
  type LifecycleInstance,
  type LifecycleList,
  type Refusal,
  type RefusalCode,
} from './lifecycle-decode.ts';

export type { LifecycleInstance, LifecycleList, RefusalCode } from './lifecycle-decode.ts';

export interface LifecycleOptions {
  /** `https://host[:port][/prefix]`; the client appends `/v1/…`. */
  readonly endpoint: string;
  readonly token: string;
  /** `--lifecycle-hosts`. */
  readonly allow: EndpointPolicy;
  /** For one whole request. Default 15,000; at most 60,000, far below the 120 s after which a lost create is settled. */
  readonly requestTimeoutMs?: number;
  /** Default: directly, trusting the authorities that Node knows. */
  readonly egress?: Egress;
  /** Wall clock, milliseconds. */
  readonly now: () => number;
  /** Asked, by the HTTP client, when a change is about to be handed to the socket. Default: everything may be sent. */
  readonly writeGate?: HttpOptions['writeGate'];
  /** Called after each exchange, for metrics. */
  readonly onRequest?: (report: RequestReport) => void;
}

export type LifecycleResult<T> =
  | { readonly kind: 'ok'; readonly value: T }
  /** A definite no of the contract: nothing was done, and nothing will come of it later. */
  | ({ readonly kind: 'refused' } & Refusal)
  /** Not known whether something was done. */
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

export interface CreateRequest {
  readonly service: Service;
  readonly displayName: string;
  readonly region: string;
  /** The same key is always the same create; 1 to 255 visible ASCII characters. */
  readonly key: string;
}

interface Call<T> {
  readonly operation: string;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Codes of the contract for this call. */
  readonly refusals: readonly RefusalCode[];
  /** `null`: not an answer to this call. */
  readonly read: (answer: JsonObject) => T | null;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const MAX_TIMEOUT_MS = 60_000;
const MAX_BODY_BYTES = 2 * 1024 * 1024;
const VISIBLE = /^[\x21-\x7e]+$/;
/** Longest token taken: it has to fit into a request header. */
const MAX_TOKEN = 12_288;

export class LifecycleClient {
  readonly #token: string;
  readonly #base: string;
  readonly #http: HttpClient | null;
  /** Why nothing can be sent at all. */
  readonly #barred: { readonly cause: UpstreamCause; readonly message: string } | null;
  readonly #onRequest: (report: RequestReport) => void;
  readonly #closed = new AbortController();

  /**
   * Opens nothing yet. An endpoint that the policy refuses, or a token that cannot stand in a header, makes every call fail
   * without anything being sent. Throws RangeError for a time-out beyond a minute.
   */
  constructor(options: LifecycleOptions) {
    const { endpoint, token, allow, requestTimeoutMs = DEFAULT_TIMEOUT_MS, now, onRequest } = options;
    if (!(requestTimeoutMs > 0 && requestTimeoutMs <= MAX_TIMEOUT_MS)) {
      throw new RangeError(`requestTimeoutMs must be above 0 and at most ${MAX_TIMEOUT_MS}`);
    }
    this.#token = token;
    this.#onRequest = onRequest ?? (() => {});
    const check = checkEndpoint(endpoint, allow, { allowPath: true, flag: '--lifecycle-hosts' });
    if (check.kind === 'refused' || !VISIBLE.test(token) || token.length > MAX_TOKEN) {
      this.#base = '';
      this.#http = null;
      this.#barred =
        check.kind === 'refused'
          ? { cause: check.reason, message: check.message }
          : {
              cause: 'Unauthorized',
              message:
                'The token is empty, too long, or holds a space, a line break or another character that no header can carry.',
            };
      return;
    }
    this.#barred = null;
    this.#base = check.url.pathname.replace(/\/$/, '');
    this.#http = new HttpClient({
      url: check.url,
      connections: 2,
      timeoutMs: requestTimeoutMs,
      maxBodyBytes: MAX_BODY_BYTES,
      allowPrivate: mayBePrivate(check.url, allow),
      egress: options.egress ?? directEgress(),
      now,
      writeGate: options.writeGate,
    });
  }

  /** Every instance of the account company, deleted ones included for 30 days. A broken connection is tried once more. */
  async list(signal: AbortSignal): Promise<LifecycleResult<LifecycleList>> {
    const call: Call<LifecycleList> = {
      operation: 'Lifecycle/List',
      method: 'GET',
      path: '/v1/instances',
      refusals: [],
      read: readList,
    };
    const first = await this.#call(call, signal);
    return first.kind === 'failed' && first.failure.cause === 'ConnectionFailed' ? this.#call(call, signal) : first;
  }

  /** Asks for an instance. The answer may be one that an earlier request with the same key made, whatever its state now. */
  async create(request: CreateRequest, signal: AbortSignal): Promise<LifecycleResult<LifecycleInstance>> {
    const { key, service, displayName, region } = request;
    if (!VISIBLE.test(key) || key.length > 255) throw new RangeError('a key is 1 to 255 visible ASCII characters');
    return this.#call(
      {
        operation: 'Lifecycle/Create',
        method: 'POST',
        path: '/v1/instances',
        headers: { 'idempotency-key': key },
        body: { service, displayName, region },
        refusals: ['InvalidRequest', 'ServiceNotOfAccount', 'InstanceExists'],
        read: (answer) => {
          const made = readInstance(answer);
          return made === null || (made.requestKey !== null && made.requestKey !== key) ? null : made;
        },
      },
      signal,
    );
  }

  /** Lets a service open the instance. */
  async grant(id: string, service: Service, signal: AbortSignal): Promise<LifecycleResult<LifecycleInstance>> {
    return this.#callOf(
      id,
      {
        operation: 'Lifecycle/Grant',
        method: 'PUT',
        path: `/access/${service}`,
        refusals: ['InvalidRequest', 'ServiceNotOfAccount', 'InstanceNotFound'],
        accept: (instance) => instance.accessibleFrom.includes(service),
      },
      signal,
    );
  }

  /**
   * Asks for the removal of an instance for good. The caller has just read that `as` is its creating service; the server checks
   * it again.
   */
  async remove(id: string, as: Service, signal: AbortSignal): Promise<LifecycleResult<LifecycleInstance>> {
    return this.#callOf(
      id,
      {
        operation: 'Lifecycle/Remove',
        method: 'DELETE',
        path: `?service=${as}`,
        refusals: ['InvalidRequest', 'NotCreatingService', 'InstanceNotFound'],
        accept: ({ state }) => state === 'Deleting' || state === 'Deleted',
      },
      signal,
    );
  }

  /** Calls off what is running and ends all connections. Idempotent. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#http?.close();
  }

  #callOf(
    id: string,
    call: Omit<Call<LifecycleInstance>, 'read'> & { readonly accept: (instance: LifecycleInstance) => boolean },
    signal: AbortSignal,
  ): Promise<LifecycleResult<LifecycleInstance>> {
    const { accept, path, ...rest } = call;
    if (!INSTANCE_ID.test(id)) {
      // No instance of the contract is called so, and it could lead the request to another page.
      return Promise.resolve({ kind: 'refused', code: 'InstanceNotFound', message: 'no instance has such an id' });
    }
    const read = (answer: JsonObject): LifecycleInstance | null => {
      const instance = readInstance(answer);
      return instance !== null && instance.id === id && accept(instance) ? instance : null;
    };
    return this.#call({ ...rest, path: `/v1/instances/${encodeURIComponent(id)}${path}`, read }, signal);
  }

  async #call<T>(call: Call<T>, signal: AbortSignal): Promise<LifecycleResult<T>> {
    const { operation, method, path, headers, body } = call;
    if (this.#http === null) {
      const { cause, message } = this.#barred ?? aborted(operation);
      return { kind: 'failed', failure: failure(operation, cause, message) };
    }
    const start = performance.now();
    const result = await this.#http.exchange(
      {
        operation,
        method,
        path: `${this.#base}${path}`,
        token: this.#token,
        wantRefusal: true,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
      },
      AbortSignal.any([signal, this.#closed.signal]),
    );
    const outcome = outcomeOf(call, result);
    this.#onRequest({ operation, code: reportCode(outcome, result), seconds: (performance.now() - start) / 1000 });
    return outcome;
  }
}

function outcomeOf<T>({ operation, read, refusals }: Call<T>, result: HttpResult): LifecycleResult<T> {
  if (result.kind === 'ok') {
    const value = read(result.value);
    if (value !== null) return { kind: 'ok', value };
    const message = `${operation} was answered with something that docs/lifecycle-api.yaml does not allow.`;
    return { kind: 'failed', failure: failure(operation, 'InvalidResponse', message, 200) };
  }
  const { failure: failed, refusal } = result;
  const refused = refusal === undefined ? null : readRefusal(failed.status, refusal, refusals);
  return refused === null ? { kind: 'failed', failure: failed } : { kind: 'refused', ...refused };
}

/** The status, or the cause where there was none or the body was wrong. */
function reportCode(outcome: LifecycleResult<unknown>, result: HttpResult): string {
  const failed = outcome.kind === 'failed' ? outcome.failure : result.kind === 'failed' ? result.failure : null;
  if (failed === null) return '200';
  return failed.status === null || failed.status < 300 ? failed.cause : String(failed.status);
}
