// Deleting an Unlinked Customer takes its own group along (promise 4): a group of a customer that is unlinked and has no Customer
// any more. Read from what is there, so that it also happens after a restart.

import type { Children, Family } from './children.ts';

export async function sweep(children: Children, { groups, customers }: Family, signal: AbortSignal): Promise<void> {
  const companies = new Set<string>();
  for (const { companyID } of customers.values()) companies.add(companyID);
  for (const { type, linked, companyID, namespace, name, uid } of groups.values()) {
    if (type !== 'Customer' || linked.status !== 'False' || companies.has(companyID)) continue;
    await children.delete('StaticGroup', namespace, name, uid, signal);
  }
}
