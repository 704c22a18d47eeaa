// Where Helm comes from: MSPOPERATOR_TEST_HELM, else the cache of the control plane's programs, filled by building with Go.
import { join, resolve } from 'node:path';
import { cacheRoot } from './binaries.ts';
import { ensureBuilt, isProgram, type Progress } from './go-build.ts';
import { readGoMod, type GoModule } from './go-module.ts';

const PACKAGE = 'helm.sh/helm/v4';

function helmModule(): GoModule<'helm'> {
  const module = readGoMod(join(import.meta.dirname, 'gomod', 'helm'));
  const version = module.required(PACKAGE);
  return module.described({
    title: `Helm ${version}`,
    keyPrefix: `helm-${version}`,
    variables: [`${PACKAGE}/internal/version.version=${version}`],
    packages: { helm: `${PACKAGE}/cmd/helm` },
    versions: { helm: version },
    alternatives: 'or point MSPOPERATOR_TEST_HELM at a Helm 4 program.',
  });
}

/** The path of a Helm that works here; builds it when it is not there (minutes, once). */
export async function findHelm(progress: Progress = (line) => void process.stderr.write(`${line}\n`)): Promise<string> {
  const given = process.env['MSPOPERATOR_TEST_HELM'];
  if (given) {
    if (!(await isProgram(given))) throw new Error(`MSPOPERATOR_TEST_HELM is ${given}, which is no executable file`);
    return resolve(given);
  }
  const module = helmModule();
  const dir = join(cacheRoot(), module.key);
  await ensureBuilt(module, ['helm'], dir, progress);
  return join(dir, 'helm');
}
