// Every reason that the conditions of a ProtectInstance can have, and what it means to a person. The docs and the tests read it.

import type { ReasonDoc } from './reasons.ts';

/** Reasons of Ready. */
export const INSTANCE_REASONS = {
  Pending: { acts: 'operator', status: 'Unknown', meaning: 'The operator has not looked at the object yet.' },
  Declared: {
    acts: 'nobody',
    status: 'True',
    meaning: 'Portal: the instance is recorded and protected as a person declared it.',
  },
  Active: {
    acts: 'nobody',
    status: 'True',
    meaning: 'The instance is active and can be opened from the service of this object.',
  },
  GracePeriod: {
    acts: 'nobody',
    status: 'True',
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
  NotCreatingService: {
    acts: 'person',
    meaning: "Another service created the instance. Remove it through that one's object, or `Orphan`.",
  },
  OwnershipUnverified: {
    acts: 'person',
    meaning:
      'It is not certain right now who created the instance, so nothing is removed. The operator asks again; repair what the message names, or `Orphan`.',
  },
  ConfirmationRequired: {
    acts: 'person',
    meaning: 'A person has to confirm that this very instance is meant, with the command of the message, or `Orphan`.',
  },
  AwaitingPortal: {
    acts: 'person',
    meaning:
      'A person has to remove the instance in the portal and to report it with the command of the message, or `Orphan`.',
  },
  Removing: {
    acts: 'operator',
    status: 'True',
    meaning: 'The instance is being removed; the object goes when upstream says that it is gone.',
  },
} as const satisfies Record<string, ReasonDoc>;

export type RemovalReason = keyof typeof REMOVAL_REASONS;

/** Reasons of OwnershipVerified. */
export const OWNERSHIP_REASONS = {
  Declared: {
    acts: 'nobody',
    status: 'True',
    meaning: 'Portal: as a person declared it; no other object says otherwise.',
  },
  Confirmed: { acts: 'nobody', status: 'True', meaning: 'API: upstream names the creating service, the same as ever.' },
  RecordsDisagree: {
    acts: 'person',
    status: 'False',
    meaning:
      'Two records name different creating services. Nothing is removed through either until a person has cleared it up.',
  },
  NotTold: {
    acts: 'person',
    status: 'Unknown',
    meaning: 'Upstream does not say which service created the instance. Nothing is removed.',
  },
  Unverified: {
    acts: 'operator',
    status: 'Unknown',
    meaning: 'Upstream cannot be asked at the moment; `Ready` says why.',
  },
} as const satisfies Record<string, ReasonDoc>;

/** Reasons of Expiring: the dates that upstream names, in the steps of the notices that ESET sends (domain: protect §5.4). */
export const EXPIRING_REASONS = {
  SuspensionDue: { acts: 'person', meaning: 'In its grace period; suspended at `suspendAt`.' },
  SuspensionNear: { acts: 'person', meaning: 'The same, in 7 days or less.' },
  DeletionDue: { acts: 'person', meaning: 'Suspended; instance and data are deleted at `deleteAt`.' },
  DeletionNear: { acts: 'person', meaning: 'The same, in 14 days or less.' },
} as const satisfies Record<string, ReasonDoc>;

/** Reasons of RemovalArmed. */
export const ARMED_REASONS = {
  Confirmed: {
    acts: 'nobody',
    meaning:
      'A deletion of this object goes through without another question. If that is not what you want, take the annotation off.',
  },
} as const satisfies Record<string, ReasonDoc>;
