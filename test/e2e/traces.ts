// What a run could leave on the machine. Taken before and after; what differs was left behind.

import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from './run.ts';

/** Lines, by what they are about. */
export type Traces = Readonly<Record<string, readonly string[]>>;

/** Where programs of a node, of a build or of Helm would write if they were not told otherwise. */
const FOLDERS = ['/run', '/var/lib', '/var/log', '/etc', '/opt', '/usr/libexec', '/usr/lib', '/root', '/home', '/'];

/** Change all the time, whoever does nothing. */
const VOLATILE =
  /^(fs\/(dentry-state|inode-(nr|state)|file-nr|aio-nr|dquot\/)|fs\/quota\/|kernel\/(random\/|pty\/nr|ns_last_pid|tainted|perf_event_max_sample_rate|sched|hung_task_detect_count)|net\/netfilter\/nf_conntrack_count|sunrpc\/|user\/|debug\/)/;

export async function tracesOf(): Promise<Traces> {
  const lines = async (command: string, ...args: string[]): Promise<string[]> =>
    (await must(command, args)).split('\n').filter((line) => line !== '');
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const links = await lines('ip', '-oneline', 'link');
  const rules = await lines('iptables-save');
  return {
    mount: mounts.map((line) => line.split(' ').slice(3).join(' ')),
    link: links.map((line) => line.split(': ')[1] ?? ''),
    'firewall rule': rules.filter((line) => line.startsWith('-')),
    folder: (await Promise.all(FOLDERS.map(entries))).flat(),
    sysctl: Object.entries(sysctls()).map(([name, value]) => `${name} = ${value}`),
  };
}

/** @returns sentences; what has gone meanwhile counts only where it is a setting that has changed */
export function leftBehind(before: Traces, after: Traces): string[] {
  return Object.entries(after).flatMap(([what, lines]) => {
    const known = new Set(before[what] ?? []);
    return lines.filter((line) => !known.has(line)).map((line) => `${what}: ${line}`);
  });
}

/** Settings of the whole machine and of this network namespace, by their path below /proc/sys. */
export function sysctls(): Record<string, string> {
  const values: Record<string, string> = {};
  // One by one and at once: there are some thousand, each of which is there without waiting.
  for (const entry of readdirSync('/proc/sys', { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice('/proc/sys/'.length);
    if (VOLATILE.test(name)) continue;
    try {
      values[name] = readFileSync(path, 'utf8').trim().replaceAll(/\s+/g, ' ');
    } catch {
      // It can only be written, or went with its device.
    }
  }
  return values;
}

async function entries(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => join(folder, name));
}
