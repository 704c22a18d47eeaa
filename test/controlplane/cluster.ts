// What a test does with a cluster: kubectl, namespaces of its own, kubeconfigs of ServiceAccounts. The same for a control
// plane that the harness started and for a cluster that the user named; it owns no process.
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readKubeconfig, writeKubeconfig } from './kubeconfig.ts';
import { runProgram, type RunResult } from './run.ts';

/** Plain data: passes from the global setup to test files. */
export interface ClusterAccess {
  /** The admin's kubeconfig file. */
  readonly kubeconfig: string;
  readonly url: string;
  /** PEM. Absent only when a user's cluster has a publicly trusted certificate. */
  readonly ca: string | undefined;
  /** Absent only when a user's kubeconfig authenticates by other means. */
  readonly adminToken: string | undefined;
  /** A private temporary directory, removed at the end. */
  readonly dir: string;
  /** The audit log's file, when it was asked for. One JSON object a line: see audit.ts. */
  readonly auditLog: string | undefined;
  readonly kubernetesVersion: string;
  /** The harness started it; false: the user's own cluster. */
  readonly owned: boolean;
  readonly kubectlPath: string;
  /** Marks what this run creates. */
  readonly runId: string;
}

export interface KubectlOptions {
  readonly input?: string | undefined;
  /** Default: the admin's. */
  readonly kubeconfig?: string | undefined;
  readonly namespace?: string | undefined;
  /** Default 60 s; then kubectl is killed. */
  readonly timeoutMs?: number | undefined;
}

export interface Cluster extends ClusterAccess {
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<RunResult>;
  /** As kubectl, but a failure is an exception with kubectl's message. Returns stdout. */
  kubectlOk(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** `kubectl apply -f -` as admin. */
  apply(yamlText: string, options?: KubectlOptions): Promise<void>;
  /** Creates a namespace with a unique name and returns the name. */
  createNamespace(prefix: string): Promise<string>;
  /** Deletes a namespace and waits until it is gone; the error says what holds it. */
  deleteNamespace(name: string, options?: { readonly timeoutMs?: number; readonly wait?: boolean }): Promise<void>;
  /** Writes a kubeconfig with a fresh token (24 h) of an existing ServiceAccount and returns its path. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
}

export const TEST_LABEL = 'mspoperator.dev/test-run';

/** The data of a cluster without its methods. */
export function accessOf(cluster: ClusterAccess): ClusterAccess {
  const { kubeconfig, url, ca, adminToken, dir, auditLog, kubernetesVersion, owned, kubectlPath, runId } = cluster;
  return { kubeconfig, url, ca, adminToken, dir, auditLog, kubernetesVersion, owned, kubectlPath, runId };
}

export function connect(access: ClusterAccess): Cluster {
  const data = accessOf(access);
  const { dir, kubeconfig, kubectlPath, runId } = data;

  const kubectl: Cluster['kubectl'] = (args, options = {}) => {
    const namespace = options.namespace === undefined ? [] : ['--namespace', options.namespace];
    const env = {
      ...process.env,
      KUBECONFIG: options.kubeconfig ?? kubeconfig,
      KUBECACHEDIR: join(dir, 'kubectl-cache'),
      KUBERC: 'off',
    };
    const timeoutMs = options.timeoutMs ?? 60_000;
    return runProgram(kubectlPath, [...namespace, ...args], { input: options.input, env, timeoutMs });
  };

  const kubectlOk: Cluster['kubectlOk'] = async (args, options) => {
    const result = await kubectl(args, options);
    if (result.code === 0) return result.stdout;
    throw new Error(`kubectl ${args.join(' ')}: ${result.stderr.trim() || result.stdout.trim()}`);
  };

  const createNamespace: Cluster['createNamespace'] = async (prefix) => {
    const name = `${prefix}-${randomBytes(4).toString('hex')}`;
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { [TEST_LABEL]: runId } },
    };
    await kubectlOk(['create', '-f', '-'], { input: JSON.stringify(namespace) });
    return name;
  };

  const deleteNamespace: Cluster['deleteNamespace'] = async (name, options = {}) => {
    const { timeoutMs = 30_000, wait = true } = options;
    const args = ['delete', 'namespace', name, '--ignore-not-found', `--wait=${wait}`, `--timeout=${timeoutMs}ms`];
    const result = await kubectl(args, { timeoutMs: timeoutMs + 10_000 });
    if (result.code === 0) return;
    const path = 'jsonpath={range .status.conditions[?(@.status=="True")]}{.message}{"\\n"}{end}';
    const why = await kubectl(['get', 'namespace', name, '-o', path]);
    throw new Error(`namespace ${name} was not deleted: ${result.stderr.trim()}\n${why.stdout.trim()}`);
  };

  const serviceAccountKubeconfig: Cluster['serviceAccountKubeconfig'] = async (namespace, name) => {
    const args = ['create', 'token', name, '--duration=24h'];
    // A namespace's `default` account comes a moment after the namespace.
    const deadline = Date.now() + (name === 'default' ? 10_000 : 0);
    let result = await kubectl(args, { namespace });
    while (result.code !== 0 && Date.now() < deadline) {
      await sleep(200);
      result = await kubectl(args, { namespace });
    }
    if (result.code !== 0) throw new Error(`no token for ServiceAccount ${namespace}/${name}: ${result.stderr.trim()}`);
    const path = join(dir, `${namespace}.${name}.${randomUUID().slice(0, 8)}.kubeconfig`);
    const { cluster } = await readKubeconfig(kubeconfig);
    await writeKubeconfig(path, { cluster, user: { token: result.stdout.trim() }, namespace });
    return path;
  };

  return {
    ...data,
    kubectl,
    kubectlOk,
    apply: async (yamlText, options = {}) => {
      await kubectlOk(['apply', '-f', '-'], { ...options, input: yamlText });
    },
    createNamespace,
    deleteNamespace,
    serviceAccountKubeconfig,
  };
}
