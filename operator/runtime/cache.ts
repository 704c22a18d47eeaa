// Projections of all objects of one kind, kept current by list-watch and, ahead of it, by the answers to our own writes, so
// that a reconcile reads its own writes. The one rule: a state is replaced by a newer one only, whatever way it comes.

import { Indexes } from './cache-index.ts';
import type { KubeClient } from './client.ts';
import type { Deps } from './deps.ts';
import { isNewer, keyOf, type KubeObject, type Resource } from './object.ts';
import { Reflector, type Delivery, type ReflectorTuning } from './reflector.ts';
import { Tombstones } from './tombstones.ts';

/** What a projection must at least carry. */
export interface Projected {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface Change<P> {
  readonly key: string;
  readonly before: P | undefined;
  readonly after: P | undefined;
}

export interface CacheOptions<P extends Projected> extends Deps {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly resource: Resource;
  /** `null`: the whole cluster. Otherwise one list-watch for each. */
  readonly namespaces: readonly string[] | null;
  /** Must copy out what it needs: the object itself is not kept. May throw on an object that makes no sense. */
  readonly project: (object: KubeObject) => P;
  readonly indexes: Readonly<Record<string, (item: P) => readonly string[]>>;
  readonly tuning?: Partial<ReflectorTuning>;
}

/** One list-watch and how far it has come. */
interface Scope {
  readonly namespace: string | null;
  /** Everything up to this version was delivered; `null` before the first list. */
  seen: string | null;
}

export class Cache<P extends Projected> {
  readonly name: string;
  readonly synced: Promise<void>;
  readonly #options: CacheOptions<P>;
  readonly #scopes: readonly Scope[];
  readonly #items = new Map<string, P>();
  readonly #indexes: Indexes<P>;
  readonly #tombstones: Tombstones;
  readonly #listeners = new Set<(change: Change<P>) => void>();
  readonly #settleSynced: PromiseWithResolvers<void>;
  #started = false;

