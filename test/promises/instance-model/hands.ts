// What people do in a walk, in the cluster and in the portal, and what goes wrong upstream on their way. They see the objects through
// the history, as somebody who looks at a screen.

import { setTimeout as sleep } from 'node:timers/promises';
import { ANNOTATION_CONFIRM_REMOVAL, ANNOTATION_REQUESTED_AT } from '../../../operator/api/v1alpha1/group.ts';
import { PROTECT_INSTANCES } from '../../../operator/controllers/protectinstance/instance.ts';
import { SECRETS } from '../../../operator/controllers/secret.ts';
import { CREATE_SETTLES_MS } from '../../../operator/ownership/removal.ts';
import { KubeError, isConflict, isNotFound } from '../../../operator/runtime/errors.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import type { LifecycleAccount, Service, SimulatedInstance } from '../../simulator/simulator.ts';
import { accountName, usernameOf, type Group } from './group.ts';
import type { Version } from './history.ts';
import type { Role, Step } from './steps.ts';

/** A create that was begun so long ago has arrived, whatever the proxy delays. */
const ARRIVED_MS = 2_500;

export class Hands {
  /** `uid id`: confirmed by a person. */
  readonly confirmed = new Set<string>();
  /** When two minutes passed for a create. */
  readonly aged: { uid: string; at: number }[] = [];
  /** Instances of which upstream did not tell the truth at some time. */
  readonly relabelled = new Set<string>();
  readonly #group: Group;
  readonly #slot: number;
  readonly #faults: number[] = [];
  #poked = 0;

  constructor(group: Group, slot: number) {
    this.#group = group;
    this.#slot = slot;
  }

  get upstream(): LifecycleAccount {
    return this.#group.world.simulator.account(usernameOf(this.#slot)).lifecycle;
  }

  get #account(): string {
    return accountName(this.#slot);
  }

