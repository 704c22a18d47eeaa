// Which companies have to be asked for one by one before anything is concluded from their absence, and which of them now.
// Promise kept here: absence is not deletion; what an incomplete snapshot does not reach has no absentees.

import type { ExistingCustomer, ExistingGroup } from './objects.ts';
import { reachOf } from './reach.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Lower-case GUIDs, sorted, of the companies that have an object which is not yet `Linked=False` and that the snapshot
 * reaches but does not show: `Company/Detail` is to be asked for each. Never the login's own company.
 */
export function absentees(
  snapshot: Snapshot,
  groups: readonly ExistingGroup[],
  customers: readonly ExistingCustomer[],
): string[] {
  const seen = seenIDs(snapshot);
  const reaches = reachOf(snapshot, seen, groups);
  const absent = new Set<string>();
  for (const object of [...groups, ...customers]) {
    const id = object.companyID.toLowerCase();
    if (object.linked.status !== 'False' && !seen.has(id) && reaches(id)) absent.add(id);
  }
  return [...absent].sort();
}

/** Companies asked for in one sync; one more than the limit allows, where that is more. */
const MAX_ASKED = 1000;

export interface Turn {
  /** The absentees that an earlier plan holds. */
  readonly held: ReadonlySet<string>;
  /** People approved that held set. */
  readonly approved: boolean;
  /** `spec.sync.unlinkLimit.count`. */
  readonly limit: number;
  /** In [0, 1), another one in each sync: where in the list to begin. */
  readonly start: number;
}

/**
 * Of many absentees the ones to ask for now, so that thousands of them are not thousands of calls in every sync. Who is
 * not asked for stays as it is; a held one stays held, and in the hash.
 *
 * Those that are not held come first, which completes a held set within a few syncs; so many that a set over the limit is
 * always seen to be over it. Once the held set is approved its members come first: only an answer of the same sync
 * releases one. Within each half the turn goes round, so that companies which never give an answer keep nobody waiting.
 */
export function askedNow(absent: readonly string[], { held, approved, limit, start }: Turn): string[] {
  const most = Math.max(MAX_ASKED, limit + 1);
  if (absent.length <= most) return [...absent];
  const first = absent.filter((id) => held.has(id) === approved);
  const second = absent.filter((id) => held.has(id) !== approved);
  return [...turned(first, start), ...turned(second, start)].slice(0, most);
}

function turned(ids: readonly string[], start: number): string[] {
  const from = Math.floor(start * ids.length);
  return [...ids.slice(from), ...ids.slice(0, from)];
}

/** Lower-case GUIDs of all companies that the snapshot shows, wherever it puts them; always holds the root. */
function seenIDs(snapshot: Snapshot): ReadonlySet<string> {
  const seen = new Set<string>([snapshot.root.id.toLowerCase()]);
  for (const company of snapshot.companies) seen.add(company.id.toLowerCase());
  return seen;
}
