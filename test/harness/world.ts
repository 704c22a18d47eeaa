// All that a test of the whole needs: a namespace of its own on the real API server, an upstream, and the operator watching that
// namespace. What a test did is undone at the end, also when it failed; every object is checked on the way out.

import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { PROTECT_INSTANCES } from '../../operator/controllers/protectinstance/instance.ts';
import { clientFor, type TestClient } from '../../operator/runtime/cluster-testing.ts';
import type { KubeClient } from '../../operator/runtime/client.ts';
import { loadConnection } from '../../operator/runtime/connection.ts';
import { connect, isWrite, readAuditLog, type AuditEvent, type Cluster } from '../controlplane/client.ts';
import { Supervisor } from '../controlplane/supervised.ts';
import { startSimulator, type Account, type AccountOptions, type Simulator } from '../simulator/simulator.ts';
import { startProxy, type ApiProxy, type ProxyOptions } from '../proxy/proxy.ts';
import { checkObjects, checkSecrets } from './checker.ts';
import { Manifests, PASSWORD, USERNAME } from './manifests.ts';
import { OPERATOR_USER, operatorKubeconfig, startOperator, type Milestone, type RunningOperator } from './operator.ts';

export { PASSWORD, USERNAME } from './manifests.ts';

/** As kubectl prints it with -o json. */
export interface Thing {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
  };
  // The tests read deep into these; the API server has validated them.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly spec: any;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly status: any;
}

export interface WorldOptions {
  /** Default: the one that all tests share. Who gives another stops it. */
  readonly cluster?: Cluster;
  /** Accounts of the simulator; the first is the one that `applyAccount` uses by default. */
  readonly accounts?: readonly AccountOptions[];
  readonly operator?: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } | false;
  /** The operator goes through a proxy of its own: `world.proxy`. */
  readonly proxy?: ProxyOptions;
}

