// Builds control plane programs with Go into a cache directory. Each program appears there whole or not at all, also when
// the build is interrupted or two builds run at once.
import { access, chmod, constants, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { underLock } from './build-lock.ts';
import { runProgram } from './run.ts';
import { Supervisor } from './supervised.ts';
import { tail } from './tail.ts';
import { compareVersions, PACKAGES, type Program, type Version } from './versions.ts';

export type Progress = (line: string) => void;

const PROGRESS_MS = 10_000;
const ALTERNATIVES =
  'Install Go (https://go.dev/doc/install), or point KUBEBUILDER_ASSETS at a folder with etcd, kube-apiserver and ' +
  'kubectl, or MSPOPERATOR_TEST_KUBECONFIG at the kubeconfig of a test cluster.';

export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function missingFrom(dir: string, programs: readonly Program[]): Promise<Program[]> {
  const there = await Promise.all(programs.map((program) => isProgram(join(dir, program))));
  return programs.filter((_, index) => there[index] !== true);
}

/** Makes sure that the programs are in `dir`; builds those that are missing. */
export async function ensureBuilt(
  version: Version,
  programs: readonly Program[],
  dir: string,
  progress: Progress,
): Promise<void> {
  if ((await missingFrom(dir, programs)).length === 0) return;
  const cache = dirname(dir);
  await mkdir(cache, { recursive: true });
  let nextLine = PROGRESS_MS;
  await underLock(
    join(cache, `.lock-${version.key}`),
    async () => (await missingFrom(dir, programs)).length > 0,
    async () => build(version, await missingFrom(dir, programs), dir, progress),
    (waitedMs) => {
      if (waitedMs < nextLine) return;
      nextLine += PROGRESS_MS;
      progress(`waiting for another process that builds Kubernetes ${version.kubernetes} … ${seconds(waitedMs)}`);
    },
  );
}

async function build(version: Version, programs: readonly Program[], dir: string, progress: Progress): Promise<void> {
  const goVersion = await checkGo(version);
  const cache = dirname(dir);
  await removeAbandoned(cache);
  await mkdir(dir, { recursive: true });
  // The supervisor ends the build and removes its files when this process dies.
  const supervisor = await Supervisor.start(join(cache, '.build-'));
  try {
    for (const program of programs) {
      const output = join(supervisor.dir, program);
      await compile(supervisor, version, program, output, progress);
      await chmod(output, 0o755);
      await rename(output, join(dir, program));
    }
    const facts = { kubernetes: version.kubernetes, etcd: version.etcd, go: goVersion, args: version.buildArgs };
    const info = join(supervisor.dir, 'build.json');
    await writeFile(info, `${JSON.stringify(facts, null, 2)}\n`);
    await rename(info, join(dir, 'build.json'));
  } finally {
    await supervisor.stop();
  }
}

async function compile(
  supervisor: Supervisor,
  version: Version,
  program: Program,
  output: string,
  progress: Progress,
): Promise<void> {
  const title = `building ${program} ${program === 'etcd' ? version.etcd : version.kubernetes} (minutes, once)`;
  const start = Date.now();
  const go = await supervisor.run({
    name: `build-${program}`,
    command: 'go',
    args: ['build', ...version.buildArgs, '-o', output, PACKAGES[program]],
    cwd: version.moduleDir,
    env: version.buildEnv,
  });
  const ticking = new AbortController();
  const ticks = (async () => {
    while (!ticking.signal.aborted) {
      progress(`${title} … ${seconds(Date.now() - start)}`);
      await sleep(PROGRESS_MS, undefined, { signal: ticking.signal }).catch(() => {});
    }
  })();
  const exit = await go.exited;
  ticking.abort();
  await ticks;
  if (exit.code === 0) return;
  throw new Error(
    `go build of ${program} failed (${exit.signal ?? `exit code ${exit.code}`}). The end of its output:\n` +
      `${await tail(go.log, 30)}\n${ALTERNATIVES}`,
  );
}

/** Returns the Go release that will build, such as "go1.26.8". */
async function checkGo(version: Version): Promise<string> {
  const need = `Building Kubernetes ${version.kubernetes} for the tests takes Go ${version.go} or newer`;
  const env = { ...process.env, ...version.buildEnv };
  const found = await runProgram('go', ['env', 'GOVERSION'], { cwd: version.moduleDir, env }).catch(
    (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'no `go` was found in PATH' : error.message;
      throw new Error(`${need}, but ${reason}. ${ALTERNATIVES}`, { cause: error });
    },
  );
  const goVersion = found.stdout.trim();
  // Go itself refuses here when it is too old and may not fetch a newer toolchain; releases before 1.21 do not.
  if (found.code !== 0) throw new Error(`${need}, but:\n${found.stderr.trim()}\n${ALTERNATIVES}`);
  if (compareVersions(goVersion, version.go) < 0) {
    throw new Error(`${need}, but this is ${goVersion}. ${ALTERNATIVES}`);
  }
  return goVersion;
}

/** Build folders of processes that were killed together with their supervisors. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith('.build-')) continue;
    const path = join(cache, name);
    const seen = await stat(path).catch(() => undefined);
    if (seen !== undefined && Date.now() - seen.mtimeMs > 6 * 3_600_000)
      await rm(path, { recursive: true, force: true });
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
