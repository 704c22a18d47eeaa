// A plan is data: the list of actions that turns the objects we have into the snapshot. Each action is one object and at
// most two writes, independent of every other action but for its parent's creation, which comes before it in the list.

import type { CustomerState, Group, Linked } from './objects.ts';

/** The reason of each action in one word, for metrics (`mspoperator_sync_changes_total{kind,action}`) and printing. */
export type Change = 'Create' | 'Rename' | 'Move' | 'Retype' | 'Link' | 'Unlink' | 'Hold' | 'Status' | 'Delete';

export type Action =
  /** POST a StaticGroup; its `Linked=True` is the schema's default status, so no second write follows. */
  | { readonly kind: 'CreateGroup'; readonly change: 'Create'; readonly group: Group }
  /** Merge-patch the spec of a StaticGroup to `group` (rename, move, change of type). */
  | {
      readonly kind: 'UpdateGroup';
      readonly change: 'Rename' | 'Move' | 'Retype';
      readonly group: Group;
      readonly from: Group;
    }
  /** Write the `Linked` condition of a StaticGroup. */
  | {
      readonly kind: 'LinkGroup';
      readonly change: 'Link' | 'Unlink' | 'Hold';
      readonly name: string;
      readonly companyID: string;
      readonly displayName: string;
      readonly linked: Linked;
    }
  /** POST a Customer without `setup`, then write its status. */
  | {
      readonly kind: 'CreateCustomer';
      readonly change: 'Create';
      readonly name: string;
      readonly companyID: string;
      readonly state: CustomerState;
    }
  /** Write the status of a Customer: `state` is the whole desired state. */
  | {
      readonly kind: 'UpdateCustomer';
      readonly change: Exclude<Change, 'Create' | 'Delete'>;
      readonly name: string;
      readonly companyID: string;
      readonly state: CustomerState;
    }
  /** Delete a duplicate (promise 1): the younger of two objects of one company. */
  | {
      readonly kind: 'DeleteDuplicate';
      readonly change: 'Delete';
      readonly of: 'StaticGroup' | 'Customer';
      readonly name: string;
      readonly uid: string;
      readonly companyID: string;
      readonly keep: string;
    };

/** What the guard decided about the companies that upstream no longer shows (promises 2 and 3). */
export interface UnlinkVerdict {
  /** Lower-case GUIDs that this plan unlinks. */
  readonly unlinked: readonly string[];
  /** Set if the limit held them all back. */
  readonly blocked: {
    readonly count: number;
    /** How many the limit would still have allowed in the rolling 24 h. */
    readonly allowed: number;
    /** Display names of at most 20 held companies, sorted. */
    readonly sample: readonly string[];
    /** `mspoperator.dev/approve-unlink` must carry exactly this to release exactly this set. */
    readonly planHash: string;
    /** RFC 3339, seconds: since when an unlink is being held. Part of the hash. */
    readonly blockedAt: string;
  } | null;
}

export interface Plan {
  /** Ordered: duplicates first, then parents before children. Empty = nothing differs. */
  readonly actions: readonly Action[];
  readonly unlink: UnlinkVerdict;
}
