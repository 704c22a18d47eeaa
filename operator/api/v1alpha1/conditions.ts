// Every condition of every kind, with every reason that it can have: the words that the controllers may use and no others. The
// types below make a reason that is not here a compile error; the docs are generated from it; the tests check every object.

import {
  ARMED_REASONS,
  EXPIRING_REASONS,
  INSTANCE_REASONS,
  OWNERSHIP_REASONS,
  REMOVAL_REASONS,
} from './instance-reasons.ts';
import { CUSTOMER_LINKED_REASONS, GROUP_LINKED_REASONS, SETUP_REASONS, SUSPENDED_REASONS } from './child-reasons.ts';
import { ACCOUNT_REASONS, type ReasonDoc } from './reasons.ts';

export interface ConditionDoc {
  /** What it says, in a sentence or two. */
  readonly about: string;
  /** The usual status with these reasons; a reason may name another. */
  readonly status: 'True' | 'False' | 'Unknown';
  /** Always there, or only while it applies. */
  readonly shown: 'always' | 'while it applies';
  readonly reasons: Readonly<Record<string, ReasonDoc>>;
}

/** The conditions of one kind, by type. Reconciling and Stalled repeat Ready and are not in it. */
export type ConditionTable = Readonly<Record<string, ConditionDoc>>;

/** The reasons that a condition, or one of several, can have. */
export type ReasonOf<T extends ConditionTable, C extends keyof T> = C extends keyof T
  ? keyof T[C]['reasons'] & string
  : never;

const A = ACCOUNT_REASONS;

export const ACCOUNT_CONDITIONS = {
  Ready: {
    about: 'The verdict. `True` only if the last sync was complete and is applied.',
    status: 'False',
    shown: 'always',
    reasons: ACCOUNT_REASONS,
  },
  Synchronized: {
    about: 'What the last crawl of the tree found, as far as one was tried.',
    status: 'False',
    shown: 'always',
    reasons: {
      AccountSynchronized: { acts: 'nobody', status: 'True', meaning: 'The last crawl of the tree was complete.' },
      NoTreeAPI: A.NoTreeAPI,
      PartialSnapshot: A.PartialSnapshot,
      LoginRefused: A.LoginRefused,
      DistributorNotSupported: A.DistributorNotSupported,
      DuplicateAccount: A.DuplicateAccount,
      AccountChanged: A.AccountChanged,
      InvalidEndpoint: A.InvalidEndpoint,
      HostNotAllowed: A.HostNotAllowed,
      UpstreamMoved: A.UpstreamMoved,
      UpstreamUnreachable: A.UpstreamUnreachable,
      UpstreamTimeout: A.UpstreamTimeout,
      UpstreamError: A.UpstreamError,
      UpstreamThrottled: A.UpstreamThrottled,
      UpstreamMaintenance: A.UpstreamMaintenance,
      UpstreamForbidden: A.UpstreamForbidden,
      UpstreamInvalid: A.UpstreamInvalid,
    },
  },
  CredentialsValid: {
    about: 'Whether upstream accepts the login, as last tried. An outage leaves it as it was.',
    status: 'False',
    shown: 'always',
    reasons: {
      LoginAccepted: { acts: 'nobody', status: 'True', meaning: 'Upstream accepted the login.' },
      SecretNotFound: A.SecretNotFound,
      SecretForbidden: A.SecretForbidden,
      SecretKeyMissing: A.SecretKeyMissing,
      SecretKeyInvalid: A.SecretKeyInvalid,
      LoginRefused: A.LoginRefused,
      LoginThrottled: A.LoginThrottled,
    },
  },
  UnlinkBlocked: {
    about: 'Companies are gone upstream, and too many at once to unlink them without a person.',
    status: 'True',
    shown: 'while it applies',
    reasons: {
      LimitExceeded: {
        acts: 'person',
        meaning:
          'More companies are gone than `spec.sync.unlinkLimit` allows within 24 hours: none of them is unlinked. The message has the command that approves exactly these.',
      },
    },
  },
  DeletionBlocked: {
    about: 'The account is being deleted and cannot go yet.',
    status: 'True',
    shown: 'while it applies',
    reasons: {
      InstancesRefer: {
        acts: 'person',
        meaning: 'ProtectInstances still refer to the account, which keeps its login for them; nothing is synced.',
      },
    },
  },
} as const satisfies ConditionTable;

export const INSTANCE_CONDITIONS = {
  Ready: { about: 'The verdict.', status: 'False', shown: 'always', reasons: INSTANCE_REASONS },
  OwnershipVerified: {
    about: 'Whether it is certain which service created the instance.',
    status: 'True',
    shown: 'always',
    reasons: OWNERSHIP_REASONS,
  },
  RemovalArmed: {
    about: 'A confirmation matches on an object that is not being deleted.',
    status: 'True',
    shown: 'while it applies',
    reasons: ARMED_REASONS,
  },
  Expiring: {
    about: 'A date is near at which the instance stops or is lost.',
    status: 'True',
    shown: 'while it applies',
    reasons: EXPIRING_REASONS,
  },
  Removal: {
    about:
      'While the object is being deleted: `False` while it is held, with what holds it and what to do; `True` while it goes.',
    status: 'False',
    shown: 'while it applies',
    reasons: REMOVAL_REASONS,
  },
} as const satisfies ConditionTable;

export const GROUP_CONDITIONS = {
  Linked: {
    about: 'Whether the company of this group is there upstream.',
    status: 'Unknown',
    shown: 'always',
    reasons: GROUP_LINKED_REASONS,
  },
} as const satisfies ConditionTable;

export const CUSTOMER_CONDITIONS = {
  Linked: {
    about: 'Whether the company of this customer is there upstream.',
    status: 'Unknown',
    shown: 'always',
    reasons: CUSTOMER_LINKED_REASONS,
  },
  SetUp: {
    about: 'Whether the customer is set up, or its setup was skipped.',
    status: 'True',
    shown: 'always',
    reasons: SETUP_REASONS,
  },
  Suspended: {
    about: 'Whether the company is suspended upstream. It changes neither phase nor icon.',
    status: 'Unknown',
    shown: 'always',
    reasons: SUSPENDED_REASONS,
  },
} as const satisfies ConditionTable;

/** By kind. */
export const CONDITIONS = {
  MSPAccount: ACCOUNT_CONDITIONS,
  StaticGroup: GROUP_CONDITIONS,
  Customer: CUSTOMER_CONDITIONS,
  ProtectInstance: INSTANCE_CONDITIONS,
} as const satisfies Record<string, ConditionTable>;

/** The statuses that may come with a reason of a condition; empty for a reason that it cannot have. */
export function statusesOf(condition: ConditionDoc, reason: string): readonly string[] {
  const doc = condition.reasons[reason];
  return doc === undefined ? [] : (doc.status ?? condition.status).split(' or ');
}
