// ProtectInstance as the controller sees it, and as the decisions of ownership/ see it.

import {
  ANNOTATION_CONFIRM_REMOVAL,
  ANNOTATION_REMOVED_IN_PORTAL,
  ANNOTATION_REQUESTED_AT,
  GROUP,
  VERSION,
} from '../../api/v1alpha1/group.ts';
import type { ProtectInstanceSpec, ProtectInstanceStatus } from '../../api/v1alpha1/protectinstance.ts';
import type { Sibling, Subject } from '../../ownership/facts.ts';
import type { KubeObject, Resource } from '../../runtime/object.ts';
import { metaOf, type Meta } from '../meta.ts';

export const PROTECT_INSTANCES: Resource = {
  group: GROUP,
  version: VERSION,
  plural: 'protectinstances',
  kind: 'ProtectInstance',
  namespaced: true,
};

/** A ProtectInstance as the cache keeps it. */
export interface InstanceView extends Meta {
  readonly generation: number;
  readonly finalizers: readonly string[];
  readonly requestedAt: string | null;
  readonly confirmRemoval: string | null;
  readonly removedInPortal: string | null;
  readonly spec: ProtectInstanceSpec;
  readonly status: ProtectInstanceStatus;
}

/** A ProtectInstance as the API server sends it → what we keep of it. */
export function viewInstance(object: KubeObject): InstanceView {
  const { metadata } = object;
  const annotation = (name: string) => metadata.annotations?.[name] ?? null;
  return {
    ...metaOf(object),
    generation: metadata.generation ?? 0,
    finalizers: metadata.finalizers ?? [],
    requestedAt: annotation(ANNOTATION_REQUESTED_AT),
    confirmRemoval: annotation(ANNOTATION_CONFIRM_REMOVAL),
    removedInPortal: annotation(ANNOTATION_REMOVED_IN_PORTAL),
    spec: object['spec'] as ProtectInstanceSpec,
    status: object['status'] ?? {},
  };
}

/** The key of its MSPAccount. */
export function accountKey({ namespace, spec }: InstanceView): string {
  return `${namespace}/${spec.accountRef.name}`;
}

/** The key of the Secret with its token; null where it has none. */
export function tokenKey({ namespace, spec }: InstanceView): string | null {
  return spec.lifecycle.secretRef === undefined ? null : `${namespace}/${spec.lifecycle.secretRef.name}`;
}

/** The object as the decisions see it. */
export function subjectOf(view: InstanceView): Subject {
  const { uid, spec, status, confirmRemoval, removedInPortal } = view;
  return {
    uid,
    lifecycle: spec.lifecycle.type,
    service: spec.service,
    deletionPolicy: spec.deletionPolicy ?? 'Delete',
    suspend: spec.suspend ?? false,
    specInstanceID: spec.instanceID ?? null,
    declaredCreator: spec.creatingService ?? null,
    instanceID: status.instanceID ?? null,
    recordedCreator: status.creatingService ?? null,
    recordedGone: status.state === 'Deleted',
    createStartedAt: timeOf(status.createStartedAt),
    confirmRemoval,
    removedInPortal,
  };
}

/** ms since the epoch; null where there is no time. */
function timeOf(text: string | undefined): number | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : ms;
}

/** The other objects of the account as the decisions see them. */
export function siblingsOf(view: InstanceView, ofAccount: readonly InstanceView[]): Sibling[] {
  return ofAccount
    .filter(({ uid }) => uid !== view.uid)
    .map((other) => ({
      name: other.name,
      service: other.spec.service,
      older: other.createdAt < view.createdAt || (other.createdAt === view.createdAt && other.uid < view.uid),
      lifecycle: other.spec.lifecycle.type,
      instanceID: other.status.instanceID ?? other.spec.instanceID ?? null,
      creator: other.status.creatingService ?? other.spec.creatingService ?? null,
      createStartedAt: timeOf(other.status.createStartedAt),
    }));
}

/** True while an annotation already confirms the removal that deleting this live object would lead to. */
export function isArmed({ spec, status, confirmRemoval, removedInPortal }: InstanceView): boolean {
  const id = status.instanceID ?? spec.instanceID;
  const creator = status.creatingService ?? spec.creatingService;
  if (id === undefined || creator !== spec.service) return false;
  if (spec.deletionPolicy === 'Orphan' || status.state === 'Deleted') return false;
  return (spec.lifecycle.type === 'API' ? confirmRemoval : removedInPortal) === id;
}
