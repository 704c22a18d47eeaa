// Starts a control plane of one's own: etcd, kube-apiserver and kube-controller-manager on loopback, gone without a trace
// when this process ends. Or, when MSPOPERATOR_TEST_KUBECONFIG names a cluster, uses that (borrowed.ts).
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries, type Binaries } from './binaries.ts';
import { borrowCluster } from './borrowed.ts';
import { connect, type Cluster } from './cluster.ts';
import { apiServerArgs, controllerManagerArgs, etcdArgs, layout, writeFiles, type Layout } from './components.ts';
import { compact } from './etcd.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { installManifests, type Manifest } from './manifests.ts';
import { StartError, waitReady } from './ready.ts';
import { Supervisor, type Supervised } from './supervised.ts';
import { tail } from './tail.ts';

export interface ControlPlaneOptions {
  /** A minor version such as "1.37". */
  readonly kubernetes?: string;
  /** Every request at Metadata level in `auditLog`. */
  readonly auditLog?: boolean;
  /** Start one even when MSPOPERATOR_TEST_KUBECONFIG names a cluster. */
  readonly alwaysStart?: boolean;
  /** Applied before the controller manager starts: its garbage collector then knows the CRDs at once,
   * where it notices later ones within 30 s. */
  readonly manifests?: readonly Manifest[];
  readonly apiServerArgs?: readonly string[];
  /** GOGC of the API server: 300 spends memory and saves a good part of its CPU. Default: Go's own. */
  readonly gogc?: number;
  /** The controller manager's controllers; an empty list: no controller manager. */
  readonly controllers?: readonly string[];
  /** Default 60 s. */
  readonly startTimeoutMs?: number;
  /** Told of the progress of a build. Default: stderr. */
  readonly progress?: (line: string) => void;
}

export interface ControlPlane extends Cluster {
  /** SIGKILL unless told otherwise. Data and port stay. */
  killAPIServer(signal?: NodeJS.Signals): Promise<void>;
  /** After killAPIServer: the same address, data, certificate and tokens. Resolves when it is ready. */
  startAPIServer(): Promise<void>;
  /** etcd forgets every version but the newest of each object: whoever wants to go on from an older one must list again. */
  forgetHistory(): Promise<void>;
  /** Stops everything and removes the directory. On a user's cluster: only removes what this run left. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const kubeconfig = process.env['MSPOPERATOR_TEST_KUBECONFIG'];
  if (kubeconfig && options.alwaysStart !== true) return borrowCluster(kubeconfig, options.manifests ?? []);
  const { kubernetes, progress } = options;
  const binaries = await findBinaries({ kubernetes, progress });
  for (let attempt = 1; ; attempt++) {
    const supervisor = await Supervisor.start(join(tmpdir(), 'eset-msp-controlplane-'));
    try {
      return await new OwnControlPlane(supervisor, binaries, options, await freePort()).start();
    } catch (error) {
      await supervisor.stop();
      // Another process may take the port between our look and the server's start.
      const retry = error instanceof StartError && error.message.includes('address already in use') && attempt < 3;
      if (!retry) throw error;
    }
  }
}

class OwnControlPlane {
  readonly #supervisor: Supervisor;
  readonly #binaries: Binaries;
  readonly #options: ControlPlaneOptions;
  readonly #at: Layout;
  readonly #port: number;
  readonly #url: string;
  readonly #adminToken = randomBytes(24).toString('hex');
  readonly #expectedToEnd = new Set<Supervised>();
  readonly #watched = new Set<Supervised>();
  #stopping = false;
  #etcd: Supervised | undefined;
  #apiServer: Supervised | undefined;
  #controllerManager: Supervised | undefined;

  constructor(supervisor: Supervisor, binaries: Binaries, options: ControlPlaneOptions, port: number) {
    this.#supervisor = supervisor;
    this.#binaries = binaries;
    this.#options = options;
    this.#at = layout(supervisor.dir);
    this.#port = port;
    this.#url = `https://127.0.0.1:${port}`;
  }

  async start(): Promise<ControlPlane> {
    await writeFiles(this.#at, this.#adminToken);
    const etcd = await this.#supervisor.run({
      name: 'etcd',
      command: this.#binaries.paths.etcd,
      args: etcdArgs(this.#at),
    });
    this.#etcd = etcd;
    const ca = await this.#startAPIServer();
    await writeKubeconfig(this.#at.kubeconfig, {
      cluster: { server: this.#url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      user: { token: this.#adminToken },
    });
    const cluster = connect({
      kubeconfig: this.#at.kubeconfig,
      url: this.#url,
      ca,
      adminToken: this.#adminToken,
      dir: this.#at.dir,
      auditLog: this.#options.auditLog === true ? this.#at.auditLog : undefined,
      kubernetesVersion: this.#binaries.kubernetes,
      owned: true,
      kubectlPath: this.#binaries.paths.kubectl,
      runId: randomBytes(4).toString('hex'),
    });
    await installManifests(cluster, this.#options.manifests ?? []);
    await this.#startControllerManager();
    const stop = async (): Promise<void> => {
      this.#stopping = true;
      await this.#supervisor.stop();
    };
    return {
      ...cluster,
      killAPIServer: (signal) => this.#killAPIServer(signal),
      startAPIServer: async () => {
        await this.#startAPIServer();
        // It may have given up meanwhile.
        await this.#startControllerManager();
      },
      forgetHistory: () => compact(this.#at.etcdSocket),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  }

  async #startAPIServer(): Promise<string> {
    const running = this.#apiServer;
    if (running !== undefined && running.exit() === undefined) throw new Error('the API server is running');
    this.#apiServer = await this.#supervisor.run({
      name: 'kube-apiserver',
      command: this.#binaries.paths['kube-apiserver'],
      args: apiServerArgs(this.#at, {
        port: this.#port,
        auditLog: this.#options.auditLog === true,
        extraArgs: this.#options.apiServerArgs ?? [],
      }),
      ...(this.#options.gogc === undefined ? {} : { env: { GOGC: String(this.#options.gogc) } }),
    });
    const programs = [this.#etcd, this.#apiServer].filter((program) => program !== undefined);
    const timeoutMs = this.#options.startTimeoutMs ?? 60_000;
    const ca = await waitReady(this.#url, this.#adminToken, this.#at.servingCertificate, programs, timeoutMs);
    for (const program of programs) this.#reportUnexpectedEnd(program);
    return ca;
  }

  async #killAPIServer(signal?: NodeJS.Signals): Promise<void> {
    if (this.#apiServer === undefined) return;
    this.#expectedToEnd.add(this.#apiServer);
    await this.#apiServer.kill(signal);
  }

  async #startControllerManager(): Promise<void> {
    if (this.#options.controllers?.length === 0) return;
    if (this.#controllerManager !== undefined && this.#controllerManager.exit() === undefined) return;
    this.#controllerManager = await this.#supervisor.run({
      name: 'kube-controller-manager',
      command: this.#binaries.paths['kube-controller-manager'],
      args: controllerManagerArgs(this.#at, this.#options.controllers),
    });
    this.#reportUnexpectedEnd(this.#controllerManager);
  }

  #reportUnexpectedEnd(program: Supervised): void {
    if (this.#watched.has(program)) return;
    this.#watched.add(program);
    void this.#report(program);
  }

  async #report(program: Supervised): Promise<void> {
    const { code, signal } = await program.exited;
    if (this.#stopping || this.#expectedToEnd.has(program)) return;
    const log = await tail(program.log);
    process.stderr.write(`${program.name} ended unexpectedly (${signal ?? `exit code ${code}`}):\n${log}\n`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
