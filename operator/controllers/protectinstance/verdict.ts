// What a pass over an instance concludes → its conditions. Pure.

import { INSTANCE_CONDITIONS } from '../../api/v1alpha1/conditions.ts';
import type { InstanceReason } from '../../api/v1alpha1/instance-reasons.ts';
import type { ProtectInstanceStatus } from '../../api/v1alpha1/protectinstance.ts';
import { Conditions, type ConditionStatus, type Finding as FindingOf } from '../ready.ts';
import { isArmed, type InstanceView } from './instance.ts';

type Finding = FindingOf<typeof INSTANCE_CONDITIONS>;

export interface InstanceVerdict {
  readonly ready: ConditionStatus;
  readonly reason: InstanceReason;
  /** For people: what happened and what to do. Stable while nothing changes. */
  readonly message: string;
  /** OwnershipVerified; left out: as it was. */
  readonly ownership?: Omit<Extract<Finding, { type: 'OwnershipVerified' }>, 'type'> | undefined;
}

const DAY_MS = 86_400_000;

/**
 * The next status of a live object. `found`: what upstream said of the instance; a field with the value undefined is taken away.
 * @param now ms since the epoch
 */
export function afterPass(
  view: InstanceView,
  verdict: InstanceVerdict,
  found: { readonly [F in keyof ProtectInstanceStatus]?: ProtectInstanceStatus[F] | undefined },
  now: number,
): ProtectInstanceStatus {
  const { ready, reason, message, ownership } = verdict;
  const status = { ...view.status, ...found };
  const conditions = new Conditions(INSTANCE_CONDITIONS, view.status.conditions, view.generation, now).ready({
    ready,
    reason,
    message,
  });
  if (ownership !== undefined) conditions.set({ type: 'OwnershipVerified', ...ownership });
  const id = status.instanceID ?? view.spec.instanceID ?? '';
  conditions.setIf(isArmed({ ...view, status: status as ProtectInstanceStatus }), {
    type: 'RemovalArmed',
    status: 'True',
    reason: 'Confirmed',
    message: armedMessage(view, id),
  });
  const expiring = expiryOf(status, now);
  if (expiring === null) conditions.remove('Expiring');
  else conditions.set(expiring);
  return defined({
    ...status,
    observedGeneration: view.generation,
    lastHandledRequestedAt: view.requestedAt?.slice(0, 256) ?? status.lastHandledRequestedAt,
    conditions: conditions.list(),
  });
}

function armedMessage({ spec }: InstanceView, id: string): string {
  return spec.lifecycle.type === 'API'
    ? `The removal of instance ${id} is already confirmed by an annotation: deleting this object removes the instance without another question. Take the annotation off to disarm it.`
    : `An annotation already says that instance ${id} was removed in the portal: deleting this object lets go of it without another question. Take the annotation off if that is not so.`;
}

/** The dates that upstream names, in the steps of the notices that ESET sends (domain: protect §5.4). */
function expiryOf(
  {
    state,
    suspendAt,
    deleteAt,
  }: {
    readonly state?: string | undefined;
    readonly suspendAt?: string | undefined;
    readonly deleteAt?: string | undefined;
  },
  now: number,
): Finding | null {
  const within = (at: string, days: number): boolean => Date.parse(at) - now <= days * DAY_MS;
  if (state === 'Suspended' && deleteAt !== undefined) {
    return {
      type: 'Expiring',
      status: 'True',
      reason: within(deleteAt, 14) ? 'DeletionNear' : 'DeletionDue',
      message: `The instance is suspended and will be deleted for good, with all its data, at ${deleteAt}. An eligible licence brings it back until then.`,
    };
  }
  if (state === 'GracePeriod' && suspendAt !== undefined) {
    return {
      type: 'Expiring',
      status: 'True',
      reason: within(suspendAt, 7) ? 'SuspensionNear' : 'SuspensionDue',
      message: `The last eligible licence of the creating service has expired; the instance will be suspended at ${suspendAt}.`,
    };
  }
  return null;
}

function defined(status: object): ProtectInstanceStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined));
}
