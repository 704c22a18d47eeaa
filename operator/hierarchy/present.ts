// The actions for the companies that upstream shows: create, rename, move, retype, link.
// Promises kept here: one company, one object (look-ups by GUID; a name once given stays); a rename is one write per
// group, not one per descendant; a company that returns gets its own objects back.

import type { Action } from './action.ts';
import { PRESENT } from './linked.ts';
import { customerChange, mirrorOf } from './mirror.ts';
import { childHash, childName, cleanDisplayName } from './names.ts';
import type { CustomerState, ExistingCustomer, ExistingGroup, Group } from './objects.ts';
import { nextSetup } from './setup.ts';
import type { Snapshot } from './snapshot.ts';
import { managedBy } from './tree.ts';
import type { Tree, TreeNode } from './tree.ts';

/** The objects that count, by lower-case GUID, and every name that is taken, also by a duplicate. */
export interface Objects {
  readonly groups: ReadonlyMap<string, ExistingGroup>;
  readonly customers: ReadonlyMap<string, ExistingCustomer>;
  readonly groupNames: Set<string>;
  readonly customerNames: Set<string>;
}

/** Actions for all placed companies, parents before children, a group before its customer. */
export function presentActions(
  accountName: string,
  snapshot: Snapshot,
  tree: Tree,
  objects: Objects,
  newCustomers: 'Pending' | 'Skip',
): Action[] {
  const actions: Action[] = [];
  const desired = new Map<string, Group>();
  for (const node of tree.order) {
    const { id, company } = node;
    const existing = objects.groups.get(id);
    const customer = objects.customers.get(id);
    const group: Group = {
      name: existing?.name ?? newGroupName(accountName, node, customer, objects),
      companyID: existing?.companyID ?? id,
      type: company.type,
      displayName: cleanDisplayName(company.name),
      parentName: (node.parent && desired.get(node.parent.id)?.name) ?? null,
    };
    desired.set(id, group);
    actions.push(...groupActions(existing, group));

    // A Customer whose company is of another type now is kept and mirrored: the company is there, so nothing is unlinked.
    if (!customer && company.type !== 'Customer') continue;
    const manager = managedBy(node);
    const found = snapshot.customIdentifiers.get(id);
    const managerGroup = manager && (desired.get(manager.id) ?? null);
    const state: CustomerState = {
      mirror: mirrorOf(company, group, managerGroup, found, customer?.mirror ?? null),
      linked: PRESENT,
      setup: nextSetup(customer?.mode ?? null, customer?.setup ?? null, newCustomers),
    };
    if (!customer) {
      const name = newCustomerName(accountName, node, group, objects);
      actions.push({ kind: 'CreateCustomer', change: 'Create', name, companyID: id, state });
      continue;
    }
    const change = customerChange(customer, state);
    if (change) actions.push({ kind: 'UpdateCustomer', change, name: customer.name, companyID: id, state });
  }
  return actions;
}

function groupActions(existing: ExistingGroup | undefined, group: Group): Action[] {
  if (!existing) return [{ kind: 'CreateGroup', change: 'Create', group }];
  const actions: Action[] = [];
  const { name, companyID, type, displayName, parentName } = existing;
  const change = groupChange(existing, group);
  if (change) {
    const from: Group = { name, companyID, type, displayName, parentName };
    actions.push({ kind: 'UpdateGroup', change, group, from });
  }
  if (existing.linked.status !== 'True') {
    const id = companyID.toLowerCase();
    const linked = PRESENT;
    actions.push({ kind: 'LinkGroup', change: 'Link', name, companyID: id, displayName: group.displayName, linked });
  }
  return actions;
}

function groupChange(from: Group, to: Group): 'Move' | 'Retype' | 'Rename' | null {
  if (from.parentName !== to.parentName) return 'Move';
  if (from.type !== to.type) return 'Retype';
  return from.displayName === to.displayName ? null : 'Rename';
}

/**
 * A group that was lost gets the name it shared with its Customer back. One that people made under a name of their own
 * does not count: its group gets the computed name.
 */
function newGroupName(
  accountName: string,
  node: TreeNode,
  customer: ExistingCustomer | undefined,
  objects: Objects,
): string {
  const shared = customer?.name.endsWith(`-${childHash(accountName, node.id)}`) ? customer.name : null;
  // The Customer to come is to share the name, so that it must be free there, too.
  const free = (name: string): boolean =>
    !objects.groupNames.has(name) && (customer !== undefined || !objects.customerNames.has(name));
  return take(accountName, node, shared, free, objects.groupNames);
}

function newCustomerName(accountName: string, node: TreeNode, group: Group, objects: Objects): string {
  const free = (name: string): boolean => !objects.customerNames.has(name);
  return take(accountName, node, group.name, free, objects.customerNames);
}

/**
 * The first free of: the name of the sibling object, the computed name, `company-<hash>`, `company-2-<hash>`, … A name
 * that carries this company's hash can be taken by an object of another company if people copied it.
 */
function take(
  accountName: string,
  node: TreeNode,
  sibling: string | null,
  free: (name: string) => boolean,
  names: Set<string>,
): string {
  let name = sibling ?? childName(accountName, node.id, node.company.name);
  if (!free(name)) name = childName(accountName, node.id, node.company.name);
  for (let n = 1; !free(name); n++) name = childName(accountName, node.id, n === 1 ? 'company' : `company ${n}`);
  names.add(name);
  return name;
}
