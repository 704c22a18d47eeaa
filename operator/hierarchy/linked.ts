// How a decision about a company becomes the `Linked` of each of its objects.
// Promise kept here: quiet (no change where nothing differs); an object that is unlinked stays so until its company is seen.

import type { Linked, LinkedSince } from './objects.ts';

export const PRESENT: Linked = { status: 'True', reason: 'Present' };

/** `Linked` without its time. */
export function bare(linked: LinkedSince): Linked {
  const { since: _since, ...rest } = linked;
  return rest;
}

export function sameLinked(a: Linked, b: Linked): boolean {
  return a.status === b.status && a.reason === b.reason;
}

/**
 * What an object says after a decision about its absent company; its own `Linked` where there is none. An unlinked
 * object is left alone whatever its reason, and a held one does not fall back to `AbsentOnce`.
 */
export function marked(linked: LinkedSince, mark: Linked | undefined): Linked {
  const held = linked.status === 'Unknown' && linked.reason === 'UnlinkHeld';
  if (mark === undefined || linked.status === 'False' || (held && mark.reason === 'AbsentOnce')) return bare(linked);
  return mark;
}

/** The word for a change of `Linked`. */
export function linkedChange(to: Linked): 'Link' | 'Unlink' | 'Hold' {
  return CHANGES[to.status];
}

const CHANGES: Readonly<Record<Linked['status'], 'Link' | 'Unlink' | 'Hold'>> = {
  True: 'Link',
  False: 'Unlink',
  Unknown: 'Hold',
};
