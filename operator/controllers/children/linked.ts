// The condition Linked of a child: its reasons, its messages, and how it is read back. Messages depend on the reason alone, so
// that a pass without change writes nothing.

import type { LinkedReason } from '../../api/v1alpha1/child-reasons.ts';
import type { Linked, LinkedSince } from '../../hierarchy/objects.ts';
import type { Condition } from '../../runtime/object.ts';

/** Linked as the cache keeps it, with its time as the API server spells it, so that a rewrite does not lose it. */
export type LinkedSeen = LinkedSince & { readonly at: string };

/** Every reason of the condition Linked, and what it tells people. */
export const LINKED_MESSAGES: Record<LinkedReason, string> = {
  Present: 'The company is there upstream.',
  Removed: 'The company was removed upstream. You may delete this object.',
  NotVisible:
    'The login no longer sees the company: it was removed, or a right was withdrawn. You may delete this object; it is linked again if the company returns.',
  AccountRemoved: 'The MSPAccount was deleted.',
  AbsentOnce:
    'The last complete sync did not show the company, and upstream does not say that it was removed. A sync at least an hour later decides.',
  UnlinkHeld:
    'The company is gone upstream, but too many are at once: see the condition UnlinkBlocked of the MSPAccount.',
  AccountMissing: 'There is no MSPAccount of this name in the namespace.',
  AwaitingSync: 'The account has not been synchronized since this object was created.',
};

/** `status.conditions` as read → Linked with its time. Without a condition: AwaitingSync. */
export function linkedSince(conditions: readonly Condition[] | undefined): LinkedSeen {
  const found = conditions?.find((condition) => condition.type === 'Linked');
  if (found === undefined || !(found.reason in LINKED_MESSAGES)) {
    return { status: 'Unknown', reason: 'AwaitingSync', since: 0, at: '' };
  }
  const linked = { status: found.status, reason: found.reason } as Linked;
  return { ...linked, since: Date.parse(found.lastTransitionTime), at: found.lastTransitionTime };
}

/**
 * The condition to write. Its time moves with the status *and* with the reason: the hour of AbsentOnce counts from the moment
 * that this reason began, whatever other reason for Unknown stood there before (promise 2).
 */
export function linkedCondition(linked: Linked, before: LinkedSeen, now: number): Condition {
  const same = linked.status === before.status && linked.reason === before.reason && before.at !== '';
  return {
    type: 'Linked',
    status: linked.status,
    reason: linked.reason,
    message: LINKED_MESSAGES[linked.reason],
    lastTransitionTime: same ? before.at : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}
