// A cluster of one node: control plane, containerd, kubelet, kube-proxy and DNS, in the namespaces that this process is in
// (tree.ts). When its first process ends, so does everything here.

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { apiServerArgs, controllerManagerArgs, etcdArgs, layout, writeFiles } from '../../controlplane/components.ts';
import { connect, type Cluster } from '../../controlplane/client.ts';
import { writeKubeconfig } from '../../controlplane/kubeconfig.ts';
import { waitReady } from '../../controlplane/ready.ts';
import { Supervisor, type Supervised } from '../../controlplane/supervised.ts';
import { tail } from '../../controlplane/tail.ts';
import { PAUSE_IMAGE } from '../image/names.ts';
import { must } from '../run.ts';
import { until } from '../until.ts';
import { NODE, NODE_NAME, SERVICES } from './addresses.ts';
import type { NodeBinaries } from './binaries.ts';
import { ownHierarchies } from './cgroups.ts';
import { SOCKET, writeConfigs } from './config.ts';
import { clusterDNS } from './dns.ts';
import { mountOwn } from './mounts.ts';
import { filterBridge, setUpNetwork } from './network.ts';

const PORT = 6443;

export interface NodeOptions {
  readonly dir: string;
  readonly binaries: NodeBinaries;
  /** Archives of images. */
  readonly images: readonly string[];
  readonly cniPlugins: string;
  /** Names that lead to another one inside the cluster. */
  readonly aliases: Readonly<Record<string, string>>;
}

export class Node {
  readonly #options: NodeOptions;
  readonly #supervisor: Supervisor;
  readonly #programs: Supervised[] = [];

  private constructor(options: NodeOptions, supervisor: Supervisor) {
    this.#options = options;
    this.#supervisor = supervisor;
  }

