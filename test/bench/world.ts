// What the bench runs on: a control plane of its own, the simulator, the built operator under its own ServiceAccount.

import { startControlPlane, type ControlPlane } from '../controlplane/client.ts';
import { readKubeconfig } from '../controlplane/kubeconfig.ts';
import { Supervisor } from '../controlplane/supervised.ts';
import { OPERATOR_NAME, OPERATOR_NAMESPACE, startOperator, type RunningOperator } from '../harness/operator.ts';
import { shipped } from '../harness/shipped.ts';
import { Account, prerequisites } from './account.ts';
import { Meter } from './meter.ts';
import { CONTROL_PLANE, findProgramsOf } from './processes.ts';
import { RawClient } from './raw-client.ts';
import { RESULTS } from './results.ts';
import { Upstream } from './upstream.ts';

/** As many as the operator's transport opens. */
export const CONNECTIONS = 32;

export interface WorldOptions {
  readonly companies: number;
  /** Writes CPU profiles of the operator into the folder of the results. */
  readonly profile: boolean;
  readonly say: (text: string) => void;
}

/** As the image sets it, in the chart's default limit of 512 MiB: 70 % of that, and small semi-spaces. */
const HEAP = ['--max-old-space-size=358', '--max-semi-space-size=8'];

export class World {
  readonly cluster: ControlPlane;
  readonly upstream: Upstream;
  readonly meter: Meter;
  readonly account: Account;
  /** Under the operator's identity, so that authentication and authorization cost the same. */
  readonly raw: RawClient;
  /** Where the raw client writes. */
  readonly rawNamespace: string;
  readonly #namespace: string;
  readonly #supervisor: Supervisor;
  readonly #profile: boolean;
  #operator: RunningOperator | null = null;

  private constructor(
    cluster: ControlPlane,
    upstream: Upstream,
    supervisor: Supervisor,
    clients: { readonly admin: RawClient; readonly raw: RawClient },
    namespaces: { readonly watched: string; readonly raw: string },
    profile: boolean,
  ) {
    this.cluster = cluster;
    this.upstream = upstream;
    this.meter = new Meter(clients.admin);
    this.account = new Account(clients.admin, namespaces.watched);
    this.raw = clients.raw;
    this.rawNamespace = namespaces.raw;
    this.#namespace = namespaces.watched;
    this.#supervisor = supervisor;
    this.#profile = profile;
  }

  /** `onCluster` gets the control plane as soon as there is something to stop. */
  static async create(options: WorldOptions, onCluster: (cluster: ControlPlane) => void): Promise<World> {
    const { say, companies, profile } = options;
    say('starting a control plane: etcd, kube-apiserver, kube-controller-manager');
    const manifests = shipped('definitions', 'rights');
    const cluster = await startControlPlane({ alwaysStart: true, manifests, progress: say });
    onCluster(cluster);
    const supervisor = await Supervisor.start(`${cluster.dir}/bench-`);
    say(`starting the simulator with ${companies} companies`);
    const [upstream, watched, rawNamespace, kubeconfig] = await Promise.all([
      Upstream.start(supervisor, companies),
      cluster.createNamespace('bench'),
      cluster.createNamespace('raw'),
      cluster.serviceAccountKubeconfig(OPERATOR_NAMESPACE, OPERATOR_NAME),
    ]);
    await cluster.apply(prerequisites(), { namespace: watched });
    const { url, ca, adminToken = '' } = cluster;
    const { token = '' } = (await readKubeconfig(kubeconfig)).user;
    const clients = {
      admin: new RawClient({ url, ca, token: adminToken, connections: 4 }),
      raw: new RawClient({ url, ca, token, connections: CONNECTIONS }),
    };
    const world = new World(cluster, upstream, supervisor, clients, { watched, raw: rawNamespace }, profile);
    for (const [name, pid] of await findProgramsOf(cluster.dir, CONTROL_PLANE)) world.meter.follow(name, pid);
    world.meter.follow('simulator', upstream.pid);
    return world;
  }

  get operator(): RunningOperator {
    if (this.#operator === null) throw new Error('the operator does not run');
    return this.#operator;
  }

  /** It watches the namespace of the account only, so that the raw client's objects cost it nothing. */
  async startOperator(): Promise<void> {
    this.#operator = await startOperator(this.#supervisor, this.cluster, {
      namespaces: [this.#namespace],
      upstreamHosts: [this.upstream.host],
      // It judges no time, and others may use the machine.
      withinMs: 120_000,
      // As the chart installs it.
      args: ['--leader-elect', `--lease-namespace=${OPERATOR_NAMESPACE}`],
      env: { NODE_OPTIONS: [...HEAP, ...(this.#profile ? ['--cpu-prof', `--cpu-prof-dir=${RESULTS}`] : [])].join(' ') },
    });
    this.meter.follow('operator', this.operator.pid);
  }

  async stopOperator(): Promise<void> {
    const { code } = await this.operator.stop();
    if (code !== 0) throw new Error(`the operator ended with ${code}:\n${await this.operator.log()}`);
  }
}
