// StaticGroup ↔ the plan's view of it: what the cache keeps of a group, and what is written for one.

import { API_VERSION, GROUP, LABEL_ACCOUNT, LABEL_COMPANY_TYPE, VERSION } from '../../api/v1alpha1/group.ts';
import type { StaticGroupSpec, StaticGroupStatus } from '../../api/v1alpha1/staticgroup.ts';
import type { ExistingGroup, Group, Linked } from '../../hierarchy/objects.ts';
import type { KubeObject, Resource } from '../../runtime/object.ts';
import { metaOf, type Meta } from '../meta.ts';
import { linkedCondition, linkedSince, type LinkedSeen } from './linked.ts';

export const STATIC_GROUPS: Resource = {
  group: GROUP,
  version: VERSION,
  plural: 'staticgroups',
  kind: 'StaticGroup',
  namespaced: true,
};

/** A StaticGroup as the cache keeps it. */
export interface GroupView extends ExistingGroup, Meta {
  /** Name of its MSPAccount. */
  readonly account: string;
  readonly linked: LinkedSeen;
}

/** A StaticGroup as the API server sends it → what we keep of it. */
export function viewGroup(object: KubeObject): GroupView {
  const spec = object['spec'] as StaticGroupSpec;
  const status = object['status'] as StaticGroupStatus | undefined;
  return {
    ...metaOf(object),
    account: spec.accountRef.name,
    companyID: spec.companyID.toLowerCase(),
    type: spec.type,
    displayName: spec.displayName,
    parentName: spec.parentRef?.name ?? null,
    linked: linkedSince(status?.conditions),
  };
}

/** The object to POST for a new group. */
export function newGroup(namespace: string, account: string, group: Group): KubeObject {
  return {
    apiVersion: API_VERSION,
    kind: STATIC_GROUPS.kind,
    metadata: {
      namespace,
      name: group.name,
      labels: { [LABEL_ACCOUNT]: account, [LABEL_COMPANY_TYPE]: group.type },
    },
    spec: groupSpec(account, group),
  };
}

/** The merge patch that turns the spec of a group into `to`; its label follows the type. */
export function groupPatch(resourceVersion: string, from: Group, to: Group): object {
  return {
    metadata: {
      resourceVersion,
      ...(from.type === to.type ? {} : { labels: { [LABEL_COMPANY_TYPE]: to.type } }),
    },
    spec: {
      type: to.type,
      displayName: to.displayName,
      parentRef: to.parentName === null ? null : { name: to.parentName },
    },
  };
}

/** The merge patch of the status subresource that writes the condition Linked. */
export function groupLinkPatch(view: GroupView, linked: Linked, now: number): object {
  return {
    metadata: { resourceVersion: view.resourceVersion },
    status: { conditions: [linkedCondition(linked, view.linked, now)] } satisfies StaticGroupStatus,
  };
}

function groupSpec(account: string, group: Group): StaticGroupSpec {
  return {
    accountRef: { name: account },
    companyID: group.companyID,
    type: group.type,
    displayName: group.displayName,
    ...(group.parentName === null ? {} : { parentRef: { name: group.parentName } }),
  };
}
