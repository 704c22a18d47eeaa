// When a call to the API server may be repeated by the transport itself, and after how long. Everything else goes up to the
// caller, whose reconcile reads the world again before it writes.
//
// * 429: the server turned the call away before acting on it. Any method; its Retry-After is honoured up to a cap.
// * Connection never made (refused, no address, not verified, time-out): nothing was sent. Any method.
// * Connection lost, or 502/503/504: the call may have taken effect. Only calls marked repeatable: reads, and writes whose
//   repetition changes nothing (the optimistic lock or the uid precondition fails, seen as 409 or 404). A POST is never
//   one: a second POST would see its own first as AlreadyExists and could not tell it from somebody else's object.

import { NO_ANSWER, type KubeError } from './errors.ts';
import { backoffDelay } from './backoff.ts';

export interface RetryPolicy {
  readonly attempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 4, baseMs: 100, maxMs: 10_000 };

const neverSent = new WeakSet<Error>();
const GATEWAY_ERRORS = new Set([502, 503, 504]);

/** Nobody behind the address is there to answer, or not in time; whether a write took effect is not known. */
export function isGatewayError(status: number): boolean {
  return GATEWAY_ERRORS.has(status);
}

export interface Failure {
  readonly error: KubeError;
  /** The call can be made again without changing what it does. */
  readonly repeatable: boolean;
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
}

/** How long to wait before the next attempt, or `null` for none. */
export function retryDelay(failure: Failure, policy: RetryPolicy, random: () => number): number | null {
  const { error, repeatable, attempt } = failure;
  if (attempt >= policy.attempts) return null;
  const allowed =
    error.status === 429 ||
    (error.status === 0 && error.reason === NO_ANSWER && (repeatable || wasNeverSent(error.cause))) ||
    (isGatewayError(error.status) && repeatable);
  if (!allowed) return null;
  const own = backoffDelay(attempt - 1, { baseMs: policy.baseMs, maxMs: policy.maxMs, random });
  // Never sooner than asked for, and not all who were turned away together at the same moment.
  const asked = Math.min(error.retryAfterMs ?? 0, policy.maxMs) * (1 + random() / 2);
  return Math.max(own, asked);
}

/** For whoever opens connections: the error came before there was one. */
export function markNeverSent(error: Error): Error {
  neverSent.add(error);
  return error;
}

function wasNeverSent(cause: unknown): boolean {
  return cause instanceof Error && neverSent.has(cause);
}
