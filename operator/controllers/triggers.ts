// Which change of which object asks for a look at which account or customer. What a look then does it reads for itself.

import type { Cache, Change } from '../runtime/cache.ts';
import type { Controller } from '../runtime/controller.ts';
import type { ObjectWatchSet } from '../runtime/object-watch-set.ts';
import type { Children } from './children/children.ts';
import type { CustomerView } from './children/customer.ts';
import type { GroupView } from './children/group.ts';
import type { LostChildren } from './children/lost.ts';
import { secretKey, type AccountView } from './mspaccount/account.ts';
import { BY_NAMESPACE, holds } from './mspaccount/twins.ts';
import { BY_ACCOUNT } from './protectinstance/deps.ts';
import { accountKey as instanceAccountKey, tokenKey, type InstanceView } from './protectinstance/instance.ts';

/** Changes of children come in thousands; their account is looked at once for all of this time. */
const CHILDREN_PAUSE_MS = 1000;

interface Watched {
  readonly accounts: Cache<AccountView>;
  readonly groups: Cache<GroupView>;
  readonly customers: Cache<CustomerView>;
  readonly instances: Cache<InstanceView>;
  readonly children: Children;
  readonly lost: LostChildren;
  readonly secrets: ObjectWatchSet;
}

/** Index of the caches of accounts and instances: the Secret that they name, `namespace/name`. */
export const BY_SECRET = 'secret';

export function triggerAccounts(controller: Controller, watched: Watched): void {
  const { accounts, groups, customers, instances, children, lost } = watched;
  accounts.onChange(({ key, before, after }) => {
    // An account that waits for another one of the same company takes over when that lets go of it.
    if (before !== undefined && (after === undefined || letsGo(before, after))) {
      for (const { namespace, name, status } of accounts.byIndex(BY_NAMESPACE, before.namespace)) {
        if (status.duplicateOf?.name === before.name) controller.enqueue(`${namespace}/${name}`);
      }
    }
    if (before !== undefined) releaseSecret(watched, secretKey(before));
    if (after === undefined) lost.forget(key, lost.of(key));
    // Our own write of the status needs no look of its own: the pass that wrote it has said when to come back.
    if (before !== undefined && after !== undefined && sameWish(before, after)) return;
    controller.enqueue(key, { priority: 'high' });
  });
  const lose = ({ before, after }: Change<GroupView | CustomerView>): void => {
    if (before !== undefined && (after === undefined || after.uid !== before.uid) && !children.deletes(before.uid))
      lost.note(before);
  };
  const ofChild = ({ before, after }: Change<GroupView | CustomerView>): void => {
    const child = after ?? before;
    if (child === undefined) return;
    controller.enqueue(`${child.namespace}/${child.account}`, { afterMs: CHILDREN_PAUSE_MS });
  };
  groups.onChange(lose);
  customers.onChange(lose);
  groups.onChange((change) => {
    // Counts change with existence alone.
    if (change.before === undefined || change.after === undefined) ofChild(change);
  });
  customers.onChange(ofChild);
  // An account that is being deleted waits for the last of its instances.
  instances.onChange(({ before, after }) => {
    if (before !== undefined && after === undefined)
      controller.enqueue(instanceAccountKey(before), { priority: 'high' });
  });
}

/** An instance is looked at when people changed something of it, and when its account or a sibling came, went or changed. */
export function triggerInstances(controller: Controller, watched: Watched): void {
  const { accounts, instances } = watched;
  const ofAccount = (accountKey: string, except?: string): void => {
    for (const { namespace, name } of instances.byIndex(BY_ACCOUNT, accountKey)) {
      if (`${namespace}/${name}` !== except) controller.enqueue(`${namespace}/${name}`);
    }
  };
  instances.onChange(({ key, before, after }) => {
    const view = after ?? before;
    if (view === undefined) return;
    if (before !== undefined) {
      const secret = tokenKey(before);
      if (secret !== null) releaseSecret(watched, secret);
    }
    if (before !== undefined && after !== undefined && sameInstanceWish(before, after)) return;
    controller.enqueue(key, { priority: 'high' });
    ofAccount(instanceAccountKey(view), key);
  });
  accounts.onChange(({ key, before, after }) => {
    const same =
      before?.generation === after?.generation &&
      before?.deleting === after?.deleting &&
      before?.status.company?.id === after?.status.company?.id;
    if (!same) ofAccount(key);
  });
}

/** A change of a Secret is a reason to look at whatever names it. */
export function triggerBySecret(
  key: string,
  accounts: { readonly cache: Cache<AccountView>; readonly controller: Controller },
  instances: { readonly cache: Cache<InstanceView>; readonly controller: Controller },
): void {
  for (const { cache, controller } of [accounts, instances]) {
    for (const { namespace, name } of cache.byIndex(BY_SECRET, key)) {
      controller.enqueue(`${namespace}/${name}`, { priority: 'high' });
    }
  }
}

/** Ends the watch of a Secret that nobody names any more. */
function releaseSecret({ accounts, instances, secrets }: Watched, secret: string): void {
  if (accounts.byIndex(BY_SECRET, secret).length + instances.byIndex(BY_SECRET, secret).length === 0) {
    secrets.release(secret);
  }
}

/** A customer is looked at when people changed what they want of it, and when its account may have. */
export function triggerCustomers(controller: Controller, customers: Cache<CustomerView>): void {
  customers.onChange(({ key, before, after }) => {
    if (after === undefined || after.mirror === null) return;
    if (before !== undefined && before.mode === after.mode && before.setup === after.setup) return;
    controller.enqueue(key, { priority: 'high' });
  });
}

function letsGo(before: AccountView, after: AccountView): boolean {
  const company = before.status.company?.id;
  return company !== undefined && holds(before, company) && !holds(after, company);
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

function sameInstanceWish(before: InstanceView, after: InstanceView): boolean {
  return (
    before.uid === after.uid &&
    before.generation === after.generation &&
    before.deleting === after.deleting &&
    before.requestedAt === after.requestedAt &&
    before.confirmRemoval === after.confirmRemoval &&
    before.removedInPortal === after.removedInPortal &&
    before.finalizers.join() === after.finalizers.join() &&
    before.status.state === after.status.state &&
    before.status.instanceID === after.status.instanceID
  );
}
