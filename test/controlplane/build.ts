// `node test/controlplane/build.ts [--kubernetes 1.37 | --helm]`: makes sure that the control plane's programs (or Helm) are
// there, building them when they are not (some minutes, once), and prints where they are.
import { parseArgs } from 'node:util';
import { findBinaries } from './binaries.ts';
import { findHelm } from './helm.ts';
import { PROGRAMS } from './versions.ts';

try {
  const { values } = parseArgs({ options: { kubernetes: { type: 'string' }, helm: { type: 'boolean' } } });
  if (values.helm === true) console.log(`Helm: ${await findHelm()}`);
  else {
    const binaries = await findBinaries({ kubernetes: values.kubernetes });
    console.log(`Kubernetes ${binaries.kubernetes} from ${binaries.from}:`);
    for (const program of PROGRAMS) console.log(`  ${binaries.paths[program]}`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
