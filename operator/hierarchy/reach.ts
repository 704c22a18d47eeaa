// What of the tree a snapshot can speak for: one branch that could not be read keeps that branch back and nothing else.
// Promise kept here: absence is not deletion; what lies below an unread company is unknown, not gone.

import { keepOldest } from './duplicates.ts';
import type { ExistingGroup } from './objects.ts';
import { isComplete } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** Says of an absent company (lower-case GUID) whether the snapshot would have shown it, were it there. */
export type Reach = (id: string) => boolean;

/**
 * A complete snapshot reaches everything. An incomplete one reaches an absent company if the way up from it, as its
 * groups last knew it, leads to a company that the snapshot shows, and no company on that way, both ends included, has a
 * gap: then the listing in which the way would begin was read to its end. A company without a group, a way that ends
 * elsewhere or turns in a circle, and a gap of the account itself (too many companies, too many gaps) are out of reach.
 *
 * The place is the last-known one: a company that was moved below an unread one since is in reach and absent. That is why
 * nothing but a 404 for the company itself counts in an incomplete snapshot (`absence.ts`).
 *
 * Of duplicates the group that counts is followed, so that deleting the others changes nothing here.
 * @param seen lower-case GUIDs of all companies in the snapshot.
 */
export function reachOf(snapshot: Snapshot, seen: ReadonlySet<string>, groups: readonly ExistingGroup[]): Reach {
  if (isComplete(snapshot)) return () => true;
  const gaps = new Set<string>();
  for (const { companyID } of snapshot.gaps) {
    if (companyID === null) return () => false;
    gaps.add(companyID.toLowerCase());
  }
  const { kept } = keepOldest(groups);
  const byName = new Map<string, string>();
  for (const [id, { name }] of kept) byName.set(name, id);
  return (absent) => {
    const way = new Set<string>();
    for (let id = absent; !way.has(id) && !gaps.has(id);) {
      if (seen.has(id)) return true;
      way.add(id);
      const parent = byName.get(kept.get(id)?.parentName ?? '');
      if (parent === undefined) return false;
      id = parent;
    }
    return false;
  };
}
