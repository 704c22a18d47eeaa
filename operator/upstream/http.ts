// One HTTP exchange with an upstream that is not trusted: bounded in header size, body size and total time (slow bytes
// too), never redirected, never decompressed, answered by a JSON object or not at all.
// Promises kept here: a bad account stays isolated (9); credentials are safe (10): neither body nor token enters a message.

import { Pool, type Dispatcher } from 'undici';
import { ADDRESS_REFUSED } from './address.ts';
import { connectThrough, type Egress, type Route } from './egress.ts';
import { aborted, failure, failureOfStatus, type UpstreamCause, type UpstreamFailure } from './failure.ts';
import { isObject, parseJson, type JsonObject, type JsonValue } from './json.ts';
import { PROXY_REFUSED } from './proxy.ts';

export interface HttpOptions {
  /** Already checked against the allow-list (`endpoint.ts`). */
  readonly url: URL;
  readonly connections: number;
  /** For the whole exchange, from connecting to the last byte of the body. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** May the host name resolve to a private address? */
  readonly allowPrivate: boolean;
  /** How to get there, and whom to trust. */
  readonly egress: Egress;
  /** For tests. Default: the system's. */
  readonly resolver?: Route['resolver'];
  /** Wall clock, for a `Retry-After` that is a date. */
  readonly now: () => number;
  /** Between the pool and the socket for all but GET: refuses what this process may not send (leader election). */
  readonly writeGate?: Dispatcher.DispatcherComposeInterceptor | undefined;
}

export interface HttpRequest {
  /** Name for messages and metrics. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly token: string | null;
  /** Beside those of every request; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the client's own. */
  readonly timeoutMs?: number;
  /** Hand over what a 4xx said (`HttpResult.refusal`). Default: no one sees it. */
  readonly wantRefusal?: boolean;
}

export type HttpResult =
  | { readonly kind: 'ok'; readonly value: JsonObject }
  | {
      readonly kind: 'failed';
      readonly failure: UpstreamFailure;
      /** JSON object of a 4xx, if it was asked for. To decide by; it may hold anything and never enters a message or log. */
      readonly refusal?: JsonObject;
    };

/** Node's and undici's limit for the headers of one response. */
const MAX_HEADER_BYTES = 16 * 1024;

