// Runs the built operator as people do: its own process, its own ServiceAccount, the RBAC that the chart ships. It dies with the
// test process, however that ends.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../controlplane/client.ts';
import type { ApiProxy } from '../proxy/proxy.ts';
import type { Exit, Supervised, Supervisor } from '../controlplane/supervised.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'operator.js');
export const OPERATOR_NAMESPACE = 'eset-msp-operator';
export const OPERATOR_NAME = 'eset-msp-operator';
export const OPERATOR_USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:${OPERATOR_NAME}`;

export interface OperatorOptions {
  /** Default: a fresh one, straight to the API server. */
  readonly kubeconfig?: string;
  /** `null`: the whole cluster. */
  readonly namespaces: readonly string[] | null;
  /** host:port of each simulator. */
  readonly upstreamHosts: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What is waited for: its caches are filled (the default), or no more than that it listens. */
  readonly until?: Milestone;
  /** How long that may take. Default: 20 s. */
  readonly withinMs?: number;
}

/** As its log says it. */
export type Milestone = 'ready' | 'started' | 'standing by';

export class RunningOperator {
  readonly #process: Supervised;
  readonly #addresses: () => Promise<{ health: string; metrics: string }>;

  constructor(process: Supervised) {
    this.#process = process;
    this.#addresses = async () => {
      const line = (await this.lines()).find(({ msg }) => msg === 'started');
      const address = (field: string): string => {
        const { port } = (line?.[field] ?? {}) as { port?: number };
        return `http://127.0.0.1:${port}`;
      };
      return { health: address('health'), metrics: address('metrics') };
    };
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** All that it printed so far. */
  log(): Promise<string> {
    return readFile(this.#process.log, 'utf8');
  }

  /** Its log, line by line. */
  async lines(): Promise<Record<string, unknown>[]> {
    const text = await this.log();
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        try {
          return JSON.parse(line) as Record<string, unknown>;
        } catch {
          return readPretty(line);
        }
      });
  }

  async metrics(): Promise<string> {
    return (await fetch(`${(await this.#addresses()).metrics}/metrics`)).text();
  }

  async probe(path: '/healthz' | '/readyz'): Promise<number> {
    return (await this.#probe(path)).status;
  }

  /** What a probe says in words. */
  async probeText(path: '/healthz' | '/readyz'): Promise<string> {
    return (await this.#probe(path)).text();
  }

  async #probe(path: string): Promise<Response> {
    return fetch(`${(await this.#addresses()).health}${path}`);
  }

  /** Until it says so; an error with its log if it ends or takes too long. */
  async reached(milestone: Milestone, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const exit = this.#process.exit();
      if (exit !== undefined) throw new Error(`the operator ended (${JSON.stringify(exit)}):\n${await this.log()}`);
      if ((await this.lines()).some(({ msg }) => msg === milestone)) return;
      if (Date.now() > deadline) throw new Error(`the operator was not ${milestone} in time:\n${await this.log()}`);
      await sleep(30);
    }
  }

  /** Its end; undefined while it runs. */
  exit(): Exit | undefined {
    return this.#process.exit();
  }

  /** SIGSTOP and SIGCONT: it stands still as on a frozen node, and goes on. */
  freeze(frozen: boolean): void {
    if (this.#process.exit() === undefined) process.kill(this.pid, frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** As kubelet does: SIGTERM, and its exit. */
  async stop(): Promise<{ readonly code: number | null }> {
    return this.#process.kill('SIGTERM');
  }

  /** As a crash does, at this very moment; `kill` waits for the end. */
  killNow(): void {
    // Its process id is its own until its end was seen.
    if (this.#process.exit() === undefined) process.kill(this.pid, 'SIGKILL');
  }

  /** As a crash does. */
  async kill(): Promise<void> {
    await this.#process.kill('SIGKILL');
  }
}

/** A line of `--log-format=pretty`: its message, and those of its fields that are objects. */
function readPretty(line: string): Record<string, unknown> {
  const [, msg = line, fields = ''] = /^[\d:.]{12} [A-Z]+ +(.*?)(?: {2}(\w+=.*))?$/.exec(line) ?? [];
  const objects = [...fields.matchAll(/(\w+)=(\{[^{}]*\})/g)].map(([, name, text = '']) => [name, JSON.parse(text)]);
  return { msg, ...Object.fromEntries(objects) };
}

/** Of the operator's ServiceAccount, straight to the API server or through a proxy. */
export async function operatorKubeconfig(
  cluster: Cluster,
  proxy: Pick<ApiProxy, 'kubeconfig'> | null = null,
): Promise<string> {
  const direct = await cluster.serviceAccountKubeconfig(OPERATOR_NAMESPACE, OPERATOR_NAME);
  return proxy === null ? direct : proxy.kubeconfig(direct);
}

let started = 0;

export async function startOperator(
  supervisor: Supervisor,
  cluster: Cluster,
  options: OperatorOptions,
): Promise<RunningOperator> {
  const kubeconfig = options.kubeconfig ?? (await operatorKubeconfig(cluster));
  const { namespaces } = options;
  const running = new RunningOperator(
    await supervisor.run({
      name: `operator-${++started}`,
      command: process.execPath,
      args: [
        PROGRAM,
        `--kubeconfig=${kubeconfig}`,
        ...(namespaces === null ? [] : [`--watch-namespaces=${namespaces.join(',')}`]),
        `--upstream-hosts=${options.upstreamHosts.join(',')}`,
        `--lifecycle-hosts=${options.upstreamHosts.join(',')}`,
        '--upstream-allow-loopback-http',
        '--upstream-requests-per-second=1000',
        '--lifecycle-poll-seconds=30',
        '--metrics-address=127.0.0.1:0',
        '--health-address=127.0.0.1:0',
        ...(options.args ?? []),
      ],
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
    }),
  );
  await running.reached(options.until ?? 'ready', options.withinMs);
  return running;
}
