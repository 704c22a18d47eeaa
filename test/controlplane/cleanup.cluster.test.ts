// Nothing is left behind, however the process that started a control plane ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, isAlive, processesNaming } from './fixtures/processes.ts';

const GONE_MS = 5_000;

let temporary: string;
let holder: ChildProcess | undefined;

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'cleanup-test-'));
});

afterEach(() => {
  if (holder?.pid !== undefined && holder.exitCode === null && holder.signalCode === null) holder.kill('SIGKILL');
  rmSync(temporary, { recursive: true, force: true });
});

/** Starts the program in a process group of its own, as a shell does, with a TMPDIR of its own. */
function start(how: string): ChildProcess {
  holder = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'hold.ts'), how], {
    detached: true,
    env: { ...process.env, TMPDIR: temporary, NODE_OPTIONS: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return holder;
}

async function started(child: ChildProcess): Promise<{ dir: string; supervisor: number }> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await eventually(
    () => output.includes('\n'),
    30_000,
    () => `the program printed: ${output}`,
  );
  const { dir } = JSON.parse(output) as { dir: string };
  const [etcd] = (await processesNaming(dir)).filter(({ command }) => /\/etcd\b/.test(command));
  return { dir, supervisor: etcd?.ppid ?? 0 };
}

async function expectNothingLeft(supervisor?: number): Promise<void> {
  await eventually(
    async () => (await processesNaming(temporary)).length === 0 && readdirSync(temporary).length === 0,
    GONE_MS,
    async () => JSON.stringify([await processesNaming(temporary), readdirSync(temporary)]),
  );
  if (supervisor === undefined) return;
  await eventually(
    () => !isAlive(supervisor),
    GONE_MS,
    () => `supervisor ${supervisor}`,
  );
}

describe('a control plane is gone without a trace', { timeout: 60_000 }, () => {
  it('when its process is killed with SIGKILL', async () => {
    const child = start('hold');
    const { dir, supervisor } = await started(child);
    expect(existsSync(dir)).toBe(true);
    const running = (await processesNaming(dir)).map(({ command }) => /\/([a-z-]+) /.exec(command)?.[1]);
    expect(new Set(running)).toEqual(new Set(['etcd', 'kube-apiserver', 'kube-controller-manager']));
    expect(isAlive(supervisor)).toBe(true);
    child.kill('SIGKILL');
    await expectNothingLeft(supervisor);
  });

  it('when Ctrl-C goes to its whole process group', async () => {
    const child = start('hold');
    const { supervisor } = await started(child);
    process.kill(-(child.pid ?? 0), 'SIGINT');
    await expectNothingLeft(supervisor);
    expect(child.signalCode).toBe('SIGINT');
  });

  it.each(['throw', 'exit', 'return'])('when its process ends by: %s', async (how) => {
    const child = start(how);
    await eventually(
      () => child.exitCode !== null,
      30_000,
      () => 'the program does not end',
    );
    await expectNothingLeft();
    expect(child.exitCode).toBe({ throw: 1, exit: 3 }[how] ?? 0);
  });

  // Around the supervisor's start, etcd's, the certificate's making and the API server's first requests.
  it.each([60, 120, 180, 300, 900])('when its process is killed %i ms after it began', async (ms) => {
    const child = start('hold');
    await sleep(ms);
    child.kill('SIGKILL');
    await sleep(300);
    await expectNothingLeft();
    expect(child.signalCode).toBe('SIGKILL');
  });

  it('when its supervisor is killed', async () => {
    const child = start('hold');
    const { supervisor } = await started(child);
    process.kill(supervisor, 'SIGKILL');
    await expectNothingLeft(supervisor);
    expect(child.exitCode).toBeNull();
  });
});
