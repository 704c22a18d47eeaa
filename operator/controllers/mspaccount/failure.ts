// Why nothing, or not everything, could be read from upstream → the verdict that says so.

import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { AccountReason } from '../../api/v1alpha1/reasons.ts';
import type { Gap } from '../../hierarchy/snapshot.ts';
import type { UpstreamCause, UpstreamFailure } from '../../upstream/failure.ts';
import type { Verdict } from './verdict.ts';

const REASONS: Record<UpstreamCause, AccountReason> = {
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

/** Upstream did not answer, or not as this API: a sync that ended so may take long the next time, too. */
const OUTAGES: ReadonlySet<string> = new Set<AccountReason>([
  'UpstreamUnreachable',
  'UpstreamTimeout',
  'UpstreamError',
  'UpstreamMaintenance',
  'UpstreamMoved',
  'UpstreamInvalid',
]);

/** The sync that came to this verdict ended by an outage. */
export function isOutage({ reason }: Verdict): boolean {
  return OUTAGES.has(reason);
}

/** The last sync of this spec ended by an outage, as far as the status tells. */
export function showsOutage({ conditions }: MSPAccountStatus): boolean {
  const ready = conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'False' && OUTAGES.has(ready.reason);
}

/** The same verdict, with how the operator goes on asking. */
export function withProbe(verdict: Verdict): Verdict {
  return { ...verdict, message: `${verdict.message} Until upstream answers, it is asked with one request only.` };
}

/** The reading was ended: nothing is known, nothing is touched. */
export function endedVerdict(why: string): Verdict {
  return {
    ready: 'False',
    reason: 'UpstreamTimeout',
    message: `${why} No object was touched; the operator tries again on its own.`,
    synchronized: 'False',
  };
}

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
