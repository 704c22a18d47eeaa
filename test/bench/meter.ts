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
  readonly cpuSeconds: CPU;
  /** CPU that went to what does not belong to the benchmark. */
  readonly strangerSeconds: number;
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
    // A program that was started in this phase starts from nothing.
    for (const [name, pid] of this.#pids) if (pidsBefore.get(name) !== pid) before[name] = 0;
    const operatorNow = this.#pids.get('operator');
    return {
      result,
      phase: {
        seconds,
        observedSeconds,
        writes: writesBetween(writesBefore, await readWrites(this.#admin), own),
        cpuSeconds: byProgram(before, after),
        strangerSeconds: strangersBetween(before, after),
        memory: operatorNow === undefined ? NOTHING : await memoryOf(operatorNow),
      },
    };
  }
}

/** CPU that the machine gave to none of our programs between two readings. */
export function strangersBetween(before: CPU, after: CPU): number {
  const ours = Object.values(byProgram(before, after)).reduce((sum, seconds) => sum + seconds, 0);
  return Math.max(0, (after[MACHINE] ?? 0) - (before[MACHINE] ?? 0) - ours);
}

function byProgram(before: CPU, after: CPU): Record<string, number> {
  const { [MACHINE]: _, ...programs } = after;
  return Object.fromEntries(Object.entries(programs).map(([name, total]) => [name, total - (before[name] ?? 0)]));
}

async function readCPU(pids: ReadonlyMap<string, number>): Promise<Record<string, number>> {
  const entries = [...pids].map(async ([name, pid]): Promise<[string, number]> => [name, await cpuSecondsOf(pid)]);
  return Object.fromEntries([...(await Promise.all(entries)), [MACHINE, await busySeconds()]]);
}
