// The objects that we have, as the plan sees them: what the controller projects out of StaticGroup and Customer.

import type { CompanyType } from './snapshot.ts';

/** What the condition `Linked` of a child says: is its company there upstream? (design §4, promises 1–4) */
export type Linked =
  | { readonly status: 'True'; readonly reason: 'Present' }
  | { readonly status: 'False'; readonly reason: 'Removed' | 'NotVisible' | 'AccountRemoved' }
  | {
      readonly status: 'Unknown';
      readonly reason: 'AbsentOnce' | 'UnlinkHeld' | 'AccountMissing' | 'AccountRemoved' | 'AwaitingSync';
    };

/** `Linked` with the time (ms since the epoch) of its last change of status or reason; 0 where none is recorded. */
export type LinkedSince = Linked & { readonly since: number };

/** What people want of the setup of a Customer: `spec.setup.mode`. */
export type SetupMode = 'Pending' | 'Skip' | 'Configured';

/** Where the setup of a Customer stands: `status.setup`. */
export type SetupState = 'Pending' | 'Skipped' | 'Completed';

/** PROTECT's three statuses of a managed customer (domain: protect §2.2). */
export type Phase = 'NotSetUp' | 'Normal' | 'Unlinked';

/** PROTECT's icon for each phase (domain: protect §2.2). */
export type Icon = 'company_no_setup' | 'msp_customer_normal' | 'company_unlinked';

/** The operator-owned part of a StaticGroup's spec, with its object name. */
export interface Group {
  readonly name: string;
  /** Lower-case GUID. */
  readonly companyID: string;
  readonly type: CompanyType;
  readonly displayName: string;
  /** Object name of the parent group; `null` on the root. */
  readonly parentName: string | null;
}

/** A StaticGroup in the cluster. */
export interface ExistingGroup extends Group {
  readonly uid: string;
  /** metadata.creationTimestamp, ms since the epoch. */
  readonly createdAt: number;
  readonly linked: LinkedSince;
}

/** What the status of a Customer mirrors from upstream. */
export interface CustomerMirror {
  readonly displayName: string;
  /** Object name of its own StaticGroup. */
  readonly groupName: string;
  /** The MSP above: nearest MSP, Managed MSP or MSP Manager. `name` is the object name of its StaticGroup. */
  readonly managedBy: { readonly name: string; readonly displayName: string } | null;
  readonly customIdentifier: string | null;
  readonly suspended: 'True' | 'False' | 'Unknown';
}

/** All that the operator says of a Customer in its status. Phase and icon follow from `linked` and `setup`. */
export interface CustomerState {
  readonly mirror: CustomerMirror;
  readonly linked: Linked;
  readonly setup: SetupState;
}

/** A Customer in the cluster. */
export interface ExistingCustomer {
  readonly name: string;
  readonly uid: string;
  /** Lower-case GUID. */
  readonly companyID: string;
  /** metadata.creationTimestamp, ms since the epoch. */
  readonly createdAt: number;
  /** `spec.setup.mode`; `null` where people left it out. */
  readonly mode: SetupMode | null;
  readonly linked: LinkedSince;
  /** `status.setup`; `null` where no status was written yet. */
  readonly setup: SetupState | null;
  /** `null` where no status was written yet. */
  readonly mirror: CustomerMirror | null;
}
