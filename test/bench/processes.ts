// What programs take of the machine, as Linux counts it in /proc.

import { readFile, readdir, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';

export const CONTROL_PLANE: readonly string[] = ['etcd', 'kube-apiserver', 'kube-controller-manager'];

/** Linux counts in these, on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface Memory {
  readonly rssMB: number;
  /** The most since the start, or since `resetPeak`. */
  readonly peakMB: number;
}

/** User and system time that the process has taken so far; 0 once it is gone. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const fields = await statOf(pid).catch(() => []);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

/** When the process started, in ms since the epoch. */
export async function startedAt(pid: number): Promise<number> {
  const uptime = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
  const now = Date.now();
  return now - (uptime - Number((await statOf(pid))[19]) / TICKS_PER_SECOND) * 1000;
}

export async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { rssMB: megabytes('VmRSS'), peakMB: megabytes('VmHWM') };
}

/** From here on the peak counts anew; where the kernel does not let us, it goes on counting from the start. */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
}

/** Time that the whole machine was busy so far, all cores together. */
export async function busySeconds(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n', 1);
  // user nice system idle iowait irq softirq; what a hypervisor took (steal) is not ours to see as work.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

/** The programs of these names whose command line mentions `dir`. */
export async function findProgramsOf(dir: string, names: readonly string[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    const name = basename(command.split('\0', 1)[0] ?? '');
    if (names.includes(name) && command.includes(dir)) found.set(name, Number(entry));
  }
  return found;
}

/** The fields of /proc/<pid>/stat after the name, which may itself hold blanks: [0] is the state. */
async function statOf(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
