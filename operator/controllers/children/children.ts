// The children of an account in the cluster, as the caches know them, and the one place that writes them. Every write carries
// the resourceVersion that it was decided on, and its answer goes into the cache, so that the next plan reads it (promise 6).

import type { Action } from '../../hierarchy/action.ts';
import type { CustomerState } from '../../hierarchy/objects.ts';
import type { Cache, Projected } from '../../runtime/cache.ts';
import type { KubeClient } from '../../runtime/client.ts';
import { isAlreadyExists, isConflict, isForbidden, isNotFound } from '../../runtime/errors.ts';
import type { KubeObject, Resource } from '../../runtime/object.ts';
import { CUSTOMERS, customerPatch, newCustomer, viewCustomer, type CustomerView } from './customer.ts';
import { STATIC_GROUPS, groupLinkPatch, groupPatch, newGroup, type GroupView } from './group.ts';

/** Index of both caches: `namespace/account`. */
export const BY_ACCOUNT = 'account';

export interface ChildrenDeps {
  readonly client: KubeClient;
  readonly groups: Cache<GroupView>;
  readonly customers: Cache<CustomerView>;
  readonly now: () => number;
}

/** The children of one account at one moment, by object name: what a plan was decided on. */
export interface Family {
  readonly groups: ReadonlyMap<string, GroupView>;
  readonly customers: ReadonlyMap<string, CustomerView>;
}

export type Written =
  /** The object is now as the action wants it. */
  | { readonly kind: 'written' }
  /** Somebody else changed, made or removed the object meanwhile: the cache knows its new state now; plan again. */
  | { readonly kind: 'changed' }
  /** The namespace is going away: nothing new can be made in it, nor needs to be. */
  | { readonly kind: 'terminating' };

export class Children {
  readonly #deps: ChildrenDeps;
  readonly #deleting = new Set<string>();

  constructor(deps: ChildrenDeps) {
    this.#deps = deps;
  }

