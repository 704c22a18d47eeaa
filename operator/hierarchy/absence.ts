// What is known of each absent company: the evidence that the guard decides on.
// Promise kept here: absence is not deletion; only a 404, or being invisible twice with an hour between, counts as gone.

import type { LinkedSince } from './objects.ts';
import type { Confirmation } from './snapshot.ts';

const HOUR = 3_600_000;

/** The `Linked` of all objects of one company. */
export interface CompanyLinks {
  /** Lower-case GUID. */
  readonly id: string;
  /** For people: what its objects call it. */
  readonly displayName: string;
  readonly links: readonly LinkedSince[];
}

/**
 * The state of one absent company.
 * `Gone`: may be unlinked, with this reason. `AbsentOnce`: not seen for the first time, or not yet for an hour.
 * `Waiting`: held by an earlier plan and still absent, but upstream gave no usable answer this time.
 * `Unclear`: nothing may be concluded.
 */
export type Absence =
  | { readonly kind: 'Gone'; readonly reason: 'Removed' | 'NotVisible' }
  | { readonly kind: 'AbsentOnce' | 'Waiting' | 'Unclear' };

/**
 * Judges one absent company.
 * @param confirmation what `Company/Detail` answered for it in this sync (domain: ema-api §10; 500 may mean "no access").
 * @param now ms since the epoch.
 */
export function absenceOf(company: CompanyLinks, confirmation: Confirmation | undefined, now: number): Absence {
  const open = company.links.filter((linked) => linked.status !== 'False');
  const held = open.some((linked) => linked.reason === 'UnlinkHeld');
  if (confirmation === 'Gone') return { kind: 'Gone', reason: 'Removed' };
  if (confirmation === 'NotVisible') {
    // Every object must say so: after a crash half-way through a return, one may still carry an old AbsentOnce.
    const proven = open.every((linked) => isProven(linked, now));
    return proven ? { kind: 'Gone', reason: 'NotVisible' } : { kind: 'AbsentOnce' };
  }
  return { kind: held && confirmation !== 'Present' ? 'Waiting' : 'Unclear' };
}

function isProven(linked: LinkedSince, now: number): boolean {
  return linked.reason === 'UnlinkHeld' || (linked.reason === 'AbsentOnce' && linked.since <= now - HOUR);
}

/** When the last object of a company was unlinked because the company was gone (ms); `null` if none was. */
export function unlinkedAt(company: CompanyLinks): number | null {
  let last: number | null = null;
  for (const { reason, since } of company.links) {
    if ((reason === 'Removed' || reason === 'NotVisible') && (last === null || since > last)) last = since;
  }
  return last;
}

/** The reason that an object of a company was unlinked with, for those that a crash left behind. */
export function unlinkedReason(company: CompanyLinks): 'Removed' | 'NotVisible' | null {
  for (const { reason } of company.links) if (reason === 'Removed' || reason === 'NotVisible') return reason;
  return null;
}
