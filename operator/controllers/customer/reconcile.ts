// One pass over one Customer: what people want of its setup shows in its status at once, without waiting for a sync. All else in
// the status comes from the sync of its account.

import { nextSetup } from '../../hierarchy/setup.ts';
import type { Cache } from '../../runtime/cache.ts';
import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import type { Children } from '../children/children.ts';
import type { CustomerView } from '../children/customer.ts';
import type { AccountView } from '../mspaccount/account.ts';

export interface CustomerDeps {
  readonly customers: Cache<CustomerView>;
  readonly accounts: Cache<AccountView>;
  readonly children: Children;
}

const DONE: Outcome = { kind: 'done' };

/** @param key `namespace/name` of a Customer, existing or not */
export async function reconcileCustomer(
  { customers, accounts, children }: CustomerDeps,
  key: string,
  { signal }: ReconcileContext,
): Promise<Outcome> {
  const customer = customers.get(key);
  if (customer === undefined || customer.deleting) return DONE;
  const { mirror, linked, mode } = customer;
  if (mirror === null) return DONE; // no sync has seen its company yet
  const account = accounts.get(`${customer.namespace}/${customer.account}`);
  const setup = nextSetup(mode, customer.setup, account?.settings.newCustomers ?? 'Pending');
  if (setup === customer.setup) return DONE;
  const written = await children.writeCustomer(customer, { mirror, linked, setup }, signal);
  return written.kind === 'changed' ? { kind: 'retry', why: 'the customer changed meanwhile' } : DONE;
}
