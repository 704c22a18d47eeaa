// Every reason that an event of the operator can have. Most events tell a change of a condition and carry its reason; the others
// are here.

import type { ReasonOf } from './conditions.ts';
import type { ACCOUNT_CONDITIONS, INSTANCE_CONDITIONS } from './conditions.ts';

export interface EventDoc {
  readonly kind: 'MSPAccount' | 'ProtectInstance';
  readonly type: 'Normal' | 'Warning';
  readonly meaning: string;
}

/** Events with a reason of their own. */
export const EVENTS = {
  NewCustomers: {
    kind: 'MSPAccount',
    type: 'Normal',
    meaning: 'A sync made new Customers: how many, and the names of at most ten.',
  },
  Restored: {
    kind: 'MSPAccount',
    type: 'Warning',
    meaning: 'Somebody had deleted children whose companies are there upstream; a sync made them anew.',
  },
  DuplicateDeleted: {
    kind: 'MSPAccount',
    type: 'Warning',
    meaning: 'A company had two objects of a kind; a sync deleted the younger. Which ones, and what stays.',
  },
  DeletionBlocked: {
    kind: 'MSPAccount',
    type: 'Warning',
    meaning: 'The account is being deleted and is held: the message of the condition DeletionBlocked.',
  },
  RemovalArmed: {
    kind: 'ProtectInstance',
    type: 'Warning',
    meaning: 'An annotation confirms the removal on a live object: the message of the condition RemovalArmed.',
  },
} as const satisfies Record<string, EventDoc>;

/** Conditions that are told when their status or reason changes: the event carries the reason and the message. */
export const TOLD = {
  MSPAccount: ['Ready'],
  ProtectInstance: ['Ready', 'Removal', 'Expiring', 'OwnershipVerified'],
} as const;

export type EventReason =
  | keyof typeof EVENTS
  | ReasonOf<typeof ACCOUNT_CONDITIONS, (typeof TOLD)['MSPAccount'][number]>
  | ReasonOf<typeof INSTANCE_CONDITIONS, (typeof TOLD)['ProtectInstance'][number]>;
