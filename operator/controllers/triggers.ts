// Which change of which object asks for a look at which account or customer. What a look then does it reads for itself.

import type { Cache, Change } from '../runtime/cache.ts';
import type { Controller } from '../runtime/controller.ts';
import type { ObjectWatchSet } from '../runtime/object-watch-set.ts';
import type { CustomerView } from './children/customer.ts';
import type { GroupView } from './children/group.ts';
import type { AccountView } from './mspaccount/account.ts';
import { secretKey } from './mspaccount/reconcile.ts';

/** Changes of children come in thousands; their account is looked at once for all of this time. */
const CHILDREN_PAUSE_MS = 1000;

export function triggerAccounts(
  controller: Controller,
  caches: {
    readonly accounts: Cache<AccountView>;
    readonly groups: Cache<GroupView>;
    readonly customers: Cache<CustomerView>;
    readonly secrets: ObjectWatchSet;
  },
): void {
  const { accounts, groups, customers, secrets } = caches;
  accounts.onChange(({ key, before, after }) => {
    if (before !== undefined) {
      const secret = secretKey(before);
      if (accounts.byIndex('secret', secret).length === 0) secrets.release(secret);
    }
    // Our own write of the status needs no look of its own: the pass that wrote it has said when to come back.
    if (before !== undefined && after !== undefined && sameWish(before, after)) return;
    controller.enqueue(key, { priority: 'high' });
  });
  const ofChild = ({ before, after }: Change<GroupView | CustomerView>): void => {
    const child = after ?? before;
    if (child === undefined) return;
    controller.enqueue(`${child.namespace}/${child.account}`, { afterMs: CHILDREN_PAUSE_MS });
  };
  groups.onChange((change) => {
    // Counts change with existence alone.
    if (change.before === undefined || change.after === undefined) ofChild(change);
  });
  customers.onChange(ofChild);
}

/** A customer is looked at when people changed what they want of it, and when its account may have. */
export function triggerCustomers(controller: Controller, customers: Cache<CustomerView>): void {
  customers.onChange(({ key, before, after }) => {
    if (after === undefined || after.mirror === null) return;
    if (before !== undefined && before.mode === after.mode && before.setup === after.setup) return;
    controller.enqueue(key, { priority: 'high' });
  });
}

function sameWish(before: AccountView, after: AccountView): boolean {
  return (
    before.uid === after.uid &&
    before.generation === after.generation &&
    before.deleting === after.deleting &&
    before.requestedAt === after.requestedAt &&
    before.approveUnlink === after.approveUnlink &&
    before.approveCompany === after.approveCompany &&
    before.finalizers.join() === after.finalizers.join()
  );
}
