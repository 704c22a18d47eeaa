// Counts for status, metrics and printing.
// Promise kept here: truthful; companies are counted, not objects.

import type { Action, Change, Plan } from './action.ts';
import { keepOldest } from './duplicates.ts';
import type { ExistingCustomer } from './objects.ts';
import { nextSetup, phaseOf } from './setup.ts';

/** `status.customers` of an account. `total` = `notSetUp` + `normal` + `unlinked`. */
export interface CustomerCounts {
  total: number;
  notSetUp: number;
  normal: number;
  unlinked: number;
  /** Of those that are not unlinked: a company has to be suspended before it can be removed (domain: protect §1.5). */
  suspended: number;
}

/** Counts companies: of several Customers of one company the one that is kept counts. */
export function countCustomers(customers: readonly ExistingCustomer[]): CustomerCounts {
  const counts: CustomerCounts = { total: 0, notSetUp: 0, normal: 0, unlinked: 0, suspended: 0 };
  for (const { linked, setup, mode, mirror } of keepOldest(customers).kept.values()) {
    counts.total++;
    const phase = phaseOf(linked.status, setup ?? nextSetup(mode, null, 'Pending'));
    if (phase === 'NotSetUp') counts.notSetUp++;
    if (phase === 'Normal') counts.normal++;
    if (phase === 'Unlinked') counts.unlinked++;
    else if (mirror?.suspended === 'True') counts.suspended++;
  }
  return counts;
}

/** How many actions of each change. */
export type ChangeCounts = Record<Lowercase<Change>, number>;

/** Counts the actions of a plan per kind of object. */
export function countChanges(plan: Pick<Plan, 'actions'>): Record<'StaticGroup' | 'Customer', ChangeCounts> {
  const counts = { StaticGroup: none(), Customer: none() };
  for (const action of plan.actions) counts[objectKind(action)][LOWER[action.change]]++;
  return counts;
}

function none(): ChangeCounts {
  return { create: 0, rename: 0, move: 0, retype: 0, link: 0, unlink: 0, hold: 0, status: 0, delete: 0 };
}

const LOWER: Readonly<Record<Change, Lowercase<Change>>> = {
  Create: 'create',
  Rename: 'rename',
  Move: 'move',
  Retype: 'retype',
  Link: 'link',
  Unlink: 'unlink',
  Hold: 'hold',
  Status: 'status',
  Delete: 'delete',
};

function objectKind(action: Action): 'StaticGroup' | 'Customer' {
  if (action.kind === 'DeleteDuplicate') return action.of;
  return action.kind === 'CreateCustomer' || action.kind === 'UpdateCustomer' ? 'Customer' : 'StaticGroup';
}
