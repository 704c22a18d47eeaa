// From an account, a snapshot and the children that there are to a plan: the one way, for the controller and for the preview.

import { absentees } from '../../hierarchy/absentees.ts';
import type { Plan } from '../../hierarchy/action.ts';
import { makePlan } from '../../hierarchy/plan.ts';
import type { Confirmation, Snapshot } from '../../hierarchy/snapshot.ts';
import type { Family } from '../children/children.ts';
import type { AccountView } from './account.ts';

/**
 * The companies that upstream has to be asked for by name before anything is concluded: those that are absent, and with them the
 * login's own, since "not visible" means nothing while upstream refuses even that one (promise 2).
 */
export function questions(snapshot: Snapshot, { groups, customers }: Family): string[] {
  const absent = absentees(snapshot, [...groups.values()], [...customers.values()]);
  return absent.length === 0 ? [] : [snapshot.root.id, ...absent];
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
