// The one error that calls to the API server end in, and the questions asked of it. A call that the caller's own signal
// ended rejects with that signal's reason instead.

export interface KubeErrorOptions {
  /** HTTP status; 0 where no answer came (connection, time limit, unreadable answer). */
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs?: number | null;
  readonly details?: unknown;
  readonly cause?: unknown;
}

export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | null;
  readonly details: unknown;

  constructor(options: KubeErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.details = options.details ?? null;
  }
}

/** Reasons of our own, where the API server gave none. */
export const NO_ANSWER = 'NoAnswer';
export const TIMED_OUT = 'TimedOut';
export const UNREADABLE = 'UnreadableAnswer';
/** Not sent: this process does not lead (write-gate.ts). */
export const NOT_LEADING = 'NotLeading';

const MAX_TEXT = 300;

/** Turns an answer that is not a success into a KubeError with the API server's own words. */
export function errorFromAnswer(status: number, retryAfter: string | undefined, body: string, what: string): KubeError {
  const parsed = parseStatus(body);
  if (parsed !== null) return errorFromStatus({ code: status, ...parsed }, what, retryAfter);
  const text = body.slice(0, MAX_TEXT).trim();
  return new KubeError({
    status,
    reason: defaultReason(status),
    message: `${what}: HTTP ${status}${text === '' ? '' : `: ${text}`}`,
    retryAfterMs: parseRetryAfter(retryAfter),
  });
}

export interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: unknown;
}

export function errorFromStatus(status: Status, what: string, retryAfter?: string): KubeError {
  const code = status.code ?? 500;
  const details = status.details as { retryAfterSeconds?: number } | null | undefined;
  const seconds = details?.retryAfterSeconds;
  return new KubeError({
    status: code,
    reason: status.reason ?? defaultReason(code),
    message: `${what}: ${status.message ?? `HTTP ${code}`}`,
    retryAfterMs: parseRetryAfter(retryAfter) ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : null),
    details: status.details,
  });
}

/** Only the form in seconds: the API server sends no other. */
export function parseRetryAfter(value: string | undefined): number | null {
  return value !== undefined && /^[0-9]{1,6}$/.test(value) ? Number(value) * 1000 : null;
}

function parseStatus(body: string): Status | null {
  try {
    const parsed = JSON.parse(body) as {
      kind?: unknown;
      message?: unknown;
      reason?: unknown;
      details?: unknown;
    } | null;
    if (parsed === null || typeof parsed !== 'object' || parsed.kind !== 'Status') return null;
    return {
      ...(typeof parsed.reason === 'string' && parsed.reason !== '' ? { reason: parsed.reason } : {}),
      ...(typeof parsed.message === 'string' ? { message: parsed.message } : {}),
      ...(parsed.details !== undefined ? { details: parsed.details } : {}),
    };
  } catch {
    return null;
  }
}

function defaultReason(status: number): string {
  switch (status) {
    case 401:
      return 'Unauthorized';
    case 403:
      return 'Forbidden';
    case 404:
      return 'NotFound';
    case 409:
      return 'Conflict';
    case 410:
      return 'Gone';
    case 429:
      return 'TooManyRequests';
    default:
      return 'Unknown';
  }
}

// Only narrows `unknown` to KubeError; without it, a KubeError would be narrowed to `never` where the answer is no.
declare const answer: unique symbol;
type Is<Question extends string> = KubeError & { readonly [answer]: Question };

function hasStatus(error: unknown, status: number): error is KubeError {
  return error instanceof KubeError && error.status === status;
}

export function isNotFound(error: unknown): error is Is<'not found'> {
  return hasStatus(error, 404);
}

export function isAlreadyExists(error: unknown): error is Is<'already exists'> {
  return hasStatus(error, 409) && error.reason === 'AlreadyExists';
}

/** The optimistic lock or a precondition did not hold: read again, decide again. */
export function isConflict(error: unknown): error is Is<'conflict'> {
  return hasStatus(error, 409) && error.reason !== 'AlreadyExists';
}

export function isForbidden(error: unknown): error is Is<'forbidden'> {
  return hasStatus(error, 403);
}

export function isGone(error: unknown): error is Is<'gone'> {
  return error instanceof KubeError && (error.status === 410 || error.reason === 'Expired');
}

/** The same call may succeed later without anybody changing anything; whether a write took effect is not known. */
export function isTransient(error: unknown): error is Is<'transient'> {
  return error instanceof KubeError && (error.status === 0 || error.status === 429 || error.status >= 500);
}