  static async start(options: NodeOptions): Promise<{ node: Node; cluster: Cluster }> {
    await mountOwn(await ownHierarchies());
    await setUpNetwork();
    const node = new Node(options, await Supervisor.start(join(options.dir, 'node-')));
    return { node, cluster: await node.#start() };
  }

  /** The end of each program's log, for a failed run; and which of them have ended. */
  async logs(lines = 15): Promise<string> {
    const parts = await Promise.all(
      this.#programs.map(async (program) => {
        const exit = program.exit();
        const ended = exit === undefined ? '' : ` (ended: ${exit.signal ?? `exit code ${exit.code}`})`;
        return `--- ${program.name}${ended}\n${await tail(program.log, lines)}`;
      }),
    );
    return parts.join('\n');
  }

  /** Kills the process of a pod as a crash would: its kubelet starts it again. */
  async crash(pod: string, program: string): Promise<void> {
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
      if (!(await read('cmdline')).split('\0').includes(program)) continue;
      if (!(await read('environ')).split('\0').includes(`HOSTNAME=${pod}`)) continue;
      process.kill(Number(pid), 'SIGKILL');
      return;
    }
    throw new Error(`no process of pod ${pod} runs ${program}`);
  }

  async #start(): Promise<Cluster> {
    const { dir, binaries, images, cniPlugins, aliases } = this.#options;
    const at = layout(this.#supervisor.dir);
    const adminToken = randomBytes(24).toString('hex');
    await writeFiles(at, adminToken);
    const url = `https://${NODE.address}:${PORT}`;
    const { paths } = binaries.controlPlane;

    const etcd = await this.#run('etcd', paths.etcd, etcdArgs(at));
    const extraArgs = [
      '--bind-address=0.0.0.0',
      `--advertise-address=${NODE.address}`,
      '--endpoint-reconciler-type=lease',
      `--service-cluster-ip-range=${SERVICES}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--enable-bootstrap-token-auth=false',
    ];
    const server = await this.#run(
      'kube-apiserver',
      paths['kube-apiserver'],
      apiServerArgs(at, { port: PORT, auditLog: true, extraArgs }),
    );
    // containerd needs no API server: it imports meanwhile.
    const configs = await writeConfigs(dir, {
      kubeconfig: at.kubeconfig,
      pauseImage: PAUSE_IMAGE,
      cniPlugins,
      aliases,
    });
    const containerd = await this.#run('containerd', binaries.paths.containerd, ['--config', configs.containerd], {
      PATH: `${binaries.containerdDir}:${process.env['PATH'] ?? ''}`,
    });
    const importing = this.#import(containerd, images);

    const ca = await waitReady(url, adminToken, at.servingCertificate, [etcd, server], 120_000);
    await writeKubeconfig(at.kubeconfig, {
      cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      user: { token: adminToken },
    });
    const cluster = connect({
      kubeconfig: at.kubeconfig,
      url,
      ca,
      adminToken,
      dir: at.dir,
      auditLog: at.auditLog,
      kubernetesVersion: binaries.controlPlane.kubernetes,
      owned: true,
      kubectlPath: paths.kubectl,
      runId: 'e2e',
    });
    await this.#run('kube-controller-manager', paths['kube-controller-manager'], [
      // All but one, which takes a certificate of another kind than this API server's.
      ...controllerManagerArgs(at, ['*', '-kube-apiserver-serving-clustertrustbundle-publisher-controller']),
      `--flex-volume-plugin-dir=${join(dir, 'volume-plugins')}`,
    ]);
    const kubeconfig = `--kubeconfig=${at.kubeconfig}`;
    await this.#run('kube-scheduler', binaries.paths['kube-scheduler'], [
      kubeconfig,
      `--authentication-kubeconfig=${at.kubeconfig}`,
      `--authorization-kubeconfig=${at.kubeconfig}`,
      '--leader-elect=false',
      '--secure-port=0',
    ]);
    await this.#run('kube-proxy', binaries.paths['kube-proxy'], ['--config', configs.kubeProxy]);
    await this.#run('coredns', binaries.paths.coredns, ['-conf', configs.coredns]);
    await cluster.apply(clusterDNS());
    await importing;
    await this.#run('kubelet', binaries.paths.kubelet, [
      kubeconfig,
      `--config=${configs.kubelet}`,
      '--root-dir=/var/lib/kubelet',
      `--node-ip=${NODE.address}`,
      `--hostname-override=${NODE_NAME}`,
    ]);
    await this.#alive(
      until('the node is ready', 90_000, async () => {
        const ready = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].status}';
        return (await cluster.kubectl(['get', 'node', NODE_NAME, ready])).stdout === 'True';
      }),
    );
    await mkdir('/var/lib/cni', { recursive: true });
    await filterBridge();
    return cluster;
  }

  async #import(containerd: Supervised, images: readonly string[]): Promise<void> {
    const ctr = (...args: string[]): Promise<string> =>
      must(this.#options.binaries.paths.ctr, [`--address=${SOCKET}`, '--namespace=k8s.io', ...args], {
        timeoutMs: 180_000,
      });
    await until('containerd answers', 60_000, async () => {
      if (containerd.exit() !== undefined) throw new Error(`containerd ended:\n${await tail(containerd.log)}`);
      return ctr('version').then(
        () => true,
        () => false,
      );
    });
    for (const image of images) await ctr('images', 'import', image);
  }

  async #run(
    name: string,
    command: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<Supervised> {
    // The supervisor's umask hides its files from others; those of containers are for their users.
    const run = ['-c', 'umask 022; exec "$@"', 'sh', command, ...args];
    const program = await this.#supervisor.run({ name, command: 'sh', args: run, env, cwd: dirname(command) });
    this.#programs.push(program);
    return program;
  }

  /** Fails with the log of the first program that ends meanwhile. */
  async #alive<T>(work: Promise<T>): Promise<T> {
    const ends = this.#programs.map(async (program) => {
      await program.exited;
      throw new Error(`${program.name} ended:\n${await tail(program.log)}`);
    });
    return Promise.race([work, ...ends]);
  }
}
