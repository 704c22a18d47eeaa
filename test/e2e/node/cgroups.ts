// One cgroup for everything that runs on the node, below this process's own in each hierarchy (version 1), made before the node
// starts and removed after it has ended.

import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

export interface Hierarchy {
  /** "cpu,cpuacct" or "name=systemd" */
  readonly controllers: string;
  /** Where this process is in it, as a folder. */
  readonly folder: string;
}

/**
 * @param ownCgroups /proc/self/cgroup
 * @param mountInfo /proc/self/mountinfo
 */
export function hierarchiesOf(ownCgroups: string, mountInfo: string): Hierarchy[] {
  const mounts = mountInfo
    .split('\n')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const [, , , root = '', at = ''] = before.split(' ');
      const [type = '', , options = ''] = after.split(' ');
      return { root, at, type, options: options.split(',') };
    })
    .filter(({ type }) => type === 'cgroup');
  return ownCgroups.split('\n').flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]+):(.*)$/.exec(line) ?? [];
    const mount = mounts.find(({ options }) => controllers.split(',').every((each) => options.includes(each)));
    if (controllers === '' || mount === undefined) return [];
    return [{ controllers, folder: join(mount.at, relative(mount.root, path)) }];
  });
}

export async function ownHierarchies(): Promise<Hierarchy[]> {
  const read = (name: string): Promise<string> => readFile(`/proc/self/${name}`, 'utf8');
  return hierarchiesOf(await read('cgroup'), await read('mountinfo'));
}

/** @returns the new cgroups: a process enters one when it writes its id into cgroup.procs */
export async function makeCgroups(hierarchies: readonly Hierarchy[], name: string): Promise<string[]> {
  const folders: string[] = [];
  for (const { controllers, folder } of hierarchies) {
    const own = join(folder, name);
    await mkdir(own);
    folders.push(own);
    if (!controllers.split(',').includes('cpuset')) continue;
    // Nothing may run in a cpuset that names neither.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      await writeFile(join(own, file), await readFile(join(folder, file), 'utf8'));
    }
  }
  return folders;
}

/** With those that containers left in them. @throws Error as long as something runs there */
export async function removeCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const inside = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
    if (inside === undefined) continue;
    await removeCgroups(inside.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name)));
    await rmdir(folder);
  }
}
