// The same steps on a cluster of kind, where docker and kind are there. What needs the node itself is left out: the leader is not
// killed, and there is no audit log.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from '../controlplane/binaries.ts';
import { connect } from '../controlplane/client.ts';
import { buildImages } from './image/builder.ts';
import { rewrites } from './node/config.ts';
import type { Report } from './report.ts';
import { must } from './run.ts';
import { runSteps } from './steps/all.ts';
import { needsOf, readExamples } from './steps/needs.ts';
import { aliasesOf } from './steps/simulator.ts';

const NAME = 'eset-msp-e2e';
const MINUTES_MS = 600_000;

export async function runOnKind(report: Report, interrupted: AbortSignal): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'eset-msp-e2e-'));
  const kubeconfig = join(dir, 'kubeconfig');
  const kind = (...args: string[]): Promise<string> =>
    must('kind', [...args, `--name=${NAME}`], { timeoutMs: MINUTES_MS });
  try {
    const images = await report.step('the images, from the Dockerfile', () => buildImages('docker', dir, report.say));
    await report.step('a cluster of kind', async () => {
      await kind(
        'create',
        'cluster',
        `--kubeconfig=${kubeconfig}`,
        `--config=${join(import.meta.dirname, 'kind.yaml')}`,
      );
      for (const archive of Object.values(images)) await kind('load', 'image-archive', archive);
    });
    const { paths, kubernetes } = await findBinaries();
    const cluster = connect({
      kubeconfig,
      url: '',
      ca: undefined,
      adminToken: undefined,
      dir,
      auditLog: undefined,
      kubernetesVersion: kubernetes,
      owned: false,
      kubectlPath: paths.kubectl,
      runId: 'e2e',
    });
    const examples = readExamples();
    await report.step('its DNS leads the names of the examples to the simulator', async () => {
      const inDNS = { namespace: 'kube-system' };
      const corefile = await cluster.kubectlOk(
        ['get', 'configmap', 'coredns', '-o', 'jsonpath={.data.Corefile}'],
        inDNS,
      );
      const Corefile = corefile.replace('    kubernetes ', `${rewrites(aliasesOf(needsOf(examples)))}    kubernetes `);
      const patch = JSON.stringify({ data: { Corefile } });
      await cluster.kubectlOk(['patch', 'configmap', 'coredns', '--patch', patch], inDNS);
      await cluster.kubectlOk(['rollout', 'restart', 'deployment/coredns'], inDNS);
      await cluster.kubectlOk(['rollout', 'status', 'deployment/coredns'], inDNS);
    });
    interrupted.throwIfAborted();
    await runSteps({ cluster, report, dir }, examples);
  } finally {
    await kind('delete', 'cluster', `--kubeconfig=${kubeconfig}`).catch((error: unknown) => console.error(error));
    await rm(dir, { recursive: true, force: true });
  }
}