export class World extends Manifests implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly simulator: Simulator;
  readonly #supervisor: Supervisor;
  readonly #options: WorldOptions;
  readonly #proxy: ApiProxy | null;
  #kubeconfig: string | null = null;
  #admin: TestClient | null = null;
  #operator: RunningOperator | null = null;
  readonly #replicas: RunningOperator[] = [];
  readonly #logs: string[] = [];
  #requested = 0;

  private constructor(
    cluster: Cluster,
    namespace: string,
    simulator: Simulator,
    supervisor: Supervisor,
    proxy: ApiProxy | null,
    options: WorldOptions,
  ) {
    super();
    this.cluster = cluster;
    this.namespace = namespace;
    this.simulator = simulator;
    this.#supervisor = supervisor;
    this.#proxy = proxy;
    this.#options = options;
  }

  static async create(options: WorldOptions = {}): Promise<World> {
    const cluster = options.cluster ?? connect(inject('controlPlane'));
    const [namespace, simulator, supervisor, proxy] = await Promise.all([
      cluster.createNamespace('test'),
      startSimulator({ accounts: options.accounts ?? [{ username: USERNAME, password: PASSWORD, shape: 'demo' }] }),
      Supervisor.start(`${cluster.dir}/world-`),
      options.proxy === undefined ? null : startProxy(cluster, options.proxy),
    ]);
    const world = new World(cluster, namespace, simulator, supervisor, proxy, options);
    try {
      if (options.operator !== false) await world.startOperator();
    } catch (error) {
      await world.end();
      throw error;
    }
    return world;
  }

  get operator(): RunningOperator {
    if (this.#operator === null) throw new Error('the operator does not run');
    return this.#operator;
  }

  /** The admin without kubectl, for what a test does hundreds of times. */
  get admin(): KubeClient {
    this.#admin ??= clientFor(loadConnection({ kubeconfig: this.cluster.kubeconfig }), { connections: 4 });
    return this.#admin.client;
  }

  get proxy(): ApiProxy {
    if (this.#proxy === null) throw new Error('this world has no proxy');
    return this.#proxy;
  }

  /** The first login of the simulator. */
  get upstream(): Account {
    const account = this.simulator.accounts()[0];
    if (account === undefined) throw new Error('the simulator has no account');
    return account;
  }

  get upstreamHost(): string {
    return new URL(this.simulator.url).host;
  }

  get upstreamPort(): string {
    return new URL(this.simulator.url).port;
  }

  async startOperator(args: readonly string[] = []): Promise<void> {
    const options = this.#options.operator === false ? {} : (this.#options.operator ?? {});
    this.#kubeconfig ??= await operatorKubeconfig(this.cluster, this.#proxy);
    this.#operator = await startOperator(this.#supervisor, this.cluster, {
      kubeconfig: this.#kubeconfig,
      namespaces: [this.namespace],
      upstreamHosts: [this.upstreamHost],
      args: [...(options.args ?? []), ...args],
      ...(options.env === undefined ? {} : { env: options.env }),
    });
  }

  /** One more operator beside the first; `via` its own way to the API server. It goes with the world. */
  async startReplica(
    args: readonly string[],
    via: 'direct' | 'proxy' = 'direct',
    until: Milestone = 'ready',
  ): Promise<RunningOperator> {
    const replica = await startOperator(this.#supervisor, this.cluster, {
      kubeconfig: await operatorKubeconfig(this.cluster, via === 'proxy' ? this.proxy : null),
      namespaces: [this.namespace],
      upstreamHosts: [this.upstreamHost],
      args,
      until,
    });
    this.#replicas.push(replica);
    return replica;
  }

  async stopOperator(how: 'stop' | 'kill' = 'stop'): Promise<void> {
    const operator = this.#operator;
    if (operator === null) return;
    this.#operator = null;
    if (how === 'kill') await operator.kill();
    else {
      const { code } = await operator.stop();
      if (code !== 0) throw new Error(`the operator ended with ${code}:\n${await operator.log()}`);
    }
    this.#logs.push(await operator.log());
  }

  kubectl(args: readonly string[], input?: string): Promise<{ stdout: string; stderr: string; code: number | null }> {
    return this.cluster.kubectl(args, { namespace: this.namespace, input });
  }

  async apply(...objects: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    await this.cluster.apply(JSON.stringify(list), { namespace: this.namespace });
  }

  /** Secret, RoleBinding and account, and waits until it is Ready. */
  async synchronized(name = 'acme', spec: object = {}): Promise<Thing> {
    await this.apply(this.secret(), this.credentialsBinding(), this.account(name, spec));
    return this.untilReady(name);
  }

  async get(kind: string, name: string): Promise<Thing> {
    return JSON.parse(
      await this.cluster.kubectlOk(['get', kind, name, '-o', 'json'], { namespace: this.namespace }),
    ) as Thing;
  }

  async list(kind: string): Promise<Thing[]> {
    const text = await this.cluster.kubectlOk(['get', kind, '-o', 'json'], { namespace: this.namespace });
    return (JSON.parse(text) as { items: Thing[] }).items;
  }

  groups(): Promise<Thing[]> {
    return this.list('sg');
  }

  customers(): Promise<Thing[]> {
    return this.list('cust');
  }

  /** The one Customer (or StaticGroup) of an upstream company. */
  async childOf(kind: 'sg' | 'cust', companyID: string): Promise<Thing> {
    const found = (await this.list(kind)).filter(
      ({ spec }) => spec.companyID.toLowerCase() === companyID.toLowerCase(),
    );
    const [child] = found;
    if (child === undefined || found.length > 1) throw new Error(`${found.length} ${kind} of company ${companyID}`);
    return child;
  }

  /** Asks for a sync now and waits until it is handled, well or not. */
  async sync(name = 'acme'): Promise<Thing> {
    const value = `${Date.now()}-${++this.#requested}`;
    await this.cluster.kubectlOk(['annotate', 'mspa', name, '--overwrite', `mspoperator.dev/requestedAt=${value}`], {
      namespace: this.namespace,
    });
    return this.until('mspa', name, ({ status }) => status.lastHandledRequestedAt === value);
  }

  async untilReady(name = 'acme'): Promise<Thing> {
    return this.until('mspa', name, (account) => conditionOf(account, 'Ready')?.status === 'True' && observed(account));
  }

  /** Until Ready has this reason. */
  async untilReason(name: string, reason: string): Promise<Thing> {
    return this.until('mspa', name, (account) => conditionOf(account, 'Ready')?.reason === reason && observed(account));
  }

  /** Until the object is as wanted; the error shows how it was last. */
  async until(kind: string, name: string, wanted: (thing: Thing) => boolean, timeoutMs = 30_000): Promise<Thing> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const thing = await this.get(kind, name);
      if (wanted(thing)) return thing;
      if (Date.now() > deadline) {
        throw new Error(`${kind} ${name} did not become as wanted; it is:\n${JSON.stringify(thing, null, 1)}`);
      }
      await sleep(50);
    }
  }

  /** Writes of the operator in this namespace, as the API server's audit log has them, from a point on. */
  async writes(since = 0): Promise<AuditEvent[]> {
    return (await this.#audit()).slice(since).filter(isWrite);
  }

  /** The point to hand to `writes`. */
  async mark(): Promise<number> {
    return (await this.#audit()).length;
  }

  async #audit(): Promise<AuditEvent[]> {
    return (await readAuditLog(this.cluster)).filter(
      ({ user, objectRef }) => user.username === OPERATOR_USER && objectRef?.namespace === this.namespace,
    );
  }

  /** Checks all that is left behind, then removes it. */
  async end(): Promise<void> {
    try {
      const problems = await this.#problems();
      if (problems.length > 0) throw new Error(`the checker found:\n${problems.join('\n')}`);
    } finally {
      await this.#remove().catch((error: unknown) => console.error(String(error)));
      await Promise.all([this.#supervisor.stop(), this.simulator.stop(), this.#admin?.close()]);
      await this.#proxy?.close();
    }
  }

  /** The account's finalizer needs the operator; the rest of the namespace goes on its own. */
  async #remove(): Promise<void> {
    if (this.#operator !== null || this.#replicas.some((replica) => replica.exit() === undefined)) {
      const { admin, namespace } = this;
      for (const { metadata } of await this.list('pi')) {
        const { name } = metadata;
        await admin.patch(PROTECT_INSTANCES, { namespace, name }, { spec: { deletionPolicy: 'Orphan' } });
      }
      await this.cluster.kubectlOk(['delete', 'pi', '--all', '--timeout=30s'], { namespace: this.namespace });
      await this.cluster.kubectlOk(['delete', 'mspa', '--all', '--timeout=30s'], { namespace: this.namespace });
    }
    await this.cluster.deleteNamespace(this.namespace, { wait: !this.cluster.owned, timeoutMs: 60_000 });
  }

  async #problems(): Promise<string[]> {
    const objects = await this.list('mspa,pi,sg,cust,events.events.k8s.io');
    const running = [...(this.#operator === null ? [] : [this.#operator]), ...this.#replicas];
    const log = [...this.#logs, ...(await Promise.all(running.map((each) => each.log())))].join('\n');
    const metrics = this.#operator === null ? '' : await this.#operator.metrics();
    return [
      ...checkObjects(objects.filter(({ kind }) => kind !== 'Event')),
      ...checkSecrets([PASSWORD], { objects: JSON.stringify(objects), log, metrics }),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

export interface ConditionSeen {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

export function conditionOf({ status }: Thing, type: string): ConditionSeen | undefined {
  const conditions = (status?.conditions ?? []) as ConditionSeen[];
  return conditions.find((condition) => condition.type === type);
}

function observed({ metadata, status }: Thing): boolean {
  return status?.observedGeneration === metadata.generation;
}
