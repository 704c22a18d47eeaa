// What a running operator holds at one moment: memory that is still in use, timers, and open files by kind.

import { readdir, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningOperator } from '../harness/operator.ts';

export interface Sample {
  /** Since the start. */
  readonly seconds: number;
  /** After a collection. */
  readonly heapMB: number;
  /** Buffers outside of the heap. */
  readonly externalMB: number;
  readonly residentMB: number;
  readonly timers: number;
  readonly sockets: number;
  /** All kinds of file descriptors. */
  readonly files: number;
  /** Calls to the API server so far. */
  readonly calls: number;
}

export const HELD = ['heapMB', 'externalMB', 'residentMB', 'timers', 'sockets', 'files'] as const;
export type Held = (typeof HELD)[number];

/** How the operator must be started for it. */
export const NODE_OPTIONS = `--expose-gc --import=${new URL('gc-on-signal.ts', import.meta.url).href}`;

/** A collection of the heap of a test takes some tens of ms; on a busy machine more. */
const COLLECTING_MS = 500;
const MB = 1024 * 1024;

export async function measure(operator: RunningOperator, seconds: number): Promise<Sample> {
  process.kill(operator.pid, 'SIGUSR2');
  await sleep(COLLECTING_MS);
  const metrics = await operator.metrics();
  const value = (series: string): number => {
    const lines = metrics.split('\n').filter((line) => line.startsWith(`${series} `) || line.startsWith(`${series}{`));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };
  const kinds = await openFiles(operator.pid);
  return {
    seconds,
    heapMB: value('nodejs_heap_size_used_bytes') / MB,
    externalMB: value('nodejs_external_memory_bytes') / MB,
    residentMB: value('process_resident_memory_bytes') / MB,
    timers: value('nodejs_active_resources{type="Timeout"}'),
    sockets: kinds.filter((kind) => kind === 'socket').length,
    files: kinds.length,
    calls: value('rest_client_requests_total'),
  };
}

/** `socket`, `pipe`, `anon_inode`, or a path. */
async function openFiles(pid: number): Promise<string[]> {
  const dir = `/proc/${pid}/fd`;
  const links = (await readdir(dir)).map((fd) => readlink(`${dir}/${fd}`).catch(() => null));
  return (await Promise.all(links)).filter((link) => link !== null).map((link) => link.split(':', 1)[0] ?? '');
}
