// Deleting an Unlinked Customer takes its own group along (promise 4): a group of a customer that is unlinked and has no Customer
// any more. Read from what is there, so that it also happens after a restart.

import type { Children, Family } from './children.ts';

/** False if one changed meanwhile: look again. */
export async function sweep(children: Children, { groups, customers }: Family, signal: AbortSignal): Promise<boolean> {
  let all = true;
  const companies = new Set<string>();
  for (const { companyID } of customers.values()) companies.add(companyID);
  for (const group of groups.values()) {
    const { type, linked, companyID } = group;
    if (type !== 'Customer' || linked.status !== 'False' || companies.has(companyID)) continue;
    if ((await children.delete('StaticGroup', group, signal)).kind === 'changed') all = false;
  }
  return all;
}
