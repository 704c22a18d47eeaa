// One contender in a process of its own: reads and watches, patches every object, waits until it has seen all of its patches,
// and tells what that took.

import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientNode } from './client-node.ts';
import type { Contender, Task } from './contender.ts';
import { runtime } from './runtime.ts';

export type Name = 'client-node' | 'runtime' | 'runtime-whole';

export interface Order {
  readonly contender: Name;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly names: readonly string[];
  readonly mark: string;
  readonly inFlight: number;
}

export interface Stage {
  readonly seconds: number;
  /** User and system. */
  readonly cpuSeconds: number;
  /** TCP connections opened. */
  readonly connections: number;
}

export type Told =
  | { readonly kind: 'stage'; readonly stage: 'filled' | 'patched' | 'seen'; readonly took: Stage }
  /** After a collection of garbage. */
  | { readonly kind: 'held'; readonly heapMB: number };

const TIME_LIMIT_MS = 15 * 60_000;

let connections = 0;
// Whatever library opens them.
// oxlint-disable-next-line typescript/unbound-method
const connect = Socket.prototype.connect as (...args: unknown[]) => Socket;
Socket.prototype.connect = function counted(this: Socket, ...args: unknown[]) {
  connections++;
  return connect.apply(this, args);
};

process.once('disconnect', () => process.exit(1));
process.once('message', (order: Order) => {
  run(order).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run({ contender: name, names, mark, inFlight, ...where }: Order): Promise<void> {
  const marks = new Map<string, string>();
  let marked = 0;
  const onObject = (object: string, its: string): void => {
    if (its === mark && marks.get(object) !== mark) marked++;
    marks.set(object, its);
  };
  const contender = make(name, { ...where, onObject });
  await stage('filled', async () => {
    await contender.start();
    await until(() => marks.size === names.length);
  });
  await stage('patched', async () => {
    const left = names.values();
    const lane = async (): Promise<void> => {
      for (const object of left) await contender.patch(object, mark);
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  });
  await stage('seen', () => until(() => marked === names.length));
  globalThis.gc?.();
  tell({ kind: 'held', heapMB: process.memoryUsage().heapUsed / 1024 ** 2 });
  await contender.stop();
}

function make(name: Name, task: Task): Contender {
  return name === 'client-node' ? clientNode(task) : runtime(task, name === 'runtime-whole');
}

async function stage(name: 'filled' | 'patched' | 'seen', work: () => Promise<void>): Promise<void> {
  const before = { at: performance.now(), cpu: process.cpuUsage(), connections };
  await work();
  const { user, system } = process.cpuUsage(before.cpu);
  const seconds = (performance.now() - before.at) / 1000;
  const took = { seconds, cpuSeconds: (user + system) / 1e6, connections: connections - before.connections };
  tell({ kind: 'stage', stage: name, took });
}

function tell(told: Told): void {
  process.send?.(told);
}

async function until(done: () => boolean): Promise<void> {
  const end = Date.now() + TIME_LIMIT_MS;
  while (!done()) {
    if (Date.now() > end) throw new Error('not within a quarter of an hour');
    await sleep(10);
  }
}
