// Measures one phase: how long it took, what was written, what every program took of the machine, the operator's memory.

import { setTimeout as sleep } from 'node:timers/promises';
import { busySeconds, cpuSecondsOf, memoryOf, resetPeak, type Memory } from './processes.ts';
import type { RawClient } from './raw-client.ts';
import { readWrites, writesBetween, type Writes } from './server-writes.ts';

export interface Phase {
  /** Wall time of the phase itself. */
  readonly seconds: number;
  /** Wall time of the phase and of what it set in motion afterwards: what the other figures cover. */
  readonly observedSeconds: number;
  readonly writes: Writes;
  /** By program; `other` is what the rest of the machine did meanwhile. */
  readonly cpuSeconds: CPU;
  /** The operator's. */
  readonly memory: Memory;
}

/** Seconds by program. */
export type CPU = Readonly<Record<string, number>>;

export interface Measured<T> {
  readonly phase: Phase;
  readonly result: T;
}

/** What follows a sync (counts, set-up) comes about a second after it. */
const AFTERMATH_MS = 2_500;
const MACHINE = 'machine';
const NOTHING: Memory = { rssMB: 0, peakMB: 0 };

export class Meter {
  readonly #admin: RawClient;
  readonly #pids = new Map<string, number>([['bench', process.pid]]);

  constructor(admin: RawClient) {
    this.#admin = admin;
  }

  /** Counts this process from now on, instead of a former one of this name. */
  follow(name: string, pid: number): void {
    this.#pids.set(name, pid);
  }

  /** CPU seconds by program, and of the whole machine, so far. */
  async cpu(): Promise<CPU> {
    return readCPU(this.#pids);
  }

  /**
   * @param own what the bench itself writes in this phase
   * @param aftermathMs how long what follows is watched, too
   */
  async measure<T>(work: () => Promise<T>, own: Writes = {}, aftermathMs = AFTERMATH_MS): Promise<Measured<T>> {
    const operator = this.#pids.get('operator');
    if (operator !== undefined) await resetPeak(operator);
    const writesBefore = await readWrites(this.#admin);
    const pidsBefore = new Map(this.#pids);
    const before = await readCPU(pidsBefore);
    const started = performance.now();
    const result = await work();
    const seconds = (performance.now() - started) / 1000;
    await sleep(aftermathMs);
    const after = await readCPU(this.#pids);
    const observedSeconds = (performance.now() - started) / 1000;
    const cpuSeconds: Record<string, number> = {};
    for (const [name, total] of Object.entries(after)) {
      // A program that was started in this phase starts from nothing.
      const sameProcess = name === MACHINE || pidsBefore.get(name) === this.#pids.get(name);
      cpuSeconds[name] = total - (sameProcess ? (before[name] ?? 0) : 0);
    }
    const { [MACHINE]: machine = 0, ...ours } = cpuSeconds;
    const known = Object.values(ours).reduce((sum, each) => sum + each, 0);
    const operatorNow = this.#pids.get('operator');
    return {
      result,
      phase: {
        seconds,
        observedSeconds,
        writes: writesBetween(writesBefore, await readWrites(this.#admin), own),
        cpuSeconds: { ...ours, other: Math.max(0, machine - known) },
        memory: operatorNow === undefined ? NOTHING : await memoryOf(operatorNow),
      },
    };
  }
}

async function readCPU(pids: ReadonlyMap<string, number>): Promise<CPU> {
  const entries = [...pids].map(async ([name, pid]): Promise<[string, number]> => [name, await cpuSecondsOf(pid)]);
  return Object.fromEntries([...(await Promise.all(entries)), [MACHINE, await busySeconds()]]);
}
