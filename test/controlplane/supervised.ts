// The parent's side of the supervisor: start it, run programs under it, stop it. Everything started here dies with this
// process, however it dies.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FromSupervisor, ToSupervisor } from './supervisor-protocol.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunOptions {
  /** Names the log file: `<dir>/<name>.log`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

export interface Supervised {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  /** Set once the program has ended. */
  exit(): Exit | undefined;
  readonly exited: Promise<Exit>;
  /** Sends the signal and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
}

interface Running {
  pid: number | undefined;
  started: (pid: number) => void;
  failed: (error: Error) => void;
  ended: (exit: Exit) => void;
}

export class Supervisor {
  readonly dir: string;
  readonly #process: ChildProcess;
  readonly #running = new Map<number, Running>();
  #nextId = 1;
  #pending = 0;
  #stopped = false;

  private constructor(child: ChildProcess, dir: string) {
    this.#process = child;
    this.dir = dir;
    child.on('message', (message) => this.#receive(message as FromSupervisor));
    child.once('exit', () => this.#lost());
  }

  /** Starts a supervisor with a fresh private directory whose path begins with `dirPrefix`. */
  static async start(dirPrefix: string): Promise<Supervisor> {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const child = fork(join(import.meta.dirname, 'supervisor.ts'), [dirPrefix], {
      detached: true,
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      cwd: '/',
    });
    const ended = new AbortController();
    child.once('exit', () => ended.abort());
    try {
      const [ready] = (await once(child, 'message', { signal: ended.signal })) as [FromSupervisor];
      if (ready.type !== 'ready') throw new Error(`unexpected first message: ${ready.type}`);
      const supervisor = new Supervisor(child, ready.dir);
      // A control plane does not keep its process alive: without stop(), the process's end stops it.
      child.unref();
      child.channel?.unref();
      return supervisor;
    } catch (error) {
      if (child.connected) child.disconnect();
      throw new Error(`the control plane's supervisor process did not start (directory ${dirPrefix}…)`, {
        cause: error,
      });
    }
  }

  /** Runs a program; resolves when it has been started. */
  async run(options: RunOptions): Promise<Supervised> {
    if (this.#stopped) throw new Error(`cannot start ${options.name}: the control plane is stopped`);
    const id = this.#nextId++;
    const log = join(this.dir, `${options.name}.log`);
    let exit: Exit | undefined;
    let ended: (exit: Exit) => void = () => {};
    const exited = new Promise<Exit>((resolve) => {
      ended = (value) => {
        exit = value;
        this.#running.delete(id);
        resolve(value);
      };
    });
    const pid = await this.#busy(
      new Promise<number>((started, failed) => {
        this.#running.set(id, { pid: undefined, started, failed, ended });
        const { command, args, env = {}, cwd } = options;
        this.#send({ type: 'spawn', id, command, args: [...args], env, cwd, log });
      }),
    ).catch((error: unknown) => {
      this.#running.delete(id);
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot start ${options.name} (${options.command}): ${reason}`, { cause: error });
    });
    const kill = (signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> => {
      if (exit === undefined) this.#send({ type: 'signal', id, signal });
      return this.#busy(exited);
    };
    return { name: options.name, pid, log, exit: () => exit, exited, kill };
  }

  /** Kills what runs, removes the directory, ends the supervisor. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#process.ref();
    const gone = once(this.#process, 'exit');
    this.#send({ type: 'stop' });
    await this.#busy(Promise.race([gone, sleep(20_000, undefined, { ref: false })]));
  }

  #send(message: ToSupervisor): void {
    // A failed send means that the supervisor is gone; its exit event says so.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /** Keeps this process alive while it waits for the supervisor. */
  async #busy<T>(work: Promise<T>): Promise<T> {
    if (this.#pending++ === 0) this.#process.channel?.ref();
    try {
      return await work;
    } finally {
      if (--this.#pending === 0) this.#process.channel?.unref();
    }
  }

  #receive(message: FromSupervisor): void {
    if (message.type === 'ready' || message.type === 'stopped') return;
    const running = this.#running.get(message.id);
    if (running === undefined) return;
    switch (message.type) {
      case 'spawned':
        running.pid = message.pid;
        running.started(message.pid);
        break;
      case 'failed':
        running.failed(new Error(message.error));
        break;
      case 'exit':
        running.ended({ code: message.code, signal: message.signal });
        break;
    }
  }

  /** The supervisor itself was killed: do its work. On a stop there is nothing left to do. */
  #lost(): void {
    this.#stopped = true;
    for (const { pid, failed, ended } of this.#running.values()) {
      try {
        if (pid !== undefined) process.kill(-pid, 'SIGKILL');
      } catch {
        // Already gone.
      }
      failed(new Error('the supervisor process ended'));
      ended({ code: null, signal: 'SIGKILL' });
    }
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}
