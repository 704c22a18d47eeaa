// The process that owns what the harness starts: a temporary directory and the programs running with it. It holds an IPC
// channel from its parent; when the channel closes, for whatever reason (stop, Ctrl-C, crash, SIGKILL), it kills its own
// children and removes its own directory, and nothing else. It runs in a session of its own, so a terminal's Ctrl-C does
// not reach it or its children; each child leads a process group, so that grandchildren (`go build`) go with it.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FromSupervisor, ToSupervisor } from './supervisor-protocol.ts';

const children = new Map<number, ChildProcess>();
let stopping = false;

function send(message: FromSupervisor): void {
  // The parent may be gone at any time; that is not an error here.
  if (process.connected) process.send?.(message, () => {});
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  // No group is signalled after its leader's exit was seen, so a reused process id is never hit.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

function start(message: Extract<ToSupervisor, { type: 'spawn' }>): void {
  const { id, command, args, env, cwd, log } = message;
  let fd: number | undefined;
  try {
    fd = openSync(log, 'a', 0o600);
    const child = spawn(command, args, {
      cwd: cwd ?? dir,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', fd, fd],
    });
    children.set(id, child);
    child.once('spawn', () => send({ type: 'spawned', id, pid: child.pid ?? 0 }));
    child.once('error', (error) => {
      if (child.pid !== undefined) return; // a failed signal, not a failed start
      children.delete(id);
      send({ type: 'failed', id, error: error.message });
    });
    child.once('exit', (code, signal) => {
      children.delete(id);
      send({ type: 'exit', id, code, signal });
    });
  } catch (error) {
    send({ type: 'failed', id, error: error instanceof Error ? error.message : String(error) });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  // SIGKILL, all at once: the data is about to be deleted, so there is nothing to shut down gracefully.
  for (const child of children.values()) killGroup(child, 'SIGKILL');
  while (children.size > 0) await sleep(10);
  // An orphaned client (kubectl) may still write its cache while we delete: look again until it stays away.
  for (let attempt = 0; attempt < 20; attempt++) {
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }).catch(() => {});
    if (!process.connected) await sleep(200);
    if (!existsSync(dir)) break;
  }
  if (process.connected) await new Promise((resolve) => process.send?.({ type: 'stopped' }, resolve));
  process.exit(0);
}

function handle(message: ToSupervisor): void {
  switch (message.type) {
    case 'spawn':
      if (!stopping) start(message);
      break;
    case 'signal': {
      const child = children.get(message.id);
      if (child !== undefined) killGroup(child, message.signal);
      break;
    }
    case 'stop':
      void stop();
      break;
  }
}

process.umask(0o077);
const dir = mkdtempSync(process.argv[2] ?? '');
process.on('message', (message) => handle(message as ToSupervisor));
process.on('disconnect', () => void stop());
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop());
process.on('uncaughtException', () => void stop());
if (process.connected) send({ type: 'ready', dir });
else void stop();