  constructor(options: CacheOptions<P>) {
    if (options.namespaces?.length === 0) throw new Error('an empty list of namespaces: null means all');
    this.#options = options;
    this.name = options.resource.plural;
    this.#indexes = new Indexes(options.indexes);
    this.#tombstones = new Tombstones(options.clock);
    this.#scopes = (options.namespaces === null ? [null] : [...new Set(options.namespaces)]).map((namespace) => ({
      namespace,
      seen: null,
    }));
    this.#settleSynced = Promise.withResolvers<void>();
    this.synced = this.#settleSynced.promise;
    this.synced.catch(() => {});
  }

  get hasSynced(): boolean {
    return this.#scopes.every((scope) => scope.seen !== null);
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): P | undefined {
    return this.#items.get(key);
  }

  byIndex(name: string, value: string): P[] {
    const found: P[] = [];
    for (const key of this.#indexes.keys(name, value) ?? []) {
      const item = this.#items.get(key);
      if (item !== undefined) found.push(item);
    }
    return found;
  }

  list(): P[] {
    return [...this.#items.values()];
  }

  /** Called after every change, when the cache already shows it. Returns the removal. */
  onChange(listener: (change: Change<P>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Runs until the signal fires; rejects only by a bug. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#started) throw new Error(`cache ${this.name} was started already`);
    this.#started = true;
    const { metrics, resource } = this.#options;
    const gauge = metrics.gauge(`${metrics.prefix}cache_objects`, 'Objects in the cache by kind.', ['kind']);
    const stopCounting = metrics.onScrape(() => gauge.set({ kind: resource.kind }, this.size));
    // One that fails takes the others along: half a cache is none.
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    try {
      await Promise.all(
        this.#scopes.map((scope) =>
          this.#reflector(scope)
            .run(either)
            .catch((error: unknown) => {
              failed.abort(error);
              throw error;
            }),
        ),
      );
    } finally {
      stopCounting();
      if (!this.hasSynced) this.#settleSynced.reject(new Error(`cache ${this.name} ended before it was filled`));
    }
  }

  /** Takes in the answer to a write of our own (create, patch, or a delete that finalizers hold up). */
  observe(object: KubeObject): void {
    const item = this.#options.project(object);
    const key = keyOf(object);
    const scope = this.#scopeOf(item.namespace);
    if (scope === undefined || this.#tombstones.buries(key, item.uid, item.resourceVersion)) return;
    const current = this.#items.get(key);
    // Not there, but older than what the watch has delivered: then its deletion was delivered too.
    const known = current?.resourceVersion ?? scope.seen;
    if (known !== null && !isNewer(item.resourceVersion, known)) return;
    this.#set(key, current, item);
  }

  /** The object is gone by a delete of our own; `resourceVersion`: that of the deletion, if the server told it. */
  observeDeleted(key: string, uid: string, resourceVersion?: string): void {
    const current = this.#items.get(key);
    this.#tombstones.add(key, uid, resourceVersion ?? (current?.uid === uid ? current.resourceVersion : null));
    // Another uid: what we hold is a namesake, made before or after; the watch will tell.
    if (current?.uid === uid) this.#set(key, current, undefined);
  }

  /** What the list-watch of `namespace` brings. Public for tests of the rules. */
  receive(namespace: string | null, delivery: Delivery<P>): void {
    const scope = this.#scopes.find((each) => each.namespace === namespace);
    if (scope === undefined) throw new Error(`cache ${this.name} does not follow namespace ${namespace}`);
    if (delivery.type === 'replaced') {
      this.#replace(scope, delivery);
      return;
    }
    if (delivery.type === 'bookmark') {
      scope.seen = delivery.resourceVersion;
      return;
    }
    const { item } = delivery;
    const key = `${item.namespace}/${item.name}`;
    const current = this.#items.get(key);
    scope.seen = item.resourceVersion;
    const buried = this.#tombstones.buries(key, item.uid, item.resourceVersion);
    if (delivery.type === 'deleted') {
      this.#tombstones.clear(key, item.uid);
      // Ours is newer: a namesake made after this deletion, that we know from our own write.
      if (current === undefined || isNewer(current.resourceVersion, item.resourceVersion)) return;
      this.#set(key, current, undefined);
    } else if (!buried && !isOld(item, current)) {
      this.#set(key, current, item);
    }
  }

  #replace(scope: Scope, list: Extract<Delivery<P>, { type: 'replaced' }>): void {
    // A list is never older than what was delivered before, unless the server's history was reset (etcd restored). Then
    // all that we hold is from a future that never was, and "newer" means nothing.
    const reset = scope.seen !== null && isNewer(scope.seen, list.resourceVersion);
    if (reset) {
      this.#options.log.warn({ kind: this.#options.resource.kind }, 'versions went back: taking the list as it is');
      this.#tombstones.clearAll();
    }
    const listed = new Set<string>();
    const changes: Change<P>[] = [];
    for (const item of list.items) {
      const key = `${item.namespace}/${item.name}`;
      const before = this.#items.get(key);
      // The list may have been read before our own delete or write.
      if (this.#tombstones.buries(key, item.uid, item.resourceVersion)) continue;
      listed.add(key);
      if (reset ? !isSame(item, before) : !isOld(item, before)) {
        changes.push({ key, before, after: item });
      }
    }
    for (const [key, before] of this.#items) {
      if (listed.has(key) || list.unreadable.has(key) || this.#scopeOf(before.namespace) !== scope) continue;
      // Newer than the list: we made it while the list was under way.
      if (!reset && isNewer(before.resourceVersion, list.resourceVersion)) continue;
      changes.push({ key, before, after: undefined });
    }
    scope.seen = list.resourceVersion;
    // First all of it, then the news, so that no listener sees half a list.
    for (const change of changes) this.#store(change);
    for (const change of changes) this.#tell(change);
    if (this.hasSynced) this.#settleSynced.resolve();
  }

  #set(key: string, before: P | undefined, after: P | undefined): void {
    const change = { key, before, after };
    this.#store(change);
    this.#tell(change);
  }

  #store({ key, before, after }: Change<P>): void {
    if (after === undefined) this.#items.delete(key);
    else this.#items.set(key, after);
    this.#indexes.update(key, before, after);
  }

  #tell(change: Change<P>): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#options.log.error({ err: error, key: change.key }, 'a listener of the cache threw');
      }
    }
  }

  #scopeOf(namespace: string): Scope | undefined {
    return this.#scopes.find((scope) => scope.namespace === null || scope.namespace === namespace);
  }

  #reflector(scope: Scope): Reflector<P> {
    const { client, resource, project, tuning, log, metrics, clock, random } = this.#options;
    return new Reflector<P>({
      client,
      resource,
      project,
      log,
      metrics,
      clock,
      random,
      ...(tuning === undefined ? {} : { tuning }),
      namespace: scope.namespace,
      deliver: (delivery) => this.receive(scope.namespace, delivery),
    });
  }
}

/** Not newer than what we hold. Where versions cannot be compared, the watch is right. */
function isOld(item: Projected, current: Projected | undefined): boolean {
  if (current === undefined) return false;
  return current.resourceVersion === item.resourceVersion || isNewer(current.resourceVersion, item.resourceVersion);
}

function isSame(item: Projected, current: Projected | undefined): boolean {
  return current?.uid === item.uid && current.resourceVersion === item.resourceVersion;
}
