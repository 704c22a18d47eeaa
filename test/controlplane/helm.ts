// Where Helm comes from: MSPOPERATOR_TEST_HELM, else the cache of the control plane's programs, filled by building with Go.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cacheRoot } from './binaries.ts';
import { ensureBuilt, isProgram, type Progress } from './go-build.ts';
import { readGoMod, type GoModule } from './go-module.ts';
import { runProgram, type RunResult } from './run.ts';

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

/** Runs Helm without the user's plugins, repositories and settings. A non-zero exit is a result. */
export async function runHelm(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunResult> {
  const helm = await findHelm();
  const dir = await mkdtemp(join(tmpdir(), 'eset-msp-helm-'));
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HELM_')));
  const homes = Object.fromEntries(['CACHE', 'CONFIG', 'DATA'].map((name) => [`HELM_${name}_HOME`, join(dir, name)]));
  try {
    // What it learns of a cluster's API is not for the user's own kubectl either.
    const kube = { KUBECACHEDIR: join(dir, 'KUBE') };
    return await runProgram(helm, args, { env: { ...own, ...homes, ...kube, ...env }, timeoutMs: 120_000 });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** @throws Error with what Helm says */
export async function helmOk(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout, stderr } = await runHelm(args, env);
  if (code === 0) return stdout;
  throw new Error(`helm ${args.join(' ')}: ${stderr.trim() || stdout.trim()}`);
}