  /** The children of an account (`namespace/name`) that are not being deleted. */
  of(accountKey: string): Family {
    return {
      groups: byName(this.#deps.groups.byIndex(BY_ACCOUNT, accountKey)),
      customers: byName(this.#deps.customers.byIndex(BY_ACCOUNT, accountKey)),
    };
  }

  /**
   * Carries out one action on the objects that it was decided on: whatever changed since then answers `changed`.
   * @throws KubeError for what neither a new plan nor waiting for others can mend
   */
  async apply(
    namespace: string,
    account: string,
    action: Action,
    family: Family,
    signal: AbortSignal,
  ): Promise<Written> {
    const now = this.#deps.now();
    switch (action.kind) {
      case 'CreateGroup':
        return (await this.#create(STATIC_GROUPS, newGroup(namespace, account, action.group), signal)).written;
      case 'UpdateGroup': {
        const view = family.groups.get(action.group.name);
        if (view === undefined) return { kind: 'changed' };
        return this.#patch(STATIC_GROUPS, view, groupPatch(view.resourceVersion, view, action.group), 'spec', signal);
      }
      case 'LinkGroup': {
        const view = family.groups.get(action.name);
        if (view === undefined) return { kind: 'changed' };
        return this.#patch(STATIC_GROUPS, view, groupLinkPatch(view, action.linked, now), 'status', signal);
      }
      case 'CreateCustomer': {
        const wanted = newCustomer(namespace, account, action.name, action.companyID);
        const { written, object } = await this.#create(CUSTOMERS, wanted, signal);
        // A crash here leaves a Customer that says AwaitingSync; the next plan finds it and fills it.
        if (object === undefined) return written;
        return this.writeCustomer(viewCustomer(object), action.state, signal);
      }
      case 'UpdateCustomer': {
        const view = family.customers.get(action.name);
        return view === undefined ? { kind: 'changed' } : this.writeCustomer(view, action.state, signal);
      }
      case 'DeleteDuplicate': {
        const kept = action.of === 'StaticGroup' ? family.groups : family.customers;
        const view = kept.get(action.name);
        return view?.uid === action.uid ? this.delete(action.of, view, signal) : { kind: 'changed' };
      }
    }
  }

  /** Writes the whole status of a Customer. */
  async writeCustomer(view: CustomerView, state: CustomerState, signal: AbortSignal): Promise<Written> {
    return this.#patch(CUSTOMERS, view, customerPatch(view, state, this.#deps.now()), 'status', signal);
  }

  /** True while a deletion of our own of this object is under way: nobody lost it. */
  deletes(uid: string): boolean {
    return this.#deleting.has(uid);
  }

  /** Deletes the object if it is still exactly as this view shows it. */
  async delete(of: 'StaticGroup' | 'Customer', view: Projected, signal: AbortSignal): Promise<Written> {
    const { namespace, name, uid, resourceVersion } = view;
    const resource = of === 'StaticGroup' ? STATIC_GROUPS : CUSTOMERS;
    const cache = of === 'StaticGroup' ? this.#deps.groups : this.#deps.customers;
    this.#deleting.add(uid);
    try {
      const options = { uid, resourceVersion, signal };
      const { gone, object } = await this.#deps.client.delete(resource, { namespace, name }, options);
      if (!gone && object !== null) {
        this.#observe(resource, object); // somebody's finalizer holds it; it counts as going
        return { kind: 'written' };
      }
      cache.observeDeleted(`${namespace}/${name}`, uid);
    } catch (error) {
      if (isConflict(error)) return this.#reread(resource, namespace, name, signal);
      if (!isNotFound(error)) throw error;
      cache.observeDeleted(`${namespace}/${name}`, uid);
    } finally {
      this.#deleting.delete(uid);
    }
    return { kind: 'written' };
  }

  async #create(
    resource: Resource,
    wanted: KubeObject,
    signal: AbortSignal,
  ): Promise<{ written: Written; object?: KubeObject }> {
    const namespace = wanted.metadata.namespace ?? '';
    try {
      const object = await this.#deps.client.create(resource, namespace, wanted, { signal });
      this.#observe(resource, object);
      return { written: { kind: 'written' }, object };
    } catch (error) {
      // Ours from a try whose answer was lost, or somebody else's: reading it tells the next plan which.
      if (isAlreadyExists(error))
        return { written: await this.#reread(resource, namespace, wanted.metadata.name, signal) };
      if (isForbidden(error) && isTerminating(error.details)) return { written: { kind: 'terminating' } };
      throw error;
    }
  }

  async #patch(
    resource: Resource,
    { namespace, name }: { namespace: string; name: string },
    patch: object,
    what: 'spec' | 'status',
    signal: AbortSignal,
  ): Promise<Written> {
    try {
      const options = what === 'status' ? { subresource: 'status' as const, signal } : { signal };
      this.#observe(resource, await this.#deps.client.patch(resource, { namespace, name }, patch, options));
      return { kind: 'written' };
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return this.#reread(resource, namespace, name, signal);
      throw error;
    }
  }

  async #reread(resource: Resource, namespace: string, name: string, signal: AbortSignal): Promise<Written> {
    try {
      this.#observe(resource, await this.#deps.client.get(resource, { namespace, name }, { signal }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const cache = resource === STATIC_GROUPS ? this.#deps.groups : this.#deps.customers;
      const gone = cache.get(`${namespace}/${name}`);
      if (gone !== undefined) cache.observeDeleted(`${namespace}/${name}`, gone.uid);
    }
    return { kind: 'changed' };
  }

  #observe(resource: Resource, object: KubeObject): void {
    if (resource === STATIC_GROUPS) this.#deps.groups.observe(object);
    else this.#deps.customers.observe(object);
  }
}

function byName<T extends { readonly name: string; readonly deleting: boolean }>(views: readonly T[]): Map<string, T> {
  return new Map(views.filter((view) => !view.deleting).map((view) => [view.name, view]));
}

function isTerminating(details: unknown): boolean {
  const { causes } = (details ?? {}) as { causes?: { reason?: string }[] };
  return causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false;
}
