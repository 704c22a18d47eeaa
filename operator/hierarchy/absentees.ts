// Which companies have to be asked for one by one before anything is concluded from their absence.
// Promise kept here: absence is not deletion; an incomplete snapshot has no absentees.

import type { ExistingCustomer, ExistingGroup } from './objects.ts';
import { isComplete } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Lower-case GUIDs, sorted, of the companies that have an object which is not yet `Linked=False` and that the snapshot
 * does not show: `Company/Detail` is to be asked for each. Never the login's own company. Empty if the snapshot is
 * incomplete.
 */
export function absentees(
  snapshot: Snapshot,
  groups: readonly ExistingGroup[],
  customers: readonly ExistingCustomer[],
): string[] {
  if (!isComplete(snapshot)) return [];
  const seen = seenIDs(snapshot);
  const absent = new Set<string>();
  for (const object of [...groups, ...customers]) {
    const id = object.companyID.toLowerCase();
    if (object.linked.status !== 'False' && !seen.has(id)) absent.add(id);
  }
  return [...absent].sort();
}

/** Lower-case GUIDs of all companies that the snapshot shows, wherever it puts them; always holds the root. */
function seenIDs(snapshot: Snapshot): ReadonlySet<string> {
  const seen = new Set<string>([snapshot.root.id.toLowerCase()]);
  for (const company of snapshot.companies) seen.add(company.id.toLowerCase());
  return seen;
}
