// The first process of the node's namespaces: starts the node, runs the steps, tells the parent the counts. With it everything ends.

import { readFile } from 'node:fs/promises';
import { findNodeBinaries } from './node/binaries.ts';
import { Node } from './node/node.ts';
import { Report, StepFailed } from './report.ts';
import { runSteps } from './steps/all.ts';
import { readExamples } from './steps/needs.ts';

/** What the parent has prepared. */
export interface Prepared {
  readonly dir: string;
  readonly images: readonly string[];
  readonly cniPlugins: string;
  readonly aliases: Readonly<Record<string, string>>;
}

// A parent that is gone can neither read the counts nor clean up.
process.once('disconnect', () => process.exit(1));

const prepared = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as Prepared;
const report = new Report();
let node: Node | undefined;
try {
  const started = await report.step('a cluster of one node', async () => {
    const binaries = await findNodeBinaries(report.say);
    return Node.start({ ...prepared, binaries });
  });
  node = started.node;
  const { cluster } = started;
  report.say((await cluster.kubectlOk(['get', 'nodes', '-o', 'wide'])).trim());
  try {
    await runSteps(
      { cluster, report, dir: prepared.dir, crash: (pod, program) => started.node.crash(pod, program) },
      readExamples(),
    );
  } catch (error) {
    for (const args of [
      ['get', 'pods,events', '--all-namespaces'],
      ['logs', 'deployment/eset-msp-operator', '--namespace=eset-msp-operator', '--tail=20'],
    ]) {
      const { stdout, stderr } = await cluster.kubectl(args);
      report.say(`$ kubectl ${args.join(' ')}\n${stdout}${stderr}`);
    }
    throw error;
  }
} catch (error) {
  if (node !== undefined) report.say(await node.logs());
  if (!(error instanceof StepFailed)) {
    report.counts.failed++;
    console.error(error);
  }
}
process.send?.(report.counts, () => process.exit(report.counts.failed > 0 ? 1 : 0));
