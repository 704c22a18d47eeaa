// Turns what upstream shows and what we have into the list of actions between them. Reads nothing, writes nothing.
// Promises kept here: one company, one object; absence is not deletion; a blast is stopped; quiet: the plan of a world
// to which it was applied is empty.

import { absentActions } from './absent.ts';
import type { Action, Plan } from './action.ts';
import { keepOldest } from './duplicates.ts';
import type { Kept } from './duplicates.ts';
import { judge } from './guard.ts';
import type { ExistingCustomer, ExistingGroup } from './objects.ts';
import { presentActions } from './present.ts';
import { reachOf } from './reach.ts';
import type { Confirmation, Snapshot } from './snapshot.ts';
import { buildTree } from './tree.ts';

export interface PlanInput {
  /** Name of the MSPAccount: with the GUID, the identity of a child. */
  readonly accountName: string;
  readonly snapshot: Snapshot;
  /** All StaticGroups of the account. */
  readonly groups: readonly ExistingGroup[];
  /** All Customers of the account, also those that people made. */
  readonly customers: readonly ExistingCustomer[];
  /** What `Company/Detail` answered in this sync, by lower-case GUID, for each of `absentees()`. */
  readonly confirmations: ReadonlyMap<string, Confirmation>;
  /** `spec.newCustomers.setup`. */
  readonly newCustomers: 'Pending' | 'Skip';
  /** `spec.sync.unlinkLimit`, with defaults filled in. */
  readonly unlinkLimit: { readonly percent: number; readonly count: number };
  /** The annotation `mspoperator.dev/approve-unlink`. */
  readonly approvedHash: string | null;
  /** `status.sync.blockedAt`. */
  readonly blockedAt: string | null;
  /** ms since the epoch. */
  readonly now: number;
}

/**
 * The plan: duplicates first, then what upstream shows (parents before children, a group before its customer), then
 * what it no longer shows. Objects are found by company GUID, in any case. Of companies that an incomplete snapshot
 * does not reach nothing is concluded and nothing is changed; the same goes for companies that have no place in the tree
 * (`buildTree().problems`). Never throws.
 */
export function makePlan(input: PlanInput): Plan {
  const { snapshot } = input;
  const tree = buildTree(snapshot);
  const groups = keepOldest(input.groups);
  const customers = keepOldest(input.customers);
  const counted = { groups: [...groups.kept.values()], customers: [...customers.kept.values()] };
  const reaches = reachOf(snapshot, tree.seen, counted.groups);
  const { unlinked, blocked, marks } = judge({ ...input, ...counted, tree, reaches });

  const concerns = (id: string): boolean => tree.seen.has(id) || reaches(id);
  const objects = {
    groups: groups.kept,
    customers: customers.kept,
    groupNames: new Set(input.groups.map((group) => group.name)),
    customerNames: new Set(input.customers.map((customer) => customer.name)),
  };
  const actions: Action[] = [
    ...deleteDuplicates('StaticGroup', groups, concerns),
    ...deleteDuplicates('Customer', customers, concerns),
    ...presentActions(input.accountName, snapshot, tree, objects, input.newCustomers),
    ...absentActions((id) => !tree.seen.has(id) && reaches(id), groups.kept, customers.kept, marks),
  ];
  return { actions, unlink: { unlinked, blocked } };
}

function deleteDuplicates(
  of: 'StaticGroup' | 'Customer',
  objects: Kept<ExistingGroup | ExistingCustomer>,
  concerns: (companyID: string) => boolean,
): Action[] {
  return objects.extra.flatMap(({ object, keep }): Action[] => {
    const { name, uid } = object;
    const companyID = object.companyID.toLowerCase();
    if (!concerns(companyID)) return [];
    return [{ kind: 'DeleteDuplicate', change: 'Delete', of, name, uid, companyID, keep: keep.name }];
  });
}
