// The run on a node of our own: what is prepared on the machine before it and taken away after it.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from './host.ts';
import { buildAgain, buildImages, type Images } from './image/builder.ts';
import { operatorImage } from './image/names.ts';
import type { Prepared } from './inside.ts';
import { findNodeBinaries } from './node/binaries.ts';
import { makeCgroups, ownHierarchies, removeCgroups } from './node/cgroups.ts';
import { startTree } from './node/tree.ts';
import type { Counts, Report } from './report.ts';
import { saveSettings } from './settings.ts';
import { needsOf, readExamples } from './steps/needs.ts';
import { aliasesOf } from './steps/simulator.ts';
import { leftBehind, tracesOf } from './traces.ts';
import { until } from './until.ts';

/** Where buildah and mount write on a machine that has not seen them yet, whatever they are told. */
const ELSEWHERE = ['/run/containers', '/run/mount', '/var/lib/containers', '/etc/cni'];

export async function runOnNode(
  report: Report,
  { has, cniPlugins = '' }: Host,
  interrupted: AbortSignal,
): Promise<void> {
  const { paths } = await report.step('the programs of the node', () => findNodeBinaries(report.say));
  const before = await tracesOf();
  const strange = ELSEWHERE.filter((folder) => !existsSync(folder));
  const dir = await mkdtemp(join(tmpdir(), 'eset-msp-e2e-'));
  try {
    const engine = has('docker') ? 'docker' : 'buildah';
    const images = await report.step('the images, from the Dockerfile', () =>
      buildImages(engine, dir, report.say, paths.pause),
    );
    // With docker it would take buildx and a registry or a containerd to rewrite the times of layers.
    if (engine === 'buildah') {
      await report.step('the image, built again, is the same to the byte', async () =>
        report.say(await buildAgain(dir)),
      );
    }
    await report.step('the image is small', () => checkSize(report, images));
    const aliases = aliasesOf(needsOf(readExamples()));
    await runInTree(report, { dir, images: Object.values(images), cniPlugins, aliases }, interrupted);
  } finally {
    await Promise.all([dir, ...strange].map((folder) => rm(folder, { recursive: true, force: true })));
  }
  await report.step('nothing is left on the machine', async () => {
    const left = leftBehind(before, await tracesOf());
    if (left.length > 0) throw new Error(left.join('\n'));
  });
}

const MOST_MB = 200;

/** As it is on a node, unpacked. */
async function checkSize(report: Report, images: Images): Promise<void> {
  const megabytes = (await stat(images[operatorImage] ?? '')).size / 1e6;
  report.say(`${megabytes.toFixed(0)} MB`);
  if (megabytes > MOST_MB) throw new Error(`more than ${MOST_MB} MB`);
}

/** Runs inside.ts in namespaces and cgroups of its own, and takes away what the kernel does not. */
export async function runInTree(report: Report, prepared: Prepared, interrupted: AbortSignal): Promise<void> {
  const input = join(prepared.dir, 'prepared.json');
  await writeFile(input, JSON.stringify(prepared));
  const restore = await saveSettings();
  const cgroups = await makeCgroups(await ownHierarchies(), `eset-msp-e2e-${process.pid}`);
  try {
    const tree = startTree(cgroups, prepared.dir, [process.execPath, join(import.meta.dirname, 'inside.ts'), input]);
    const ended = once(tree, 'exit');
    let counts: Counts | undefined;
    tree.once('message', (message) => (counts = message as Counts));
    const kill = (): boolean => tree.kill('SIGKILL');
    if (interrupted.aborted) kill();
    interrupted.addEventListener('abort', kill, { once: true });
    await ended;
    interrupted.throwIfAborted();
    if (counts === undefined) throw new Error('the node ended without a word');
    report.add(counts);
  } finally {
    await restore();
    // The last processes may still be on their way out.
    await until('the cgroups are empty', 20_000, async () =>
      removeCgroups(cgroups).then(
        () => true,
        () => false,
      ),
    );
  }
}
