// Where the table of deletions is tried: a mixed account with the operator, and an object of each service on its one instance.
// In a namespace of the shared control plane, or, for what hurts everyone there, on a control plane of its own.

import { startControlPlane, type Cluster } from '../controlplane/client.ts';
import type { RunResult } from '../controlplane/run.ts';
import { Supervisor } from '../controlplane/supervised.ts';
import { startOperator } from '../harness/operator.ts';
import { Manifests, PASSWORD, USERNAME } from '../harness/manifests.ts';
import { shipped } from '../harness/shipped.ts';
import { World, conditionOf, type Thing } from '../harness/world.ts';
import { startSimulator, type Account, type AccountOptions, type Simulator } from '../simulator/simulator.ts';
import { installPolicies, type Policies } from './policies.ts';

const ACCOUNT: AccountOptions = {
  username: USERNAME,
  password: PASSWORD,
  shape: 'msp',
  companies: 2,
  services: ['EMA2', 'EBA'],
};
/** What is waited for comes in tenths of a second. */
const QUICK = ['--lifecycle-poll-seconds=10'];

export const OWN = 'from-ema';
export const OTHER = 'from-eba';
export const FINALIZER = 'mspoperator.dev/creating-service';

interface Place {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly simulator: Simulator;
}

export class Bed extends Manifests implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly simulator: Simulator;
  readonly #world: World | null;
  readonly #end: () => Promise<void>;

  private constructor({ cluster, namespace, simulator }: Place, world: World | null, end: () => Promise<void>) {
    super();
    this.cluster = cluster;
    this.namespace = namespace;
    this.simulator = simulator;
    this.#world = world;
    this.#end = end;
  }

  /** In a namespace of the shared control plane. */
  static async shared(policies: boolean): Promise<Bed> {
    const world = await World.create({ accounts: [ACCOUNT], operator: { args: QUICK } });
    let installed: Policies | null = null;
    const end = async (): Promise<void> => {
      try {
        await world.end();
      } finally {
        await installed?.remove();
      }
    };
    try {
      if (policies) installed = await installPolicies(world.cluster, world.namespace);
      const bed = new Bed(world, world, end);
      await bed.#prepare();
      return bed;
    } catch (error) {
      await end();
      throw error;
    }
  }

  /** On a control plane of its own. */
  static async alone(policies: boolean): Promise<Bed> {
    const plane = await startControlPlane({ alwaysStart: true, manifests: shipped('definitions', 'rights') });
    const supervisor = await Supervisor.start(`${plane.dir}/bed-`);
    const simulator = await startSimulator({ accounts: [ACCOUNT] });
    const end = async (): Promise<void> => {
      await Promise.all([supervisor.stop(), simulator.stop()]);
      await plane.stop();
    };
    try {
      const namespace = await plane.createNamespace('alone');
      const { host } = new URL(simulator.url);
      await startOperator(supervisor, plane, { namespaces: [namespace], upstreamHosts: [host], args: QUICK });
      if (policies) await installPolicies(plane, namespace);
      const bed = new Bed({ cluster: plane, namespace, simulator }, null, end);
      await bed.#prepare();
      return bed;
    } catch (error) {
      await end();
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    const account = this.account('acme', { services: ['EMA2', 'EBA'] });
    await this.apply(this.secret(), this.lifecycleSecret(), this.credentialsBinding(), account);
  }

  /** Not on a control plane of its own. */
  async stopOperator(): Promise<void> {
    await this.#world?.stopOperator();
  }

  async startOperator(): Promise<void> {
    await this.#world?.startOperator();
  }

  get upstream(): Account {
    const [account] = this.simulator.accounts();
    if (account === undefined) throw new Error('the simulator has no account');
    return account;
  }

  get lifecycle(): Account['lifecycle'] {
    return this.upstream.lifecycle;
  }

  /** Of the instances that still live. */
  live(): string[] {
    return this.lifecycle
      .instances()
      .filter(({ state }) => state !== 'Deleted')
      .map(({ id }) => id);
  }

  manifest(name: string, spec: object = {}): object {
    return this.instance(name, name === OWN ? 'EMA2' : 'EBA', spec);
  }

  /** Both objects, working. Their instance's id. */
  async both(): Promise<string> {
    await this.apply(this.manifest(OWN));
    const { status } = await this.untilReady(OWN, 'Active');
    await this.apply(this.manifest(OTHER));
    await this.untilReady(OTHER, 'Active');
    return status.instanceID as string;
  }

  async apply(...items: readonly object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await this.cluster.apply(list, { namespace: this.namespace });
  }

  kubectl(args: readonly string[], input?: string): Promise<RunResult> {
    return this.cluster.kubectl(args, { namespace: this.namespace, input });
  }

  kubectlOk(args: readonly string[]): Promise<string> {
    return this.cluster.kubectlOk(args, { namespace: this.namespace });
  }

  /** null: it is gone. */
  async find(name: string): Promise<Thing | null> {
    const text = await this.kubectlOk(['get', 'pi', name, '--ignore-not-found', '-o', 'json']);
    return text.trim() === '' ? null : (JSON.parse(text) as Thing);
  }

  async until(name: string, what: string, wanted: (thing: Thing | null) => boolean): Promise<Thing | null> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const thing = await this.find(name);
      if (wanted(thing)) return thing;
      if (Date.now() > deadline) throw new Error(`${name} is not ${what}:\n${JSON.stringify(thing, null, 1)}`);
    }
  }

  async untilReady(name: string, reason: string): Promise<Thing> {
    const thing = await this.until(name, reason, (it) => it !== null && conditionOf(it, 'Ready')?.reason === reason);
    if (thing === null) throw new Error(`${name} is gone`);
    return thing;
  }

  /** The message of Removal once it has this reason. */
  async untilHeld(name: string, reason?: string): Promise<string> {
    const held = (it: Thing | null): boolean => {
      const found = it === null ? undefined : conditionOf(it, 'Removal')?.reason;
      return found !== undefined && (reason === undefined || found === reason);
    };
    const thing = await this.until(name, `held (${reason ?? 'for any reason'})`, held);
    return (thing === null ? undefined : conditionOf(thing, 'Removal')?.message) ?? '';
  }

  async untilGone(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.until(name, 'gone', (thing) => thing === null);
  }

  /** Whatever is left: the objects by Orphan, the instance as a person does it in the portal. */
  async clear(): Promise<void> {
    const left = (await this.kubectlOk(['get', 'pi', '-o', 'name'])).split('\n').filter((name) => name !== '');
    await Promise.all(
      left.map(async (name) => {
        await this.kubectl(['patch', name, '--type=merge', '-p', '{"spec":{"deletionPolicy":"Orphan"}}']);
        await this.kubectl(['delete', name, '--ignore-not-found', '--timeout=20s']);
      }),
    );
    for (const id of this.live()) {
      this.lifecycle.setCreatingService(id, 'EMA2');
      this.lifecycle.portalRemove(id, 'EMA2');
      this.lifecycle.finish(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}
