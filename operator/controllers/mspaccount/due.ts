// Is a sync due, and why? Level-based: read from the account, the state of its Secret and the clock, never from the event that
// woke us. Promise 10: a refused login is not repeated until the Secret, the spec or requestedAt changes.

import type { ObjectState } from '../../runtime/object-watch.ts';
import type { AccountView } from './account.ts';
import { isApproved } from './planning.ts';

export type Due =
  | {
      readonly kind: 'now';
      readonly why:
        | 'NewGeneration'
        | 'Requested'
        | 'SecretChanged'
        | 'Approved'
        | 'CustomerAdded'
        | 'ChildDeleted'
        | 'TwinGone'
        | 'Scheduled';
    }
  | { readonly kind: 'later'; readonly inMs: number }
  /** Only a change by a person can make a sync due again. */
  | { readonly kind: 'never' };

export interface Circumstances {
  /** When the newest Customer that waits for its first sync was created, ms; null: none waits. */
  readonly newestAwaiting: number | null;
  /** Somebody deleted a child whose company is there. */
  readonly childDeleted: boolean;
  /** It waits for another account of the same company, which does not have it any more. */
  readonly twinGone: boolean;
}

/** Between two syncs that only a newly created Customer, or a deleted child, asks for. */
const CUSTOMER_ADDED_PAUSE_MS = 60_000;
const CHILD_DELETED_PAUSE_MS = 5_000;

/**
 * @param secret what the watch of the Secret last said; undefined while it has not said anything yet
 * @param circumstances what happened around the account
 * @param now ms since the epoch
 */
export function dueOf(
  account: AccountView,
  secret: ObjectState | undefined,
  { newestAwaiting, childDeleted, twinGone }: Circumstances,
  now: number,
): Due {
  const { status, generation, requestedAt } = account;
  if (status.observedGeneration !== generation) return { kind: 'now', why: 'NewGeneration' };
  if (requestedAt !== null && requestedAt !== (status.lastHandledRequestedAt ?? null)) {
    return { kind: 'now', why: 'Requested' };
  }
  if (secret !== undefined && secretDiffers(account, secret)) return { kind: 'now', why: 'SecretChanged' };
  if (status.credentials?.refusedAt !== undefined) return { kind: 'never' };

  const reason = status.conditions?.find(({ type }) => type === 'Ready')?.reason;
  const found = status.companyFound?.id;
  // Only while it waits for a person: after an attempt that could not release all of it, the retry has a time of its own.
  if (reason === 'UnlinkBlocked' && isApproved(account)) {
    return { kind: 'now', why: 'Approved' };
  }
  // Approved is the company that was found, and no other: a wrong id is no reason to ask upstream again and again.
  if (reason === 'AccountChanged' && account.approveCompany !== null && account.approveCompany === found) {
    return { kind: 'now', why: 'Approved' };
  }

  const nextAt = Date.parse(status.sync?.nextAt ?? '');
  if (Number.isNaN(nextAt) || nextAt <= now) return { kind: 'now', why: 'Scheduled' };
  // The clock may have been set back since nextAt was written: never wait longer than the interval allows.
  const inMs = Math.min(nextAt - now, account.settings.intervalMs * 1.1);
  if (twinGone && reason === 'DuplicateAccount') return { kind: 'now', why: 'TwinGone' };
  if (childDeleted && reason === 'Synchronized') {
    // At once, but not in a race with somebody who deletes them again and again.
    const completedAt = Date.parse(status.sync?.completedAt ?? '') || 0;
    const pause = completedAt + CHILD_DELETED_PAUSE_MS - now;
    return pause <= 0 ? { kind: 'now', why: 'ChildDeleted' } : { kind: 'later', inMs: Math.min(pause, inMs) };
  }
  if (newestAwaiting !== null && reason === 'Synchronized') {
    const completedAt = Date.parse(status.sync?.completedAt ?? '') || 0;
    // Created since the last sync: a Customer that upstream does not show asks for one sync and no more. Times are whole seconds.
    if (newestAwaiting >= completedAt - 2000) {
      const pause = completedAt + CUSTOMER_ADDED_PAUSE_MS - now;
      return pause <= 0 ? { kind: 'now', why: 'CustomerAdded' } : { kind: 'later', inMs: Math.min(pause, inMs) };
    }
  }
  return { kind: 'later', inMs };
}

function secretDiffers(account: AccountView, secret: ObjectState): boolean {
  if (secret.forbidden) return false; // reading it would be refused as well; the retry of the last attempt covers it
  const used = account.status.credentials?.secretResourceVersion ?? null;
  return secret.resourceVersion !== used;
}
