// What a reconcile concludes about an account → its conditions: the table of design §3 as code. Pure.
// Promise 8: Ready=True only if the last sync was complete and applied.

import { ACCOUNT_CONDITIONS, type ReasonOf } from '../../api/v1alpha1/conditions.ts';
import type { AccountReason } from '../../api/v1alpha1/reasons.ts';
import type { Condition } from '../../runtime/object.ts';
import { Conditions, type ConditionStatus } from '../ready.ts';

/** Reasons with which Synchronized and CredentialsValid can be False. */
export type UnsynchronizedReason = AccountReason & ReasonOf<typeof ACCOUNT_CONDITIONS, 'Synchronized'>;
export type CredentialsReason = AccountReason & ReasonOf<typeof ACCOUNT_CONDITIONS, 'CredentialsValid'>;

const MAX_MESSAGE = 4096;

/** One conclusion. What is left out stays as it was. */
export type Verdict = {
  readonly ready: ConditionStatus;
  readonly reason: AccountReason;
  /** For people: what happened and what to do. Stable while nothing changes: no times, no attempt counters. */
  readonly message: string;
  /** Set while the guard holds companies back; `null`: it holds none. */
  readonly unlinkBlocked?: string | null;
} & (
  | /** The login: True, False with the reason of the verdict, or not looked at. */
    { readonly credentials?: 'True' }
  | { readonly credentials: 'False'; readonly reason: CredentialsReason }
) &
  (
    | /** What the last crawl found: True, or False with the reason of the verdict; not looked at where left out. */
      { readonly synchronized?: 'True' }
    | { readonly synchronized: 'False'; readonly reason: UnsynchronizedReason }
  );

/** What fits into a condition. Messages quote the API server and its policies, whose words have no limit. */
function cut(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE - 1).toWellFormed()}…`;
}

/** The conditions that the verdict leads to. */
export function applyVerdict(
  before: readonly Condition[] | undefined,
  verdict: Verdict,
  generation: number,
  now: number,
): Condition[] {
  const { ready, reason, unlinkBlocked } = verdict;
  const message = cut(verdict.message);
  const conditions = new Conditions(ACCOUNT_CONDITIONS, before, generation, now).ready({ ready, reason, message });
  if (verdict.credentials === 'True') {
    conditions.set({
      type: 'CredentialsValid',
      status: 'True',
      reason: 'LoginAccepted',
      message: 'Upstream accepted the login.',
    });
  } else if (verdict.credentials === 'False') {
    conditions.set({ type: 'CredentialsValid', status: 'False', reason: verdict.reason, message });
  }
  if (verdict.synchronized === 'True') {
    conditions.set({
      type: 'Synchronized',
      status: 'True',
      reason: 'AccountSynchronized',
      message: 'The last crawl of the tree was complete.',
    });
  } else if (verdict.synchronized === 'False') {
    conditions.set({ type: 'Synchronized', status: 'False', reason: verdict.reason, message });
  }
  if (unlinkBlocked !== undefined) {
    conditions.setIf(unlinkBlocked !== null, {
      type: 'UnlinkBlocked',
      status: 'True',
      reason: 'LimitExceeded',
      message: unlinkBlocked ?? '',
    });
  }
  return conditions.list();
}
