// make e2e: the image is built from the Dockerfile and run by a real kubelet, installed by Helm. See docs/e2e.md.

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findHelm } from '../controlplane/helm.ts';
import { missing, thisHost, type ClusterKind, type Host } from './host.ts';
import { buildImages } from './image/builder.ts';
import type { Prepared } from './inside.ts';
import { runOnKind } from './kind.ts';
import { findNodeBinaries } from './node/binaries.ts';
import { makeCgroups, ownHierarchies, removeCgroups } from './node/cgroups.ts';
import { startTree } from './node/tree.ts';
import { Report, StepFailed, type Counts } from './report.ts';
import { saveSettings } from './settings.ts';
import { needsOf, readExamples } from './steps/needs.ts';
import { aliasesOf } from './steps/simulator.ts';
import { leftBehind, tracesOf } from './traces.ts';
import { until } from './until.ts';

const report = new Report();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort());

const kind: ClusterKind = process.env['E2E_CLUSTER'] === 'kind' ? 'kind' : 'node';
const host = await thisHost();
const lacking = missing(kind, host);
if (lacking.length > 0) {
  for (const sentence of lacking) console.error(sentence);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
try {
  await (kind === 'kind' ? onKind() : onNode(host));
} catch (error) {
  if (!(error instanceof StepFailed)) {
    report.counts.failed++;
    console.error(error);
  }
}
const { passed, failed } = report.counts;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

async function onNode({ has, cniPlugins = '' }: Host): Promise<void> {
  const binaries = await report.step('the programs of the node, and Helm', async () => {
    await findHelm(report.say);
    return findNodeBinaries(report.say);
  });
  const before = await tracesOf();
  const dir = await mkdtemp(join(tmpdir(), 'eset-msp-e2e-'));
  try {
    const images = await report.step('the images, from the Dockerfile', () =>
      buildImages(has('docker') ? 'docker' : 'buildah', dir, report.say, binaries.paths.pause),
    );
    const aliases = aliasesOf(needsOf(readExamples()));
    await inTree(dir, { dir, images: Object.values(images), cniPlugins, aliases });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  await report.step('nothing is left on the machine', async () => {
    const left = leftBehind(before, await tracesOf());
    if (left.length > 0) throw new Error(left.join('\n'));
  });
}

/** Runs inside.ts in namespaces and cgroups of its own, and takes away what the kernel does not. */
async function inTree(dir: string, prepared: Prepared): Promise<void> {
  const input = join(dir, 'prepared.json');
  await writeFile(input, JSON.stringify(prepared));
  const restore = await saveSettings();
  const cgroups = await makeCgroups(await ownHierarchies(), `eset-msp-e2e-${process.pid}`);
  try {
    const tree = startTree(cgroups, [process.execPath, join(import.meta.dirname, 'inside.ts'), input]);
    const ended = once(tree, 'exit');
    tree.once('message', (counts) => report.add(counts as Counts));
    interrupted.signal.addEventListener('abort', () => tree.kill('SIGKILL'), { once: true });
    await ended;
    if (interrupted.signal.aborted) throw new Error('interrupted');
  } finally {
    await restore();
    // The last processes may still be on their way out.
    await until('the cgroups are empty', 20_000, async () =>
      removeCgroups(cgroups).then(
        () => true,
        () => false,
      ),
    );
    await sleep(100);
  }
}

async function onKind(): Promise<void> {
  await findHelm(report.say);
  await runOnKind(report, interrupted.signal);
}