export class HttpClient {
  readonly #options: HttpOptions;
  readonly #pool: Pool;
  /** The same pool behind the write gate. */
  readonly #changes: Dispatcher;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#pool = new Pool(options.url.origin, {
      connections: options.connections,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      connect: connectThrough(options.egress, options),
    });
    this.#changes = options.writeGate === undefined ? this.#pool : this.#pool.compose(options.writeGate);
  }

  /**
   * Sends one request and reads its answer. Out: the JSON object of a 2xx answer (keys in lower case), or a failure: time
   * over, too large, a broken connection, a status outside 2xx, or a body that is no JSON object. Never throws for these.
   */
  async exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpResult> {
    const { operation, timeoutMs = this.#options.timeoutMs } = request;
    if (signal.aborted) return failed(aborted(operation));
    const control = new AbortController();
    const onAbort = (): void => control.abort();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      control.abort();
    }, timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#send(request, control.signal);
    } catch (error) {
      if (late) {
        const message = `${operation} was not answered in full within ${timeoutMs / 1000} s.`;
        return failed(failure(operation, 'Timeout', message));
      }
      if (signal.aborted) return failed(aborted(operation));
      return failed(failureOfError(operation, error));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends all connections at once; exchanges still running fail as `ConnectionFailed` or `Aborted`. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #send(request: HttpRequest, signal: AbortSignal): Promise<HttpResult> {
    const { operation, method, path, body, token, wantRefusal } = request;
    const answer = await (method === 'GET' ? this.#pool : this.#changes).request({
      method,
      path,
      signal,
      body: body === undefined ? null : JSON.stringify(body),
      // No accept-encoding: a compressed body would make the size cap meaningless.
      headers: {
        accept: 'application/json',
        'user-agent': 'eset-msp-operator',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...request.headers,
      },
    });
    const status = answer.statusCode;
    const text = await this.#text(answer.body, answer.headers['content-length']);
    if (text === null) {
      const limit = this.#options.maxBodyBytes;
      return failed(failure(operation, 'TooLarge', `${operation} answered with more than ${limit} bytes.`, status));
    }
    const html = text.trimStart().startsWith('<') || /\bhtml\b/i.test(header(answer.headers['content-type']));
    const parsed = parseJson(text);
    const value = parsed.kind === 'ok' ? parsed.value : null;
    if (status < 200 || status > 299) {
      const fields = isObject(value) ? value : null;
      const failure = failureOfStatus(operation, {
        status,
        code: integer(fields?.['code']),
        subCode: integer(fields?.['subcode']),
        html,
        retryAfterMs: retryAfter(header(answer.headers['retry-after']), this.#options.now()),
      });
      const told = wantRefusal === true && status >= 400 && status < 500 ? fields : null;
      return told === null ? failed(failure) : { kind: 'failed', failure, refusal: told };
    }
    const invalid = (what: string): HttpResult =>
      failed(failure(operation, 'InvalidResponse', `${operation} ${what}`, status));
    if (!/^(identity)?$/i.test(header(answer.headers['content-encoding']))) {
      return invalid('answered with a compressed body, which was not asked for.');
    }
    if (text === '') return invalid('answered with an empty body.');
    if (parsed.kind === 'invalid' && parsed.reason === 'TooDeep') return invalid('nests its JSON answer too deeply.');
    if (!isObject(value)) {
      return invalid(
        html
          ? `answered with an HTML page instead of JSON. Check the endpoint${operation.startsWith('Lifecycle/') ? '.' : '; the account may have been moved to ESET PROTECT Hub.'}`
          : 'answered with something that is not a JSON object.',
      );
    }
    return { kind: 'ok', value };
  }

  /** The body as text, or `null` if it is larger than the limit; then the connection is dropped. */
  async #text(body: Dispatcher.ResponseData['body'], announced: string | string[] | undefined): Promise<string | null> {
    const limit = this.#options.maxBodyBytes;
    if (Number(announced ?? 0) > limit) {
      // Of an answer that is over (a 204) the body says 'error' itself, and one that nobody hears ends the process.
      body.on('error', () => {}).destroy();
      return null;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += (chunk as Buffer).length;
      if (size > limit) return null; // leaving the loop destroys the body
      chunks.push(chunk as Buffer);
    }
    return new TextDecoder().decode(Buffer.concat(chunks)); // a byte-order mark is dropped
  }
}

function failed(failure: UpstreamFailure): HttpResult {
  return { kind: 'failed', failure };
}

function failureOfError(operation: string, error: unknown): UpstreamFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const as = (cause: UpstreamCause, what: string): UpstreamFailure => failure(operation, cause, `${operation} ${what}`);
  if (code === ADDRESS_REFUSED) {
    return as('HostNotAllowed', 'was not sent: the host name leads to a private or loopback address.');
  }
  if (code.startsWith(PROXY_REFUSED)) {
    const status = code.slice(PROXY_REFUSED.length);
    const hint = status === '407' ? 'its login is missing or wrong' : 'it may not allow this host';
    return as('ConnectionFailed', `was refused by the egress proxy (--upstream-proxy) with ${status}: ${hint}.`);
  }
  if (/^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$|^ETIMEDOUT$/.test(code)) {
    return as('Timeout', 'was not answered in time.');
  }
  if (/HEADERS?_OVERFLOW$/.test(code)) {
    return as('TooLarge', `answered with more than ${MAX_HEADER_BYTES} bytes of headers.`);
  }
  // By name, since undici leaves the code out now and then; its `data` holds the body and is not looked at.
  if (error instanceof Error && error.name === 'HTTPParserError') {
    return as('InvalidResponse', 'answered with something that is not HTTP.');
  }
  // Codes are names of Node, OpenSSL or undici (ECONNREFUSED, CERT_HAS_EXPIRED): nothing that upstream could write.
  return as('ConnectionFailed', `failed: the connection could not be made or broke off (${code}).`);
}

function header(value: string | string[] | undefined): string {
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
}

function integer(value: JsonValue | undefined): number | null {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : null;
}

/** `Retry-After` in seconds or as a date; at most a day. */
function retryAfter(value: string, now: number): number | null {
  if (value === '') return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), 86_400_000);
}
