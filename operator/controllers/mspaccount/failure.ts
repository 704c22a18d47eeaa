// Why nothing, or not everything, could be read from upstream → the verdict that says so.

import type { Gap } from '../../hierarchy/snapshot.ts';
import type { UpstreamCause, UpstreamFailure } from '../../upstream/failure.ts';
import type { UnsynchronizedReason, Verdict } from './verdict.ts';

const REASONS: Record<UpstreamCause, UnsynchronizedReason> = {
  ConnectionFailed: 'UpstreamUnreachable',
  Aborted: 'UpstreamTimeout',
  Timeout: 'UpstreamTimeout',
  TooLarge: 'UpstreamInvalid',
  InvalidResponse: 'UpstreamInvalid',
  NotFound: 'UpstreamInvalid',
  BadRequest: 'UpstreamInvalid',
  Moved: 'UpstreamMoved',
  RateLimited: 'UpstreamThrottled',
  Maintenance: 'UpstreamMaintenance',
  Unauthorized: 'UpstreamForbidden',
  LoginRefused: 'LoginRefused',
  Forbidden: 'UpstreamForbidden',
  ServerError: 'UpstreamError',
  UnknownType: 'UpstreamInvalid',
  InvalidEndpoint: 'InvalidEndpoint',
  HostNotAllowed: 'HostNotAllowed',
};

/** The own company or its first listing could not be read: nothing is known, nothing is touched. */
export function failedVerdict(failure: UpstreamFailure): Verdict {
  return {
    ready: 'False',
    reason: REASONS[failure.cause],
    message: `${failure.message} No object was touched; the operator tries again on its own.`,
    synchronized: 'False',
  };
}

/** Some branches could not be read (promise 8: partial is never success). */
export function partialVerdict(gaps: readonly Gap[]): Verdict {
  const first = [...gaps]
    .sort((a, b) => (a.companyID ?? '').localeCompare(b.companyID ?? ''))
    .slice(0, 3)
    .map((gap) => `${gap.companyID ?? 'the account'}: ${gap.cause}, ${gap.message}`)
    .join(' ');
  const more = gaps.length > 3 ? ` (and ${gaps.length - 3} more)` : '';
  return {
    ready: 'False',
    reason: 'PartialSnapshot',
    message:
      `${gaps.length} part${gaps.length === 1 ? '' : 's'} of the tree could not be read: ${first}${more} ` +
      'What was read is applied, nothing is unlinked; the operator tries again on its own.',
    synchronized: 'False',
  };
}
