// A cluster that the user named (kind, minikube, a test cluster) behind the harness's interface. Nothing is started; at the
// end only what this run created is removed: its namespaces and its temporary directory.
import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connect, TEST_LABEL, type ClusterAccess } from './cluster.ts';
import type { ControlPlane } from './controlplane.ts';
import { certificateOf, parseKubeconfig, writeKubeconfig } from './kubeconfig.ts';
import { installManifests, type Manifest } from './manifests.ts';
import { runProgram, type RunResult } from './run.ts';
import { Supervisor } from './supervised.ts';

export async function borrowCluster(kubeconfig: string, manifests: readonly Manifest[]): Promise<ControlPlane> {
  const path = resolve(kubeconfig);
  await access(path).catch(() => {
    throw new Error(`MSPOPERATOR_TEST_KUBECONFIG is ${path}, which cannot be read`);
  });
  // The context is fixed here: the user may switch theirs while the tests run.
  const view = await kubectl(path, ['config', 'view', '--raw', '--minify', '--flatten']);
  if (view.code !== 0) throw new Error(`MSPOPERATOR_TEST_KUBECONFIG (${path}): ${view.stderr.trim()}`);
  const parts = parseKubeconfig(view.stdout, path);
  const version = await kubectl(path, ['version', '--output=json', '--request-timeout=10s']);
  if (version.code !== 0) {
    throw new Error(
      `the cluster of MSPOPERATOR_TEST_KUBECONFIG (${parts.cluster.server}) does not answer: ${version.stderr.trim()}`,
    );
  }
  const { serverVersion } = JSON.parse(version.stdout) as { serverVersion: { gitVersion: string } };

  const supervisor = await Supervisor.start(join(tmpdir(), 'eset-msp-controlplane-'));
  const copy = join(supervisor.dir, 'admin.kubeconfig');
  const data: ClusterAccess = {
    kubeconfig: copy,
    url: parts.cluster.server.replace(/\/$/, ''),
    ca: certificateOf(parts.cluster),
    adminToken: parts.user.token,
    dir: supervisor.dir,
    auditLog: undefined,
    kubernetesVersion: serverVersion.gitVersion,
    owned: false,
    kubectlPath: 'kubectl',
    runId: randomBytes(4).toString('hex'),
  };
  const cluster = connect(data);
  try {
    await writeKubeconfig(copy, parts);
    await installManifests(cluster, manifests);
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  const stop = async (): Promise<void> => {
    await cluster.kubectl(['delete', 'namespace', '--selector', `${TEST_LABEL}=${data.runId}`, '--wait=false']);
    await supervisor.stop();
  };
  const notOurs = (): Promise<never> => Promise.reject(new Error("a user's API server is not killed or started"));
  return {
    ...cluster,
    killAPIServer: notOurs,
    startAPIServer: notOurs,
    forgetHistory: notOurs,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function kubectl(kubeconfig: string, args: readonly string[]): Promise<RunResult> {
  const env = { ...process.env, KUBECONFIG: kubeconfig, KUBERC: 'off' };
  return runProgram('kubectl', args, { env, timeoutMs: 60_000 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('MSPOPERATOR_TEST_KUBECONFIG is set, but no `kubectl` was found in PATH', { cause: error });
  });
}
