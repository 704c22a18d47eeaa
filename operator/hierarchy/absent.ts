// The actions for companies that a snapshot reaches and does not show: what the guard decided, on each of their objects.
// Promises kept here: nothing is deleted; a group keeps its spec and a Customer its setup; both of a company agree.

import type { Action } from './action.ts';
import { bare, linkedChange, marked, sameLinked } from './linked.ts';
import { customerChange, lastMirror } from './mirror.ts';
import type { CustomerState, ExistingCustomer, ExistingGroup, Linked } from './objects.ts';
import { nextSetup } from './setup.ts';

/**
 * Actions for all companies of which `isAbsent` is true, by id, a group before its customer.
 * @param marks what the guard concluded, by lower-case GUID.
 */
export function absentActions(
  isAbsent: (id: string) => boolean,
  groups: ReadonlyMap<string, ExistingGroup>,
  customers: ReadonlyMap<string, ExistingCustomer>,
  marks: ReadonlyMap<string, Linked>,
): Action[] {
  const absent = new Set<string>();
  for (const id of groups.keys()) if (isAbsent(id)) absent.add(id);
  for (const id of customers.keys()) if (isAbsent(id)) absent.add(id);
  const actions: Action[] = [];
  for (const id of [...absent].sort()) {
    const mark = marks.get(id);
    const group = groups.get(id);
    const customer = customers.get(id);
    const groupAction = group && linkGroup(group, marked(group.linked, mark));
    if (groupAction) actions.push(groupAction);
    const customerAction = customer && updateCustomer(customer, group, marked(customer.linked, mark));
    if (customerAction) actions.push(customerAction);
  }
  return actions;
}

/** Writes the `Linked` of a group; `null` if it says so already. */
export function linkGroup(group: ExistingGroup, linked: Linked): Action | null {
  if (sameLinked(group.linked, linked)) return null;
  const { name, displayName } = group;
  const companyID = group.companyID.toLowerCase();
  return { kind: 'LinkGroup', change: linkedChange(linked), name, companyID, displayName, linked };
}

/**
 * Writes the status of a Customer whose company is not seen: the last mirror, and the setup, which follows a mode that
 * people set but not `newCustomers` (that is for customers that are not set up, and this one is not there).
 * `null` if nothing differs, or if there is no status yet and nothing to say.
 */
export function updateCustomer(
  customer: ExistingCustomer,
  group: ExistingGroup | undefined,
  linked: Linked,
): Action | null {
  const said = sameLinked(bare(customer.linked), linked);
  if (said && (customer.mirror === null || customer.setup === null)) return null;
  const state: CustomerState = {
    mirror: lastMirror(customer, group?.name ?? null),
    linked,
    setup: nextSetup(customer.mode, customer.setup, 'Pending'),
  };
  const change = customerChange(customer, state);
  const companyID = customer.companyID.toLowerCase();
  return change && { kind: 'UpdateCustomer', change, name: customer.name, companyID, state };
}
