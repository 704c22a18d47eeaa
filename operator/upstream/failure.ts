// What can go wrong between us and an upstream, as one union that every caller can decide on.
// Promises kept here: truthful (8): each failure says what it was; credentials are safe (10): a message is built from fixed
// words, an operation name and a status alone, never from a response body, a token or a login.

/**
 * Machine-readable cause of a failed call.
 * `LoginRefused`: Token/Get said no; it must not be repeated with the same login. `LoginThrottled`: too many logins were
 * refused lately, so none was sent; `retryAfterMs` says when one may be. `NotFound`: 404, or 403 with code 99 /
 * subCode 1 = "page cannot be found" (domain: ema-api §10). `ServerError`: 5xx but 503, which is `Maintenance`.
 * `BadRequest`: a 4xx without a cause of its own. `InvalidEndpoint`, `HostNotAllowed`: nothing was sent.
 * `UnknownType`: the login's own company has a type that has no place in the tree.
 */
export type UpstreamCause =
  | 'ConnectionFailed'
  | 'Timeout'
  | 'TooLarge'
  | 'InvalidResponse'
  | 'Moved'
  | 'RateLimited'
  | 'Maintenance'
  | 'Unauthorized'
  | 'LoginRefused'
  | 'LoginThrottled'
  | 'Forbidden'
  | 'NotFound'
  | 'BadRequest'
  | 'ServerError'
  | 'UnknownType'
  | 'InvalidEndpoint'
  | 'HostNotAllowed'
  | 'Aborted';

export interface UpstreamFailure {
  readonly cause: UpstreamCause;
  /** HTTP status, `null` where there was no (usable) answer. */
  readonly status: number | null;
  /** `Group/Call` as in the reference, for example `Company/Children`; `Lifecycle/…` for the lifecycle contract. */
  readonly operation: string;
  /** One sentence for people. Carries no upstream body, token or credential. */
  readonly message: string;
  /** What a `Retry-After` header asked for, milliseconds; `null` without one. */
  readonly retryAfterMs: number | null;
}

/** What an answer told us beside its body. */
export interface AnswerFacts {
  readonly status: number;
  /** `code` and `subCode` of the error body, where it had them (domain: ema-api §10). */
  readonly code: number | null;
  readonly subCode: number | null;
  /** The body was HTML: a web server, proxy or portal answered, not the API. */
  readonly html: boolean;
  readonly retryAfterMs: number | null;
}

/** A failure without a usable answer. */
export function failure(
  operation: string,
  cause: UpstreamCause,
  message: string,
  status: number | null = null,
): UpstreamFailure {
  return { cause, status, operation, message, retryAfterMs: null };
}

/** The failure that the waiting caller's own signal (or a closed client) stands for. */
export function aborted(operation: string): UpstreamFailure {
  return failure(operation, 'Aborted', `${operation} was given up before it was answered.`);
}

const CHECK_ENDPOINT = 'Check that the endpoint is the address of the ESET MSP Administrator 2 API.';
const CHECK_LIFECYCLE = 'Check that the endpoint is the base address of the lifecycle service.';
const MAY_HAVE_MOVED = 'The account may have been moved to ESET PROTECT Hub.';

/** The failure for a status outside 2xx (domain: ema-api §10, §13). */
export function failureOfStatus(operation: string, facts: AnswerFacts): UpstreamFailure {
  const { status, code, subCode, html, retryAfterMs } = facts;
  const lifecycle = operation.startsWith('Lifecycle/');
  const check = lifecycle ? CHECK_LIFECYCLE : CHECK_ENDPOINT;
  const as = (cause: UpstreamCause, what: string): UpstreamFailure => ({
    cause,
    status,
    operation,
    message: `${operation} answered HTTP ${status}: ${what}`,
    retryAfterMs,
  });
  if (status < 400) {
    return as('Moved', `a redirect, which is not followed. ${lifecycle ? CHECK_LIFECYCLE : MAY_HAVE_MOVED}`);
  }
  switch (status) {
    case 401:
      return as('Unauthorized', 'the login is not accepted for this call.');
    case 403:
      // §10: 403 with 99/1 speaks of the page, not of access.
      if (code === 99 && subCode === 1) return as('NotFound', `there is no such page. ${check}`);
      return as('Forbidden', 'the login has no access to it.');
    case 404:
      // What a 404 of the API carries is unknown (§10); HTML comes from a web server that does not know the page.
      if (html) return as('InvalidResponse', `an HTML page came back instead of JSON. ${check}`);
      return as('NotFound', 'it does not exist.');
    case 408:
      return as('Timeout', 'upstream gave up waiting for the request.');
    case 429:
      return as('RateLimited', 'too many requests.');
    case 503:
      return as('Maintenance', 'upstream is down for maintenance.');
    default:
      // §10: a 500 "can be caused by an unauthorized request".
      if (status >= 500) return as('ServerError', 'a fault upstream, or a request without the right to it.');
      return as('BadRequest', 'the request was not accepted.');
  }
}

/** True if the same call may well succeed in a moment: time-outs, broken connections, 408, 429, 502, 503, 504. */
export function isTransient({ cause, status }: UpstreamFailure): boolean {
  return TRANSIENT.has(cause) || (cause === 'ServerError' && (status === 502 || status === 504));
}

const TRANSIENT: ReadonlySet<UpstreamCause> = new Set(['Timeout', 'ConnectionFailed', 'RateLimited', 'Maintenance']);

/** True if the failure says something about upstream or the login as a whole, not about the company asked for. */
export function isOutage(failure: UpstreamFailure): boolean {
  return isTransient(failure) || failure.cause === 'Unauthorized' || failure.cause === 'Moved';
}

/**
 * True if no token could be had. Every further call would try to log in again, which must not be done on and on while it is
 * unknown whether failed logins lock an account (domain: ema-api §17.1).
 */
export function isLoginFailure({ operation, cause }: UpstreamFailure): boolean {
  return operation.startsWith('Token/') && cause !== 'Aborted';
}

/**
 * True if Token/Get got an answer that may well mean "wrong username or password": a 500 "can be caused by an unauthorized
 * request", other 4xx and a 2xx without a token are not documented at all (domain: ema-api §10, §17.8).
 */
export function isUnclearLogin({ operation, cause, status }: UpstreamFailure): boolean {
  if (operation !== 'Token/Get' || status === null) return false;
  return status === 500 || cause === 'BadRequest' || (cause === 'InvalidResponse' && status < 300);
}

/** CamelCase cause of a gap: `HTTP<status>` where a status is the whole story, else the cause itself. */
export function gapCause({ cause, status }: UpstreamFailure): string {
  if (status === null || status < 400 || cause === 'InvalidResponse') return cause;
  return `HTTP${status}`;
}
