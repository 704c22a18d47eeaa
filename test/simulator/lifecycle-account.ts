// The instances of one account company as the lifecycle service keeps them: what may be asked, what becomes of it in time, and
// what a person can do in the portal. The rules are those of docs/lifecycle-api.yaml; `enforce: false` drops the refusals.
import type { LifecycleSettings, Pace, RefusalCode, Region, SimulatedInstance } from './lifecycle-instance.ts';
import { Ledger, violations } from './lifecycle-ledger.ts';
import type { Actor, LedgerEntry, Service } from './lifecycle-ledger.ts';
import { Random } from './random.ts';

export interface LifecycleParts extends LifecycleSettings {
  username: string;
  companyID: () => string;
  now: () => number;
}

/** Who asks, and when the request came in. */
export interface Asker {
  by: Actor;
  askedAt: number;
}

export type Outcome =
  | { kind: 'done'; instance: SimulatedInstance; fresh: boolean }
  | { kind: 'refused'; code: RefusalCode; creatingService?: Service | null; instanceID?: string };

const day = 86_400_000;

export class LifecycleAccount {
  token: string;
  services: readonly Service[];
  enforce: boolean;
  activates: Pace;
  deletes: Pace;
  /** Requests that a `late` or `repeat` fault still holds back. */
  heldBack = 0;
  readonly #parts: LifecycleParts;
  readonly #ledger = new Ledger();
  readonly #instances = new Map<string, SimulatedInstance>();
  readonly #steps = new Map<string, { to: 'Active' | 'Deleted'; readsLeft: number; at: number; by: Actor }>();
  readonly #random: Random;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
    this.token = parts.token ?? `lifecycle-${encodeURIComponent(parts.username)}`;
    this.services = parts.services ?? ['EMA2'];
    this.enforce = parts.enforce ?? true;
    this.activates = parts.activates ?? { reads: 1 };
    this.deletes = parts.deletes ?? { reads: 2 };
    this.#random = new Random(`instances ${parts.username}`);
  }

  get companyID(): string {
    return this.#parts.companyID();
  }

  get ledger(): readonly LedgerEntry[] {
    return this.#ledger.entries;
  }

  violations(): string[] {
    return violations(this.#ledger.entries, this.services);
  }

  /** Copies, oldest first, deleted ones too. No read in the sense of `Pace`. */
  instances(): SimulatedInstance[] {
    this.#settle(0);
    return [...this.#instances.values()].map((each) => ({ ...each, accessibleFrom: [...each.accessibleFrom] }));
  }

  /** As `instances`, for the answer to a GET: what waits for reads comes one read closer. */
  read(): SimulatedInstance[] {
    this.#settle(1);
    return this.instances();
  }

  create(asked: { service: Service; displayName: string; region: Region; key: string | null }, asker: Asker): Outcome {
    const { service, displayName, region, key } = asked;
    this.#settle(0);
    const made = key === null ? undefined : this.#instances.values().find((each) => each.requestKey === key);
    if (made) return this.#note(asker, 'repeated', 'create', made, service, { requestKey: key });
    if (this.enforce) {
      if (!this.services.includes(service))
        return this.#refuse(asker, 'create', 'ServiceNotOfAccount', service, undefined, key);
      const living = this.#instances.values().find((each) => each.state !== 'Deleted');
      if (living) return this.#refuse(asker, 'create', 'InstanceExists', service, living, key);
    }
    const instance: SimulatedInstance = {
      id: this.#random.guid(),
      displayName,
      region,
      state: 'Activating',
      creatingService: service,
      accessibleFrom: [service],
      consoleURL: null,
      suspendAt: null,
      deleteAt: null,
      createdAt: new Date(this.#parts.now()).toISOString(),
      requestKey: key,
    };
    this.#instances.set(instance.id, instance);
    this.#begin(instance, 'Active', this.activates, asker.by);
    return this.#note(asker, 'created', 'create', instance, service, { requestKey: key });
  }

  grant(id: string, service: Service, asker: Asker): Outcome {
    this.#settle(0);
    const instance = this.#instances.get(id);
    if (!instance || instance.state === 'Deleted')
      return this.#refuse(asker, 'grant', 'InstanceNotFound', service, undefined, null, id);
    if (this.enforce && !this.services.includes(service)) {
      return this.#refuse(asker, 'grant', 'ServiceNotOfAccount', service, instance);
    }
    if (instance.accessibleFrom.includes(service)) return this.#note(asker, 'repeated', 'grant', instance, service);
    instance.accessibleFrom.push(service);
    return this.#note(asker, 'granted', 'grant', instance, service);
  }

  remove(id: string, as: Service, asker: Asker): Outcome {
    this.#settle(0);
    const instance = this.#instances.get(id);
    if (!instance) return this.#refuse(asker, 'remove', 'InstanceNotFound', as, undefined, null, id);
    if (this.enforce && instance.creatingService !== as) {
      return this.#refuse(asker, 'remove', 'NotCreatingService', as, instance);
    }
    if (instance.state === 'Deleting' || instance.state === 'Deleted') {
      return this.#note(asker, 'repeated', 'remove', instance, as);
    }
    instance.state = 'Deleting';
    instance.suspendAt = null;
    instance.deleteAt = null;
    this.#begin(instance, 'Deleted', this.deletes, asker.by);
    return this.#note(asker, 'removed', 'remove', instance, as);
  }

  /** As a person who sets up PROTECT in that portal. Throws RangeError where the portal would refuse. */
  portalCreate(
    service: Service,
    { displayName = 'Made in the portal', region = 'eu' }: { displayName?: string; region?: Region } = {},
  ): SimulatedInstance {
    return this.#portal(this.create({ service, displayName, region, key: null }, this.#person()));
  }

  /** As a person who deletes it in that portal. */
  portalRemove(id: string, as: Service): SimulatedInstance {
    return this.#portal(this.remove(id, as, this.#person()));
  }

  portalGrant(id: string, service: Service): SimulatedInstance {
    return this.#portal(this.grant(id, service, this.#person()));
  }

  /** The licence runs out: 14 days of grace, then suspended, 30 days later deleted (protect §5.4). `Active`: a new licence. */
  expire(id: string, to: 'GracePeriod' | 'Suspended' | 'Deleted' | 'Active', at?: string): SimulatedInstance {
    const instance = this.#require(id);
    if (instance.state === 'Deleting' || instance.state === 'Deleted')
      throw new RangeError(`instance ${id} is ${instance.state}`);
    this.#steps.delete(id);
    const inDays = (days: number): string => at ?? new Date(this.#parts.now() + days * day).toISOString();
    instance.state = to;
    instance.suspendAt = to === 'GracePeriod' ? inDays(14) : null;
    instance.deleteAt = to === 'Suspended' ? inDays(30) : null;
    this.#note(this.#person(), to === 'Deleted' ? 'gone' : 'changed', null, instance, null);
    return instance;
  }

  /** Ends what is under way, Activating or Deleting, at once. */
  finish(id: string): SimulatedInstance {
    const instance = this.#require(id);
    if (this.#steps.has(id)) this.#complete(instance);
    return instance;
  }

  /** Corrupts what upstream says; who created it is not changed by that. */
  setCreatingService(id: string, service: Service | null): SimulatedInstance {
    const instance = this.#require(id);
    instance.creatingService = service;
    this.#note(this.#person(), 'relabelled', null, instance, service);
    return instance;
  }

  #require(id: string): SimulatedInstance {
    this.#settle(0);
    const instance = this.#instances.get(id);
    if (!instance) throw new RangeError(`no instance ${id}`);
    return instance;
  }

  #person(): Asker {
    return { by: 'portal', askedAt: this.#parts.now() };
  }

  #portal(outcome: Outcome): SimulatedInstance {
    if (outcome.kind === 'done') return outcome.instance;
    throw new RangeError(`the portal refuses: ${outcome.code}`);
  }

  #begin(instance: SimulatedInstance, to: 'Active' | 'Deleted', pace: Pace, by: Actor): void {
    const readsLeft = pace !== 'never' && 'reads' in pace ? pace.reads : Infinity;
    const at = pace !== 'never' && 'ms' in pace ? this.#parts.now() + pace.ms : Infinity;
    this.#steps.set(instance.id, { to, readsLeft, at, by });
  }

  #settle(reads: 0 | 1): void {
    for (const [id, step] of this.#steps) {
      step.readsLeft -= reads;
      const instance = this.#instances.get(id);
      if (instance && (step.readsLeft <= 0 || step.at <= this.#parts.now())) this.#complete(instance);
    }
  }

  #complete(instance: SimulatedInstance): void {
    const step = this.#steps.get(instance.id);
    if (!step) return;
    this.#steps.delete(instance.id);
    instance.state = step.to;
    if (step.to === 'Active') instance.consoleURL = `https://${instance.region}.protect.example/console/${instance.id}`;
    const asker = { by: step.by, askedAt: this.#parts.now() };
    this.#note(asker, step.to === 'Deleted' ? 'gone' : 'changed', null, instance, null);
  }

  #note(
    { by, askedAt }: Asker,
    action: LedgerEntry['action'],
    request: LedgerEntry['request'],
    instance: SimulatedInstance,
    service: Service | null,
    { requestKey = null }: { requestKey?: string | null } = {},
  ): Outcome & { kind: 'done' } {
    const { id: instanceID, creatingService: toldCreator, state } = instance;
    const entry = { time: this.#parts.now(), askedAt, by, action, request, companyID: this.companyID, code: null };
    this.#ledger.add({ ...entry, instanceID, service, toldCreator, requestKey, state });
    return { kind: 'done', instance, fresh: action !== 'repeated' };
  }

  #refuse(
    { by, askedAt }: Asker,
    request: 'create' | 'grant' | 'remove',
    code: RefusalCode,
    service: Service,
    instance: SimulatedInstance | undefined,
    requestKey: string | null = null,
    instanceID: string | null = instance?.id ?? null,
  ): Outcome {
    const toldCreator = instance?.creatingService ?? null;
    const entry = {
      time: this.#parts.now(),
      askedAt,
      by,
      action: 'refused',
      request,
      companyID: this.companyID,
    } as const;
    this.#ledger.add({ ...entry, instanceID, service, toldCreator, requestKey, state: instance?.state ?? null, code });
    if (code === 'InstanceExists' && instance)
      return { kind: 'refused', code, instanceID: instance.id, creatingService: toldCreator };
    return code === 'NotCreatingService'
      ? { kind: 'refused', code, creatingService: toldCreator }
      : { kind: 'refused', code };
  }
}
