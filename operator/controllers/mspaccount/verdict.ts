// What a reconcile concludes about an account → its conditions: the table of design §3 as code. Pure.
// Promise 8: Ready=True only if the last sync was complete and applied.

import { ACCOUNT_REASONS, type AccountReason } from '../../api/v1alpha1/reasons.ts';
import type { Condition } from '../../runtime/object.ts';
import { Conditions, type ConditionStatus } from '../ready.ts';

/** One conclusion. What is left out stays as it was. */
export interface Verdict {
  readonly ready: ConditionStatus;
  readonly reason: AccountReason;
  /** For people: what happened and what to do. Stable while nothing changes: no times, no attempt counters. */
  readonly message: string;
  /** The login: True, False with the reason of the verdict, or not looked at. */
  readonly credentials?: ConditionStatus;
  /** What the last crawl found: True, or False with the reason of the verdict; not looked at where left out. */
  readonly synchronized?: ConditionStatus;
  /** Set while the guard holds companies back; `null`: it holds none. */
  readonly unlinkBlocked?: string | null;
}

/** The conditions that the verdict leads to. */
export function applyVerdict(
  before: readonly Condition[] | undefined,
  verdict: Verdict,
  generation: number,
  now: number,
): Condition[] {
  const { ready, reason, message, credentials, synchronized, unlinkBlocked } = verdict;
  const conditions = new Conditions(before, generation, now).ready({
    ready,
    reason,
    message,
    acts: ACCOUNT_REASONS[reason].acts,
  });
  if (credentials !== undefined) {
    const accepted = { reason: 'LoginAccepted', message: 'Upstream accepted the login.' };
    const why = credentials === 'True' ? accepted : { reason, message };
    conditions.set({ type: 'CredentialsValid', status: credentials, ...why });
  }
  if (synchronized !== undefined) {
    const complete = { reason: 'AccountSynchronized', message: 'The last crawl of the tree was complete.' };
    const why = synchronized === 'True' ? complete : { reason, message };
    conditions.set({ type: 'Synchronized', status: synchronized, ...why });
  }
  if (unlinkBlocked !== undefined) {
    const blocked = {
      type: 'UnlinkBlocked',
      status: 'True',
      reason: 'LimitExceeded',
      message: unlinkBlocked ?? '',
    } as const;
    conditions.setIf(unlinkBlocked !== null, blocked);
  }
  return conditions.list();
}
