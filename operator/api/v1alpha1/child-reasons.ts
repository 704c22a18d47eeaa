// Every reason that the conditions of the children (StaticGroup, Customer) can have, and what it means to a person. Children have
// no Ready: none of these makes kstatus or a GitOps tool wait.

import type { ReasonDoc } from './reasons.ts';

/** Reasons of Linked; Unknown where it does not say otherwise. A Customer can also wait for its first sync. */
export const GROUP_LINKED_REASONS = {
  Present: { acts: 'nobody', status: 'True', meaning: 'The company is there upstream.' },
  Removed: {
    acts: 'nobody',
    status: 'False',
    meaning:
      'The company was removed upstream: asked for it, upstream says that it does not exist. You may delete the object.',
  },
  NotVisible: {
    acts: 'nobody',
    status: 'False',
    meaning:
      'The login no longer sees the company: it was removed, or a right was withdrawn. You may delete the object; if it is kept and the company returns, it is linked again.',
  },
  AccountRemoved: {
    acts: 'nobody',
    status: 'False or Unknown',
    meaning:
      'The MSPAccount was deleted: with deletionPolicy Unlink (and, for a moment, Delete) it is False, with Orphan Unknown. An account of the same name finds the object again.',
  },
  AbsentOnce: {
    acts: 'operator',
    meaning:
      'The last complete sync did not show the company, and upstream does not say that it was removed. A complete sync at least an hour later decides.',
  },
  UnlinkHeld: {
    acts: 'person',
    meaning:
      'The company is gone upstream, but too many are at once: see the condition UnlinkBlocked of the MSPAccount.',
  },
  AccountMissing: {
    acts: 'person',
    meaning: 'There is no MSPAccount of this name in the namespace. Nothing is unlinked or deleted for that.',
  },
} as const satisfies Record<string, ReasonDoc>;

export const CUSTOMER_LINKED_REASONS = {
  ...GROUP_LINKED_REASONS,
  Removed: {
    ...GROUP_LINKED_REASONS.Removed,
    meaning: `${GROUP_LINKED_REASONS.Removed.meaning} A Customer that you made with a wrong company id comes to this, too.`,
  },
  AwaitingSync: {
    acts: 'operator',
    meaning:
      'No sync has come to a verdict on the company since the object was created. If it stays: there is no complete sync.',
  },
} as const satisfies Record<string, ReasonDoc>;

export type LinkedReason = keyof typeof CUSTOMER_LINKED_REASONS;

/** Reasons of SetUp. */
export const SETUP_REASONS = {
  Pending: {
    acts: 'nobody',
    status: 'False',
    meaning: 'Not set up. It waits, for as long as people like, for `spec.setup.mode`.',
  },
  Skipped: { acts: 'nobody', meaning: 'The setup was skipped.' },
  Completed: { acts: 'nobody', meaning: 'Somebody has said that it is set up in ESET PROTECT.' },
} as const satisfies Record<string, ReasonDoc>;

/** Reasons of Suspended. */
export const SUSPENDED_REASONS = {
  Suspended: { acts: 'nobody', status: 'True', meaning: 'The company is suspended upstream.' },
  Active: { acts: 'nobody', status: 'False', meaning: 'The company is not suspended upstream.' },
  UnknownStatusCode: {
    acts: 'nobody',
    meaning:
      'Upstream reports a status code whose meaning is not known (ADR 3); `--company-status-codes` can say what it means.',
  },
} as const satisfies Record<string, ReasonDoc>;

export type SuspendedReason = keyof typeof SUSPENDED_REASONS;