  async take(step: Step): Promise<void> {
    const { world } = this.#group;
    switch (step.do) {
      case 'apply':
        await Promise.all(step.roles.map((role) => this.#apply(role, step.adopts, step.exists)));
        return;
      case 'delete':
        await Promise.all(step.roles.map((role) => this.delete(this.name(role))));
        return;
      case 'confirm':
        return this.#confirm(this.name(step.role), step.how);
      case 'policy':
        return this.patch(this.name(step.role), { spec: { deletionPolicy: step.policy } });
      case 'suspend':
        return this.patch(this.name(step.role), { spec: { suspend: step.on } });
      case 'secret':
        return this.secret(step.to);
      case 'poke':
        return this.poke(step.role);
      case 'portal':
        this.#portal(step.act, step.service);
        return;
      case 'licence': {
        const own = this.#living();
        if (own !== undefined && own.state !== 'Deleting') this.upstream.expire(own.id, step.to);
        return;
      }
      case 'relabel':
        this.relabel(step.to);
        return;
      case 'fault': {
        const { operation, effects, afterN, times } = step.fault;
        const which = { account: usernameOf(this.#slot), operation: `Lifecycle/${operation}`, afterN, times };
        for (const effect of effects) this.#faults.push(world.simulator.faults.add({ ...which, ...effect }));
        return;
      }
      case 'age':
        return this.age();
      case 'die':
        return this.#group.die(this.#slot, step.death);
      case 'stale':
        this.#group.stale(step.ms);
        return;
      case 'regret':
        return this.#regret(step);
    }
  }

  async #apply(role: Role, adopts: Service, exists: boolean): Promise<void> {
    const { world } = this.#group;
    const service = role === 'eba' ? 'EBA' : role === 'adopt' ? adopts : 'EMA2';
    const instanceID = role === 'adopt' ? { instanceID: (exists && this.#living()?.id) || 'no-such-instance' } : {};
    const object = world.instance(this.name(role), service, {
      accountRef: { name: this.#account },
      lifecycle: { type: 'API', endpoint: world.simulator.lifecycleURL, secretRef: { name: `${this.#account}-token` } },
      ...instanceID,
    });
    await tolerant(409, world.admin.create(PROTECT_INSTANCES, world.namespace, object));
  }

  async #confirm(name: string, how: 'right' | 'wrong' | 'off'): Promise<void> {
    const current = this.current().find(({ object }) => object.metadata.name === name);
    const id = current?.view.status.instanceID ?? this.#living()?.id;
    const value = how === 'off' ? null : how === 'wrong' ? 'some-other-instance' : (id ?? null);
    if (current === undefined || (value === null && how !== 'off')) return;
    if (value !== null) this.confirmed.add(`${current.view.uid} ${value}`);
    await this.patch(name, {
      metadata: { uid: current.view.uid, annotations: { [ANNOTATION_CONFIRM_REMOVAL]: value } },
    });
  }

  async #regret({ how, ms }: Step & { do: 'regret' }): Promise<void> {
    const own = this.current().find(
      ({ view: { spec, status } }) => status.instanceID !== undefined && status.creatingService === spec.service,
    );
    if (own === undefined) return;
    const { name } = own.view;
    const which = { account: usernameOf(this.#slot), operation: 'Lifecycle/List' };
    const fault = this.#group.world.simulator.faults.add({ ...which, kind: 'status', status: 503 });
    this.#faults.push(fault);
    await this.#confirm(name, 'right');
    await this.delete(name);
    await sleep(300);
    this.#group.stale(ms);
    if (how === 'off') await this.#confirm(name, 'off');
    else await this.patch(name, { spec: { deletionPolicy: 'Orphan' } });
    await sleep(ms / 3);
    this.#group.world.simulator.faults.remove(fault);
    // The operator hears of the Secret, and looks again.
    const key = { namespace: this.#group.world.namespace, name: `${this.#account}-token` };
    const touched = { metadata: { labels: { touched: `${++this.#poked}` } } };
    await tolerant(404, this.#group.world.admin.patch(SECRETS, key, touched));
  }

  #portal(act: 'create' | 'remove' | 'grant', service: Service): void {
    const own = this.#living();
    if (act === 'create' && own === undefined) this.upstream.portalCreate(service);
    if (own === undefined) return;
    if (act === 'grant') this.upstream.portalGrant(own.id, service);
    const told = own.creatingService;
    if (act === 'remove' && told !== null && own.state !== 'Deleting') this.upstream.portalRemove(own.id, told);
  }

  relabel(to: Service | null | 'truth'): void {
    for (const { id, creatingService } of this.upstream.instances()) {
      const made = this.upstream.ledger.find(({ action, instanceID }) => action === 'created' && instanceID === id);
      const told = to === 'truth' ? (made?.service ?? null) : to;
      if (told === creatingService) continue;
      this.relabelled.add(id);
      this.upstream.setCreatingService(id, told);
    }
  }

  async secret(to: 'gone' | 'own' | 'other'): Promise<void> {
    const { world, otherToken } = this.#group;
    const key = { namespace: world.namespace, name: `${this.#account}-token` };
    if (to === 'gone') return tolerant(404, world.admin.delete(SECRETS, key));
    const secret = this.#group.tokenSecret(this.#slot, to === 'own' ? this.upstream.token : otherToken);
    await tolerant(404, world.admin.delete(SECRETS, key));
    return tolerant(409, world.admin.create(SECRETS, world.namespace, secret));
  }

  /** Two minutes pass for creates whose outcome is open, once nothing is under way that could still come of them. */
  async age(): Promise<void> {
    const { world, wire } = this.#group;
    for (const { view } of this.current()) {
      if (view.status.createStartedAt === undefined || view.status.instanceID !== undefined) continue;
      try {
        const key = { namespace: world.namespace, name: view.name };
        const { metadata, status } = (await world.admin.get(PROTECT_INSTANCES, key)) as KubeObject & {
          status: { createStartedAt?: string; instanceID?: string };
        };
        const begun = Date.parse(status.createStartedAt ?? '');
        const old = Date.now() - begun >= ARRIVED_MS && Date.now() - begun < CREATE_SETTLES_MS;
        if (!old || status.instanceID !== undefined || wire.underWay(usernameOf(this.#slot)) > 0) continue;
        const createStartedAt = new Date(begun - CREATE_SETTLES_MS).toISOString().replace(/\.\d+Z$/, 'Z');
        const patch = { metadata: { resourceVersion: metadata.resourceVersion }, status: { createStartedAt } };
        await world.admin.patch(PROTECT_INSTANCES, key, patch, { subresource: 'status' });
        this.aged.push({ uid: metadata.uid ?? '', at: Date.now() });
        await this.patch(view.name, asked(`aged-${++this.#poked}`));
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    }
  }

  async poke(role: Role): Promise<void> {
    return this.patch(this.name(role), asked(`${++this.#poked}`));
  }

  name(role: Role): string {
    return `${this.#account}-${role}`;
  }

  current(): Version[] {
    return this.#group.history.currentOf(this.#account);
  }

  #living(): SimulatedInstance | undefined {
    return this.upstream.instances().find(({ state }) => state !== 'Deleted');
  }

  delete(name: string): Promise<void> {
    const { world } = this.#group;
    return tolerant(404, world.admin.delete(PROTECT_INSTANCES, { namespace: world.namespace, name }));
  }

  patch(name: string, patch: object): Promise<void> {
    const { world } = this.#group;
    const changed = world.admin.patch(PROTECT_INSTANCES, { namespace: world.namespace, name }, patch);
    return tolerant([404, 409], changed);
  }

  /** Ends the faults of this walk. */
  calm(): void {
    for (const id of this.#faults) this.#group.world.simulator.faults.remove(id);
  }
}

function asked(value: string): object {
  return { metadata: { annotations: { [ANNOTATION_REQUESTED_AT]: value } } };
}

/** As a person who tries something that may not be possible just then. */
async function tolerant(statuses: number | readonly number[], work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof KubeError) || ![statuses].flat().includes(error.status)) throw error;
  }
}
