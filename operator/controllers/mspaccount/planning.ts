// From an account, a snapshot and the children that there are to a plan: the one way, for the controller and for the preview.

import { absentees, askedNow } from '../../hierarchy/absentees.ts';
import type { Plan } from '../../hierarchy/action.ts';
import { makePlan } from '../../hierarchy/plan.ts';
import type { Confirmation, Snapshot } from '../../hierarchy/snapshot.ts';
import type { Family } from '../children/children.ts';
import type { AccountView } from './account.ts';

/**
 * The companies that upstream has to be asked for by name before anything is concluded; the login's own company last, since
 * "not visible" counts only while that one answers (promise 2).
 * @param start in [0, 1), at random: where to begin where there are too many to ask for all
 */
export function questions(account: AccountView, snapshot: Snapshot, family: Family, start: number): string[] {
  const groups = [...family.groups.values()];
  const customers = [...family.customers.values()];
  const absent = absentees(snapshot, groups, customers);
  if (absent.length === 0) return [];
  const held = [...groups, ...customers].filter(({ linked }) => linked.reason === 'UnlinkHeld');
  const asked = askedNow(absent, {
    held: new Set(held.map(({ companyID }) => companyID.toLowerCase())),
    approved: isApproved(account),
    limit: account.settings.unlinkLimit.count,
    start,
  });
  return [...asked, snapshot.root.id];
}

/** People approved what the last sync held. */
export function isApproved({ approveUnlink, status }: AccountView): boolean {
  return approveUnlink !== null && approveUnlink === status.sync?.planHash;
}

/** @param now ms since the epoch */
export function planOf(
  { name, settings, status, approveUnlink }: AccountView,
  snapshot: Snapshot,
  { groups, customers }: Family,
  confirmations: ReadonlyMap<string, Confirmation>,
  now: number,
): Plan {
  return makePlan({
    accountName: name,
    snapshot,
    groups: [...groups.values()],
    customers: [...customers.values()],
    confirmations,
    newCustomers: settings.newCustomers,
    unlinkLimit: settings.unlinkLimit,
    approvedHash: approveUnlink,
    blockedAt: status.sync?.blockedAt ?? null,
    now,
  });
}
