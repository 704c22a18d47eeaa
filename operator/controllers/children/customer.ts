// Customer ↔ the plan's view of it: what the cache keeps of a customer, and what is written for one. `spec.setup` is read and
// never written.

import type { SETUP_REASONS, SuspendedReason } from '../../api/v1alpha1/child-reasons.ts';
import type { CustomerSpec, CustomerStatus } from '../../api/v1alpha1/customer.ts';
import { API_VERSION, GROUP, LABEL_ACCOUNT, LABEL_COMPANY_TYPE, VERSION } from '../../api/v1alpha1/group.ts';
import type { CustomerMirror, CustomerState, ExistingCustomer, SetupState } from '../../hierarchy/objects.ts';
import { iconOf, phaseOf } from '../../hierarchy/setup.ts';
import { setCondition } from '../../runtime/conditions.ts';
import type { Condition, KubeObject, Resource } from '../../runtime/object.ts';
import { metaOf, type Meta } from '../meta.ts';
import { linkedCondition, linkedSince, type LinkedSeen } from './linked.ts';

export const CUSTOMERS: Resource = {
  group: GROUP,
  version: VERSION,
  plural: 'customers',
  kind: 'Customer',
  namespaced: true,
};

/** A Customer as the cache keeps it. */
export interface CustomerView extends ExistingCustomer, Meta {
  /** Name of its MSPAccount. */
  readonly account: string;
  readonly linked: LinkedSeen;
  /** The labels that the operator puts on what it creates; people's own objects may lack them. */
  readonly labelled: boolean;
  /** Since when SetUp and Suspended say what they say, as the API server spells it; '' where nothing was written. */
  readonly setUpAt: string;
  readonly suspendedAt: string;
}

/** A Customer as the API server sends it → what we keep of it. */
export function viewCustomer(object: KubeObject): CustomerView {
  const { metadata } = object;
  const spec = object['spec'] as CustomerSpec;
  const status = (object['status'] ?? {}) as CustomerStatus;
  return {
    ...metaOf(object),
    account: spec.accountRef.name,
    companyID: spec.companyID.toLowerCase(),
    labelled: metadata.labels?.[LABEL_ACCOUNT] === spec.accountRef.name,
    mode: spec.setup?.mode ?? null,
    setup: status.setup ?? null,
    mirror: mirrorOf(status),
    linked: linkedSince(status.conditions),
    setUpAt: timeOf(status.conditions, 'SetUp'),
    suspendedAt: timeOf(status.conditions, 'Suspended'),
  };
}

/** The object to POST for a new customer: never with `setup`, which belongs to people. */
export function newCustomer(namespace: string, account: string, name: string, companyID: string): KubeObject {
  return {
    apiVersion: API_VERSION,
    kind: CUSTOMERS.kind,
    metadata: { namespace, name, labels: { [LABEL_ACCOUNT]: account, [LABEL_COMPANY_TYPE]: 'Customer' } },
    spec: { accountRef: { name: account }, companyID } satisfies CustomerSpec,
  };
}

/** The merge patch of the status subresource that turns the status of a customer into `state`. */
export function customerPatch(view: CustomerView, state: CustomerState, now: number): object {
  const { mirror, linked, setup } = state;
  const phase = phaseOf(linked.status, setup);
  return {
    metadata: { resourceVersion: view.resourceVersion },
    status: {
      displayName: mirror.displayName,
      customIdentifier: mirror.customIdentifier,
      groupRef: { name: mirror.groupName },
      managedBy: mirror.managedBy,
      phase,
      icon: iconOf(phase),
      setup,
      conditions: conditionsOf(view, state, now),
    },
  };
}

const SETUP_MESSAGES: Record<keyof typeof SETUP_REASONS, string> = {
  Pending: 'Not set up. Set spec.setup.mode to Skip or, once it is set up in ESET PROTECT, to Configured.',
  Skipped: 'The setup was skipped.',
  Completed: 'Set up in ESET PROTECT.',
};

const SUSPENDED_MESSAGES: Record<CustomerMirror['suspended'], { reason: SuspendedReason; message: string }> = {
  True: { reason: 'Suspended', message: 'The company is suspended upstream.' },
  False: { reason: 'Active', message: 'The company is not suspended upstream.' },
  Unknown: { reason: 'UnknownStatusCode', message: 'Upstream reports a status code whose meaning is not known.' },
};

function conditionsOf(view: CustomerView, { linked, mirror, setup }: CustomerState, now: number): Condition[] {
  const before: Condition[] = [];
  if (view.setUpAt !== '' && view.setup !== null) before.push(setUp(view.setup, view.setUpAt));
  if (view.suspendedAt !== '' && view.mirror !== null) before.push(suspended(view.mirror, view.suspendedAt));
  const after = setCondition(setCondition(before, setUp(setup, ''), now), suspended(mirror, ''), now);
  return [linkedCondition(linked, view.linked, now), ...after];
}

function setUp(setup: SetupState, lastTransitionTime: string): Condition {
  const status = setup === 'Pending' ? 'False' : 'True';
  return { type: 'SetUp', status, reason: setup, message: SETUP_MESSAGES[setup], lastTransitionTime };
}

function suspended(mirror: CustomerMirror, lastTransitionTime: string): Condition {
  return { type: 'Suspended', status: mirror.suspended, ...SUSPENDED_MESSAGES[mirror.suspended], lastTransitionTime };
}

function mirrorOf(status: CustomerStatus): CustomerMirror | null {
  if (status.displayName === undefined || status.groupRef === undefined) return null;
  const suspended = status.conditions?.find(({ type }) => type === 'Suspended')?.status ?? 'Unknown';
  return {
    displayName: status.displayName,
    groupName: status.groupRef.name,
    managedBy: status.managedBy ?? null,
    customIdentifier: status.customIdentifier ?? null,
    suspended,
  };
}

function timeOf(conditions: readonly Condition[] | undefined, type: string): string {
  return conditions?.find((condition) => condition.type === type)?.lastTransitionTime ?? '';
}
