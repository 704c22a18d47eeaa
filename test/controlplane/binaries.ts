// Where the control plane's programs come from: KUBEBUILDER_ASSETS, else the user's cache, filled by building with Go.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureBuilt, isProgram, type Progress } from './go-build.ts';
import { runProgram } from './run.ts';
import { availableMinors, findVersion, PROGRAMS, type Program, type Version } from './versions.ts';

export interface Binaries {
  readonly paths: Readonly<Record<Program, string>>;
  /** Kubernetes' version, such as "v1.37.2". */
  readonly kubernetes: string;
  readonly from: 'KUBEBUILDER_ASSETS' | 'cache';
}

export interface BinariesOptions {
  /** A minor version such as "1.37"; default `MSPOPERATOR_TEST_KUBERNETES`, else the newest. Not with KUBEBUILDER_ASSETS. */
  readonly kubernetes?: string | undefined;
  /** Told of a build's progress. Default: lines on stderr. */
  readonly progress?: Progress | undefined;
}

export function cacheRoot(): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'eset-msp-operator', 'controlplane');
}

export async function findBinaries(options: BinariesOptions = {}): Promise<Binaries> {
  const progress = options.progress ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets) return fromAssets(resolve(assets), progress);
  const version = findVersion(options.kubernetes);
  return { paths: await fromCache(version, PROGRAMS, progress), kubernetes: version.kubernetes, from: 'cache' };
}

async function fromCache<P extends Program>(
  version: Version,
  programs: readonly P[],
  progress: Progress,
): Promise<Record<P, string>> {
  const dir = join(cacheRoot(), version.key);
  await ensureBuilt(version, programs, dir, progress);
  return Object.fromEntries(programs.map((program) => [program, join(dir, program)])) as Record<P, string>;
}

async function fromAssets(dir: string, progress: Progress): Promise<Binaries> {
  const at = (program: Program): string => join(dir, program);
  const missing: string[] = [];
  for (const program of ['etcd', 'kube-apiserver', 'kubectl'] as const) {
    if (!(await isProgram(at(program)))) missing.push(program);
  }
  if (missing.length > 0) {
    throw new Error(
      `KUBEBUILDER_ASSETS is ${dir}, but there is no executable ${missing.join(', ')} in it. ` +
        'Correct it, or unset it to build the programs with Go.',
    );
  }
  const kubernetes = await versionOf(at('kube-apiserver'));
  let manager = at('kube-controller-manager');
  if (!(await isProgram(manager))) {
    // The usual archives lack it. Its own minor version is best; the newest also works for what the harness uses of it.
    const minor = /^v(\d+\.\d+)/.exec(kubernetes)?.[1];
    const version = findVersion(minor !== undefined && availableMinors().includes(minor) ? minor : undefined);
    manager = (await fromCache(version, ['kube-controller-manager'], progress))['kube-controller-manager'];
  }
  const paths = {
    etcd: at('etcd'),
    'kube-apiserver': at('kube-apiserver'),
    'kube-controller-manager': manager,
    kubectl: at('kubectl'),
  };
  return { paths, kubernetes, from: 'KUBEBUILDER_ASSETS' };
}

async function versionOf(apiServer: string): Promise<string> {
  const result = await runProgram(apiServer, ['--version']).catch((error: Error) => ({
    code: 1,
    stdout: '',
    stderr: error.message,
  }));
  const version = /v\d+\.\d+\.\S+/.exec(result.stdout)?.[0];
  if (result.code === 0 && version !== undefined) return version;
  throw new Error(
    `KUBEBUILDER_ASSETS: ${apiServer} --version does not work on this machine: ${result.stderr.trim() || result.stdout.trim()}`,
  );
}
