// Why nothing, or not everything, could be read from upstream → the verdict that says so.

import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { AccountReason } from '../../api/v1alpha1/reasons.ts';
import type { Gap } from '../../hierarchy/snapshot.ts';
import { isUnclearLogin, type UpstreamCause, type UpstreamFailure } from '../../upstream/failure.ts';
import { REFUSALS_PER_HOUR, WINDOW_MS } from './login-limit.ts';
import type { UnsynchronizedReason, Verdict } from './verdict.ts';

const REASONS: Record<Exclude<UpstreamCause, 'LoginThrottled'>, UnsynchronizedReason> = {
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

/** Between two logins that may have been refused: as many an hour as the limit allows. */
export const UNCLEAR_PAUSE_MS = WINDOW_MS / REFUSALS_PER_HOUR;

const THROTTLED: Verdict = {
  ready: 'False',
  reason: 'LoginThrottled',
  message: `Upstream refused this login ${REFUSALS_PER_HOUR} times within an hour. It is tried again later, so that the account is not locked; check the Secret meanwhile.`,
  credentials: 'False',
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
  const { cause } = failure;
  if (cause === 'LoginThrottled') return THROTTLED;
  const again = isUnclearLogin(failure)
    ? `This may also be its answer to a wrong username or password: so that the account is not locked, the operator tries again every ${UNCLEAR_PAUSE_MS / 60_000} minutes, and at once with another Secret.`
    : 'The operator tries again on its own.';
  return {
    ready: 'False',
    reason: REASONS[cause],
    message: `${failure.message} No object was touched. ${again}`,
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
      'What lies below is left as it is, the rest is applied; the operator tries again on its own.',
    synchronized: 'False',
  };
}
