// May this object go, and may the instance be removed for it? The gates of design §3.4, in their order; the first that applies
// decides. Promise 5: only the creating service removes an instance, under every interleaving, crash and stale read.

import { idOf, isLive, type Instance, type Service, type Sibling, type Subject, type Upstream } from './facts.ts';

export type Removal =
  /** Drop the finalizer. */
  | { readonly kind: 'release'; readonly reason: 'NothingCreated' | 'InstanceGone' | 'Orphaned' | 'RemovedInPortal' }
  /** Keep it, change nothing upstream, say why. */
  | {
      readonly kind: 'hold';
      readonly reason: 'NotCreatingService' | 'OwnershipUnverified' | 'ConfirmationRequired' | 'AwaitingPortal';
      readonly instanceID: string | null;
      readonly creator: Service | null;
      readonly why: string;
    }
  /** Every gate is passed, by a fresh answer: ask upstream to remove it, as the creating service. */
  | { readonly kind: 'remove'; readonly instanceID: string; readonly as: Service }
  /** It is being removed: wait until upstream says that it is gone. */
  | { readonly kind: 'wait'; readonly instanceID: string };

/** After a create whose answer was lost, an empty list says "nothing was created" only once this long has passed. */
export const CREATE_SETTLES_MS = 120_000;

/**
 * @param upstream asked in this reconcile; for `Portal` objects there is nobody to ask, and it is not read
 * @param now ms since the epoch
 */
export function decideRemoval(
  subject: Subject,
  upstream: Upstream,
  siblings: readonly Sibling[],
  now: number,
): Removal {
  return subject.lifecycle === 'Portal' ? decidePortal(subject, siblings) : decideAPI(subject, upstream, now);
}

function decideAPI(subject: Subject, upstream: Upstream, now: number): Removal {
  const { service, deletionPolicy, recordedCreator, confirmRemoval } = subject;
  const found = upstream.kind === 'listed' ? findInstance(subject, upstream.instances, now) : 'unknown';

  // Gate 0: nothing was ever created, or upstream, asked afresh, says that it is gone.
  if (found === 'unknown' && nothingAsked(subject)) return { kind: 'release', reason: 'NothingCreated' };
  if (found === 'never') return { kind: 'release', reason: 'NothingCreated' };
  if (found === 'gone') return { kind: 'release', reason: 'InstanceGone' };

  // Gate 1: the object lets go of the instance and leaves it.
  if (deletionPolicy === 'Orphan') return { kind: 'release', reason: 'Orphaned' };

  const instance = typeof found === 'string' ? null : found;
  const creator = instance === null ? recordedCreator : instance.creatingService;
  const instanceID = instance?.id ?? idOf(subject);
  const hold = (
    reason: 'NotCreatingService' | 'OwnershipUnverified' | 'ConfirmationRequired',
    why: string,
  ): Removal => ({
    kind: 'hold',
    reason,
    instanceID,
    creator,
    why,
  });

  // Gate 2: another service created it.
  if (creator !== null && creator !== service) return hold('NotCreatingService', `${creator} created the instance`);

  // Gate 3: who created it is not known for certain, right now.
  if (upstream.kind === 'unknown') return hold('OwnershipUnverified', upstream.why);
  if (instance === null) return hold('OwnershipUnverified', 'a create was begun and its outcome is not known yet');
  if (creator === null) return hold('OwnershipUnverified', 'upstream does not say which service created the instance');
  if (recordedCreator !== null && recordedCreator !== creator) {
    return hold('OwnershipUnverified', `upstream says ${creator}, the status of this object says ${recordedCreator}`);
  }
  if (instance.state === 'Deleting') return { kind: 'wait', instanceID: instance.id };

  // Gate 4: a person has to say that they mean this very instance.
  if (confirmRemoval !== instance.id) return hold('ConfirmationRequired', 'nobody has confirmed the removal');

  // Gate 5.
  return { kind: 'remove', instanceID: instance.id, as: creator };
}

function decidePortal(subject: Subject, siblings: readonly Sibling[]): Removal {
  const { service, deletionPolicy, declaredCreator, removedInPortal, recordedGone } = subject;
  const instanceID = idOf(subject);

  // Gate 0: it was reported as removed, through the object of its own service.
  if (recordedGone) return { kind: 'release', reason: 'InstanceGone' };
  // Gate 1.
  if (deletionPolicy === 'Orphan') return { kind: 'release', reason: 'Orphaned' };

  const hold = (reason: 'NotCreatingService' | 'OwnershipUnverified' | 'AwaitingPortal', why: string): Removal => ({
    kind: 'hold',
    reason,
    instanceID,
    creator: declaredCreator,
    why,
  });
  // Gate 2.
  if (declaredCreator !== null && declaredCreator !== service) {
    return hold('NotCreatingService', `${declaredCreator} created the instance`);
  }
  // Gate 3.
  if (declaredCreator === null || instanceID === null) {
    return hold('OwnershipUnverified', 'the object does not say which service created the instance');
  }
  const other = disagreeing(subject, siblings);
  if (other !== null) {
    return hold('OwnershipUnverified', `ProtectInstance ${other.name} says that ${other.creator} created the instance`);
  }
  // Gate 4: the portal does the rest, and a person reports it.
  if (removedInPortal !== instanceID) return hold('AwaitingPortal', 'nobody has reported the removal in the portal');
  return { kind: 'release', reason: 'RemovedInPortal' };
}

/** A sibling that stands for the same instance and names another creating service. */
export function disagreeing(subject: Subject, siblings: readonly Sibling[]): Sibling | null {
  const creator = subject.lifecycle === 'Portal' ? subject.declaredCreator : subject.recordedCreator;
  const id = idOf(subject);
  if (creator === null || id === null) return null;
  return (
    siblings.find((other) => other.instanceID === id && other.creator !== null && other.creator !== creator) ?? null
  );
}

/** True if no create was ever begun and no instance was ever tied to this object; one it only names is not tied to it. */
function nothingAsked({ instanceID, createStartedAt }: Subject): boolean {
  return instanceID === null && createStartedAt === null;
}

/**
 * The object's instance in a fresh and complete list. `gone`: it was there once, and is not any more. `never`: none came of the
 * create that this object began. `unknown`: a create that was begun may still come to something.
 */
export function findInstance(
  subject: Subject,
  instances: readonly Instance[],
  now: number,
): Instance | 'gone' | 'never' | 'unknown' {
  const { instanceID } = subject;
  if (instanceID !== null) {
    const found = instances.find(({ id }) => id === instanceID);
    return found === undefined || !isLive(found) ? 'gone' : found;
  }
  // Also where the status of the object was lost: what was made for its uid is its own.
  const ours = instances.find((instance) => instance.requestKey === subject.uid);
  if (ours !== undefined) return isLive(ours) ? ours : 'gone';
  const { createStartedAt } = subject;
  if (createStartedAt === null) return 'never';
  return now - createStartedAt >= CREATE_SETTLES_MS ? 'never' : 'unknown';
}
