// Is there an instance for this object, and if not, may one be created? The table of design §3.4. Promise 5: there is never a
// second instance, and an object that has had one never creates another.

import { isLive, type Instance, type Service, type Sibling, type Subject, type Upstream } from './facts.ts';
import { CREATE_SETTLES_MS, findInstance } from './removal.ts';

export type Creation =
  /** Another object of this account and service is older, or has the instance; it works, this one does not. */
  | { readonly kind: 'duplicate'; readonly of: string }
  /** The object's own instance: mirror it; `grant`: its service has no access yet. */
  | { readonly kind: 'mirror'; readonly instance: Instance; readonly grant: Service | null }
  /** One lives already: record its id and its creating service, create nothing. */
  | { readonly kind: 'adopt'; readonly instance: Instance }
  /** It has had an instance, and that is gone. */
  | { readonly kind: 'gone'; readonly instanceID: string }
  /** The instance to adopt is not there. */
  | { readonly kind: 'notFound'; readonly instanceID: string }
  /**
   * None lives and none can still come of an earlier try: record that a create begins, and only then ask for it, with the uid
   * of the object as the key of the request.
   */
  | { readonly kind: 'create' }
  /** suspend. */
  | { readonly kind: 'suspended' }
  /** Nothing can be said now. */
  | { readonly kind: 'wait'; readonly why: string };

/** For `API` objects that are not being deleted. */
export function decideCreate(
  subject: Subject,
  upstream: Upstream,
  siblings: readonly Sibling[],
  now: number,
): Creation {
  // An object that has an instance of its own keeps it, whoever is older. Creation times are whole seconds, so of two that
  // look equally old the one that has an instance counts as the older.
  const twin = siblings.find((other) => other.service === subject.service && (other.older || other.creator !== null));
  if (twin !== undefined && subject.instanceID === null) return { kind: 'duplicate', of: twin.name };
  if (upstream.kind === 'unknown') return { kind: 'wait', why: upstream.why };
  const { instances } = upstream;

  if (subject.instanceID !== null) {
    const own = instances.find(({ id }) => id === subject.instanceID);
    if (own === undefined || !isLive(own)) return { kind: 'gone', instanceID: subject.instanceID };
    const lacks = !own.accessibleFrom.includes(subject.service) && own.state !== 'Deleting';
    return { kind: 'mirror', instance: own, grant: lacks ? subject.service : null };
  }
  if (subject.specInstanceID !== null) {
    const wanted = instances.find(({ id }) => id === subject.specInstanceID);
    if (wanted === undefined || !isLive(wanted)) return { kind: 'notFound', instanceID: subject.specInstanceID };
    return { kind: 'adopt', instance: wanted };
  }

  // What an earlier create of this object came to, also when its answer was lost.
  if (subject.createStartedAt !== null) {
    const ours = findInstance(subject, instances, now);
    if (ours === 'gone') {
      const made = instances.find(({ requestKey }) => requestKey === subject.uid);
      return { kind: 'gone', instanceID: made?.id ?? '' };
    }
    if (typeof ours !== 'string') return { kind: 'adopt', instance: ours };
    if (ours === 'unknown') return { kind: 'wait', why: 'the outcome of a create that was begun is not known yet' };
  }
  const live = instances.find(isLive);
  if (live !== undefined) {
    // One that is on its way out is not worth having, and while it lives no other can be.
    return live.state === 'Deleting'
      ? { kind: 'wait', why: `instance ${live.id} is being deleted` }
      : { kind: 'adopt', instance: live };
  }
  if (subject.suspend) return { kind: 'suspended' };
  // Upstream refuses a second one, but it need not come to that: what the other service's object has begun may be there in a moment.
  const ahead = siblings.find((other) => other.older && isOpen(other, now));
  if (ahead !== undefined) return { kind: 'wait', why: `ProtectInstance ${ahead.name} has begun to create one` };
  return { kind: 'create' };
}

/** True while a create of that object may still come to an instance. */
function isOpen({ instanceID, createStartedAt }: Sibling, now: number): boolean {
  return instanceID === null && createStartedAt !== null && now - createStartedAt < CREATE_SETTLES_MS;
}
