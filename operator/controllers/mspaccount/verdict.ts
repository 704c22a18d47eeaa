// What a reconcile concludes about an account → its conditions: the table of design §3 as code. Pure.
// Promise 8: Ready=True only if the last sync was complete and applied.

import { ACCOUNT_REASONS, type AccountReason } from '../../api/v1alpha1/reasons.ts';
import { removeCondition, setCondition } from '../../runtime/conditions.ts';
import type { Condition } from '../../runtime/object.ts';

type ConditionStatus = 'True' | 'False' | 'Unknown';

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
  const { ready, reason, message } = verdict;
  const condition = (type: string, status: ConditionStatus, why: string, text: string) => ({
    type,
    status,
    reason: why,
    message: text,
    observedGeneration: generation,
  });
  let conditions: readonly Condition[] = setCondition(before, condition('Ready', ready, reason, message), now);

  const acts = ACCOUNT_REASONS[reason].acts;
  conditions =
    acts === 'operator'
      ? setCondition(conditions, condition('Reconciling', 'True', reason, message), now)
      : removeCondition(conditions, 'Reconciling');
  conditions =
    acts === 'person'
      ? setCondition(conditions, condition('Stalled', 'True', reason, message), now)
      : removeCondition(conditions, 'Stalled');

  if (verdict.credentials !== undefined) {
    const valid = verdict.credentials === 'True';
    conditions = setCondition(
      conditions,
      valid
        ? condition('CredentialsValid', 'True', 'LoginAccepted', 'Upstream accepted the login.')
        : condition('CredentialsValid', verdict.credentials, reason, message),
      now,
    );
  }
  if (verdict.synchronized !== undefined) {
    const complete = verdict.synchronized === 'True';
    conditions = setCondition(
      conditions,
      complete
        ? condition('Synchronized', 'True', 'AccountSynchronized', 'The last crawl of the tree was complete.')
        : condition('Synchronized', verdict.synchronized, reason, message),
      now,
    );
  }
  if (verdict.unlinkBlocked === null) conditions = removeCondition(conditions, 'UnlinkBlocked');
  else if (verdict.unlinkBlocked !== undefined) {
    conditions = setCondition(
      conditions,
      condition('UnlinkBlocked', 'True', 'LimitExceeded', verdict.unlinkBlocked),
      now,
    );
  }
  return [...conditions];
}
