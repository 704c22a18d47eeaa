// One round of the API server's own speed: as many objects of the same kinds and sizes as the operator writes, through the raw
// client, under the operator's own identity, in a namespace that the operator does not watch.

import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { CUSTOMERS, customerPatch, newCustomer, viewCustomer } from '../../operator/controllers/children/customer.ts';
import { STATIC_GROUPS, newGroup } from '../../operator/controllers/children/group.ts';
import { childName } from '../../operator/hierarchy/names.ts';
import type { CustomerState } from '../../operator/hierarchy/objects.ts';
import { collectionPath, objectPath, type KubeObject } from '../../operator/runtime/object.ts';
import { strangersBetween, type CPU } from './meter.ts';
import { CONTROL_PLANE } from './processes.ts';
import { inFlight, type RawClient } from './raw-client.ts';

/** Writes per second. */
export interface RawSpeed {
  readonly createGroups: number;
  readonly createCustomers: number;
  readonly patchCustomers: number;
  /** CPU that a write of the mix of a first import takes: the client's, and that of the whole control plane. */
  readonly clientSecondsPerWrite: number;
  readonly serverSecondsPerWrite: number;
  /** The share of the machine that went to what does not belong to the benchmark. */
  readonly strangers: number;
}

const ACCOUNT = 'acme';
const MANAGER = { name: 'northwind-managed-services-abcdefghijklm', displayName: 'Northwind Managed Services' };

/** @param names of companies, as the operator will meet them: the sizes of the objects depend on them */
export async function measureRawSpeed(
  client: RawClient,
  namespace: string,
  names: readonly string[],
  concurrency: number,
  cpu: () => Promise<CPU>,
): Promise<RawSpeed> {
  const companies = names.map((displayName) => {
    const companyID: string = randomUUID();
    return { companyID, displayName, name: childName(ACCOUNT, companyID, displayName) };
  });
  const groups = companies.map((company) =>
    JSON.stringify(newGroup(namespace, ACCOUNT, { ...company, type: 'Customer', parentName: MANAGER.name })),
  );
  const customers = companies.map(({ name, companyID }) => newCustomer(namespace, ACCOUNT, name, companyID));
  const customerBodies = customers.map((customer) => JSON.stringify(customer));
  const versions: string[] = [];
  const before = await cpu();
  const started = performance.now();

  const createGroups = await perSecond(groups.length, () =>
    inFlight(groups, concurrency, async (body) => {
      await client.call('POST', collectionPath(STATIC_GROUPS, namespace), body);
    }),
  );
  const createCustomers = await perSecond(customers.length, () =>
    inFlight(customerBodies, concurrency, async (body, index) => {
      const answer = await client.call('POST', collectionPath(CUSTOMERS, namespace), body);
      versions[index] = /"resourceVersion":"(\d+)"/.exec(answer)?.[1] ?? '';
    }),
  );
  const patches = customers.map((customer, index) =>
    patchOf(customer, companies[index]?.displayName ?? '', versions[index] ?? ''),
  );
  const patchCustomers = await perSecond(patches.length, () =>
    inFlight(patches, concurrency, async ({ path, body }) => {
      await client.call('PATCH', path, body);
    }),
  );
  const elapsed = (performance.now() - started) / 1000;
  const after = await cpu();
  const perWrite = (...programs: string[]): number =>
    programs.reduce((sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0), 0) / (3 * names.length);
  return {
    createGroups,
    createCustomers,
    patchCustomers,
    clientSecondsPerWrite: perWrite('bench'),
    serverSecondsPerWrite: perWrite(...CONTROL_PLANE),
    strangers: strangersBetween(before, after) / (elapsed * availableParallelism()),
  };
}

function patchOf(customer: KubeObject, displayName: string, resourceVersion: string): { path: string; body: string } {
  const { name, namespace = '' } = customer.metadata;
  const state: CustomerState = {
    mirror: { displayName, groupName: name, managedBy: MANAGER, customIdentifier: 'CRM-123456', suspended: 'False' },
    linked: { status: 'True', reason: 'Present' },
    setup: 'Pending',
  };
  const view = viewCustomer({ ...customer, metadata: { ...customer.metadata, resourceVersion } });
  const body = JSON.stringify(customerPatch(view, state, Date.now()));
  return { path: objectPath(CUSTOMERS, { namespace, name }, 'status'), body };
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return count / ((performance.now() - started) / 1000);
}
