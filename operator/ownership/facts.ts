// What the decisions about an ESET PROTECT instance are made from. Pure data: the controller fills it, once for each reconcile.

/** The portal that an object acts through, and that an instance belongs to (domain: protect §5.1, §5.7). */
export type Service = 'EMA2' | 'EBA' | 'Hub';

/** States of an instance as the lifecycle contract names them (domain: protect §5.5). */
export type InstanceState = 'Activating' | 'Active' | 'GracePeriod' | 'Suspended' | 'Deleting' | 'Deleted';

/** An instance as upstream described it. */
export interface Instance {
  readonly id: string;
  readonly state: InstanceState;
  /** `null`: upstream does not say; never guessed. */
  readonly creatingService: Service | null;
  readonly accessibleFrom: readonly Service[];
  /** The key of the request that created it, where upstream knows it: the uid of the object that asked. */
  readonly requestKey: string | null;
}

/**
 * A fresh answer of the lifecycle API, asked in this very reconcile. `unknown`: unreachable, refused, unreadable; it is never
 * read as "nothing is there". `listed`: every instance of the account company, the deleted ones that upstream still shows too.
 */
export type Upstream =
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'listed'; readonly instances: readonly Instance[] };

/** What the object says and what was recorded of it. */
export interface Subject {
  readonly uid: string;
  readonly lifecycle: 'API' | 'Portal';
  /** `spec.service`. */
  readonly service: Service;
  readonly deletionPolicy: 'Delete' | 'Orphan';
  readonly suspend: boolean;
  /** `spec.instanceID`: Portal, the instance people mean; API, one to adopt. */
  readonly specInstanceID: string | null;
  /** `spec.creatingService`: Portal only, as declared by a person. */
  readonly declaredCreator: Service | null;
  /** `status.instanceID`. */
  readonly instanceID: string | null;
  /** `status.creatingService`. */
  readonly recordedCreator: Service | null;
  /** `status.state` says that the instance is gone. */
  readonly recordedGone: boolean;
  /** `status.createStartedAt`, ms since the epoch. */
  readonly createStartedAt: number | null;
  /** Annotation `mspoperator.dev/confirm-removal`. */
  readonly confirmRemoval: string | null;
  /** Annotation `mspoperator.dev/removed-in-portal`. */
  readonly removedInPortal: string | null;
}

/** Another ProtectInstance of the same account. */
export interface Sibling {
  readonly name: string;
  readonly service: Service;
  /** Created before the subject, or at the same time with the smaller uid. */
  readonly older: boolean;
  readonly lifecycle: 'API' | 'Portal';
  readonly instanceID: string | null;
  readonly creator: Service | null;
  /** `status.createStartedAt`, ms since the epoch. */
  readonly createStartedAt: number | null;
}

/** True for an instance that still is one: everything but Deleted. Deleting is not gone yet. */
export function isLive(instance: Instance): boolean {
  return instance.state !== 'Deleted';
}

/** The instance that the object stands for: the recorded id, else the declared one. */
export function idOf(subject: Subject): string | null {
  return subject.instanceID ?? subject.specInstanceID;
}
