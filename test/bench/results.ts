// What one run of the bench found, and the file it goes into.

import { mkdir, writeFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import type { Phase } from './meter.ts';
import type { RawSpeed } from './raw-speed.ts';
import type { Changes } from './upstream.ts';

export const RESULTS = join(import.meta.dirname, 'results');

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGB: number;
  readonly system: string;
  readonly node: string;
  readonly kubernetes: string;
  /** Of the minute before the start. */
  readonly loadBefore: number;
}

/** Of an operator that leads and has nothing to do. */
export interface IdleCost {
  /** In its caches. */
  readonly objects: number;
  readonly cpuMsPerSecond: number;
  /** To the API server: the renewals of the lease, a watch that has come to its end now and then. */
  readonly requestsPerMinute: number;
}

export interface Results {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly connections: number;
  readonly companies: number;
  readonly groups: number;
  readonly customers: number;
  readonly changes: Changes;
  /** Requests to upstream in one sync. */
  readonly requests: number;
  readonly raw: { readonly objects: number; readonly rounds: readonly RawSpeed[]; readonly median: RawSpeed };
  /** Seconds that the writes of the first import take at the raw client's speed. */
  readonly ceilingSeconds: number;
  readonly phases: {
    readonly import: Phase;
    readonly unchanged: Phase;
    readonly changed: Phase;
    readonly idle: Phase;
    readonly restart: Phase;
  };
  readonly idleCost: IdleCost;
  /** From the start of the process to its readiness. */
  readonly restartSeconds: number;
  /** Where the operator wrote more than it promises. */
  readonly problems: readonly string[];
}

export function describeMachine(kubernetes: string): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGB: totalmem() / 1024 ** 3,
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    kubernetes,
    loadBefore: loadavg()[0] ?? 0,
  };
}

export function medianSpeed(rounds: readonly RawSpeed[]): RawSpeed {
  const of = (field: keyof RawSpeed): number => median(rounds.map((round) => round[field]));
  return {
    createGroups: of('createGroups'),
    createCustomers: of('createCustomers'),
    patchCustomers: of('patchCustomers'),
    clientSecondsPerWrite: of('clientSecondsPerWrite'),
    serverSecondsPerWrite: of('serverSecondsPerWrite'),
    strangers: of('strangers'),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

/** Returns the path of the file. */
export async function saveResults(results: Results): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const path = join(RESULTS, `${results.startedAt.replaceAll(/[:.]/g, '-')}.json`);
  await writeFile(path, `${JSON.stringify(results, null, 2)}\n`);
  return path;
}
