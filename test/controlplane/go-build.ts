// Builds programs with Go into a cache directory. Each program appears there whole or not at all, also when
// the build is interrupted or two builds run at once.
import { access, chmod, constants, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { underLock } from './build-lock.ts';
import { runProgram } from './run.ts';
import { Supervisor } from './supervised.ts';
import { tail } from './tail.ts';
import type { GoModule } from './go-module.ts';
import { compareVersions } from './versions.ts';

export type Progress = (line: string) => void;

const PROGRESS_MS = 10_000;
const INSTALL = 'Install Go (https://go.dev/doc/install),';

export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function missingFrom<P extends string>(dir: string, programs: readonly P[]): Promise<P[]> {
  const there = await Promise.all(programs.map((program) => isProgram(join(dir, program))));
  return programs.filter((_, index) => there[index] !== true);
}

/** Makes sure that the programs are in `dir`; builds those that are missing. */
export async function ensureBuilt<P extends string>(
  module: GoModule<P>,
  programs: readonly P[],
  dir: string,
  progress: Progress,
): Promise<void> {
  if ((await missingFrom(dir, programs)).length === 0) return;
  const cache = dirname(dir);
  await mkdir(cache, { recursive: true });
  let nextLine = PROGRESS_MS;
  await underLock(
    join(cache, `.lock-${module.key}`),
    async () => (await missingFrom(dir, programs)).length > 0,
    async () => build(module, await missingFrom(dir, programs), dir, progress),
    (waitedMs) => {
      if (waitedMs < nextLine) return;
      nextLine += PROGRESS_MS;
      progress(`waiting for another process that builds ${module.title} … ${seconds(waitedMs)}`);
    },
  );
}

async function build<P extends string>(
  module: GoModule<P>,
  programs: readonly P[],
  dir: string,
  progress: Progress,
): Promise<void> {
  const goVersion = await checkGo(module);
  const cache = dirname(dir);
  await removeAbandoned(cache);
  await mkdir(dir, { recursive: true });
  // The supervisor ends the build and removes its files when this process dies.
  const supervisor = await Supervisor.start(join(cache, '.build-'));
  try {
    for (const program of programs) {
      const output = join(supervisor.dir, program);
      await compile(supervisor, module, program, output, progress);
      await chmod(output, 0o755);
      await rename(output, join(dir, program));
    }
    const facts = { versions: module.versions, go: goVersion, args: module.buildArgs };
    const info = join(supervisor.dir, 'build.json');
    await writeFile(info, `${JSON.stringify(facts, null, 2)}\n`);
    await rename(info, join(dir, 'build.json'));
  } finally {
    await supervisor.stop();
  }
}

async function compile<P extends string>(
  supervisor: Supervisor,
  module: GoModule<P>,
  program: P,
  output: string,
  progress: Progress,
): Promise<void> {
  const title = `building ${program} ${module.versions[program]} (minutes, once)`;
  const start = Date.now();
  const go = await supervisor.run({
    name: `build-${program}`,
    command: 'go',
    args: ['build', ...module.buildArgs, '-o', output, module.packages[program]],
    cwd: module.moduleDir,
    env: { ...module.buildEnv },
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
      `${await tail(go.log, 30)}\n${INSTALL} ${module.alternatives}`,
  );
}

/** Returns the Go release that will build, such as "go1.26.8". */
async function checkGo(module: GoModule): Promise<string> {
  const need = `Building ${module.title} for the tests takes Go ${module.go} or newer`;
  const env = { ...process.env, ...module.buildEnv };
  const found = await runProgram('go', ['env', 'GOVERSION'], { cwd: module.moduleDir, env }).catch(
    (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'no `go` was found in PATH' : error.message;
      throw new Error(`${need}, but ${reason}. ${INSTALL} ${module.alternatives}`, { cause: error });
    },
  );
  const goVersion = found.stdout.trim();
  // Go itself refuses here when it is too old and may not fetch a newer toolchain; releases before 1.21 do not.
  if (found.code !== 0) throw new Error(`${need}, but:\n${found.stderr.trim()}\n${INSTALL} ${module.alternatives}`);
  if (compareVersions(goVersion, module.go) < 0) {
    throw new Error(`${need}, but this is ${goVersion}. ${INSTALL} ${module.alternatives}`);
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
