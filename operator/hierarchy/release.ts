// Lets go of the children of an account that was deleted, or whose object is missing.
// Promises kept here: nothing is deleted; what is unlinked already stays as it is; children of a missing account are
// never unlinked.

import { linkGroup, updateCustomer } from './absent.ts';
import type { Action } from './action.ts';
import { keepOldest } from './duplicates.ts';
import type { ExistingCustomer, ExistingGroup, Linked, LinkedSince } from './objects.ts';

/**
 * What becomes of the children. `Unlink`: the account was deleted; PROTECT shows all its companies as unlinked (domain:
 * protect §2.4). `Orphan`: it was deleted and the children were to be left alone. `AccountMissing`: nobody deleted it as
 * far as we know, it is just not there.
 */
export type Release = 'Unlink' | 'Orphan' | 'AccountMissing';

/**
 * Actions for all objects given, duplicates included, groups first; empty if nothing differs. A Customer that has no
 * status yet gets one under its own name.
 */
export function release(
  groups: readonly ExistingGroup[],
  customers: readonly ExistingCustomer[],
  how: Release,
): Action[] {
  const { kept } = keepOldest(groups);
  const actions: (Action | null)[] = [];
  for (const group of groups) {
    if (concerns(group.linked, how)) actions.push(linkGroup(group, RELEASED[how]));
  }
  for (const customer of customers) {
    if (!concerns(customer.linked, how)) continue;
    actions.push(updateCustomer(customer, kept.get(customer.companyID.toLowerCase()), RELEASED[how]));
  }
  return actions.filter((action) => action !== null);
}

const RELEASED: Readonly<Record<Release, Linked>> = {
  Unlink: { status: 'False', reason: 'AccountRemoved' },
  Orphan: { status: 'Unknown', reason: 'AccountRemoved' },
  AccountMissing: { status: 'Unknown', reason: 'AccountMissing' },
};

function concerns(linked: LinkedSince, how: Release): boolean {
  if (linked.status === 'False') return false;
  // Orphans of an account that was deleted on purpose say more than "missing".
  return !(how === 'AccountMissing' && linked.reason === 'AccountRemoved');
}
