// Every reason that the conditions of a ProtectInstance can have, and what it means to a person. The docs and the tests read it.

import type { ReasonDoc } from './reasons.ts';

/** Reasons of Ready. */
export const INSTANCE_REASONS = {
  Pending: { acts: 'operator', meaning: 'The operator has not looked at the object yet.' },
  Declared: { acts: 'nobody', meaning: 'Portal: the instance is recorded and protected as a person declared it.' },
  Active: { acts: 'nobody', meaning: 'The instance is active and can be opened from the service of this object.' },
  GracePeriod: {
    acts: 'nobody',
    meaning: 'The instance works, but its last eligible licence has expired; see suspendAt.',
  },
  Creating: { acts: 'operator', meaning: 'The instance is being asked for.' },
  Activating: { acts: 'operator', meaning: 'The instance is being set up.' },
  AccessPending: { acts: 'operator', meaning: 'The service of this object has no access to the instance yet.' },
  Suspended: { acts: 'person', meaning: 'The instance is suspended for want of an eligible licence; see deleteAt.' },
  Deleting: { acts: 'person', meaning: 'The instance is being deleted, and not because of this object.' },
  InstanceGone: { acts: 'person', meaning: 'The instance is gone. This object never creates another.' },
  InstanceNotFound: { acts: 'person', meaning: 'There is no instance with the id of spec.instanceID.' },
  DuplicateInstance: { acts: 'person', meaning: 'Another, older object stands for the same account and service.' },
  CreateRefused: { acts: 'person', meaning: 'The lifecycle service refuses to create the instance.' },
  AccessRefused: { acts: 'person', meaning: 'The lifecycle service refuses access to the service of this object.' },
  CreateUndecided: {
    acts: 'operator',
    meaning: 'A create was begun and its answer was lost; it is found out before another is tried.',
  },
  CreationSuspended: { acts: 'nobody', meaning: 'spec.suspend is true and there is no instance yet: none is created.' },
  AccountNotFound: { acts: 'operator', meaning: 'The MSPAccount does not exist yet.' },
  ServiceNotOfAccount: { acts: 'person', meaning: 'spec.service is not one of the services of the account.' },
  AccountMismatch: {
    acts: 'person',
    meaning: 'The lifecycle service answers for another company than the account has.',
  },
  InvalidEndpoint: { acts: 'person', meaning: 'spec.lifecycle.endpoint is no usable address.' },
  HostNotAllowed: {
    acts: 'person',
    meaning: "The host of spec.lifecycle.endpoint is not on the operator's allow-list.",
  },
  SecretNotFound: { acts: 'operator', meaning: 'The Secret does not exist yet.' },
  SecretForbidden: { acts: 'operator', meaning: 'The operator may not read Secrets in this namespace.' },
  SecretKeyMissing: { acts: 'person', meaning: 'The Secret has no token, or an empty one.' },
  SecretKeyInvalid: { acts: 'person', meaning: 'The token in the Secret is not one line of text.' },
  TokenRefused: { acts: 'person', meaning: 'The lifecycle service refuses the token.' },
  UpstreamUnavailable: {
    acts: 'operator',
    meaning: 'The lifecycle service does not answer, or not as the contract says.',
  },
} as const satisfies Record<string, ReasonDoc>;

export type InstanceReason = keyof typeof INSTANCE_REASONS;

/** Reasons of Removal, while the object is being deleted. Its status is False while it is held and True while it goes. */
export const REMOVAL_REASONS = {
  NotCreatingService: 'Another service created the instance. Only through that one it is removed.',
  OwnershipUnverified: 'Who created the instance is not certain at this moment, so nothing is removed.',
  ConfirmationRequired: 'A person has to confirm that this very instance is meant.',
  AwaitingPortal: 'A person has to remove the instance in the portal and to report it.',
  Removing: 'The instance is being removed; the object goes when upstream says that it is gone.',
} as const;

export type RemovalReason = keyof typeof REMOVAL_REASONS;
