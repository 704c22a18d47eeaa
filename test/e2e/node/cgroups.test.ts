// Where this process is among the cgroups, from what the kernel says of it.

import { mkdtemp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hierarchiesOf, makeCgroups, removeCgroups } from './cgroups.ts';

const MOUNTS = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw`;

test('a folder for each hierarchy of version 1: below its mount, from the root of that mount on', () => {
  const own = '9:name=systemd:/user\n4:memory:/docker/abc/below\n1:cpu,cpuacct:/\n0::/\n7:pids:/not/mounted\n';
  expect(hierarchiesOf(own, MOUNTS)).toEqual([
    { controllers: 'name=systemd', folder: '/sys/fs/cgroup/systemd/user' },
    { controllers: 'memory', folder: '/sys/fs/cgroup/memory/below' },
    { controllers: 'cpu,cpuacct', folder: '/sys/fs/cgroup/cpu,cpuacct' },
  ]);
});

test('a cpuset gets what its parent has; all go again, with what was made in them', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'eset-msp-cgroups-'));
  try {
    const [cpuset, pids] = [join(dir, 'cpuset'), join(dir, 'pids')];
    for (const folder of [cpuset, pids]) await mkdir(folder);
    await writeFile(join(cpuset, 'cpuset.cpus'), '0-1\n');
    await writeFile(join(cpuset, 'cpuset.mems'), '0\n');
    const hierarchies = [
      { controllers: 'cpuset', folder: cpuset },
      { controllers: 'pids', folder: pids },
    ];
    const made = await makeCgroups(hierarchies, 'e2e');
    expect((await readdir(join(cpuset, 'e2e'))).sort()).toEqual(['cpuset.cpus', 'cpuset.mems']);
    // Those of the kernel go with their folder; these are plain files.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) await rm(join(cpuset, 'e2e', file));
    await mkdir(join(pids, 'e2e', 'k8s.io', 'container'), { recursive: true });
    await removeCgroups([...made, join(dir, 'never-made')]);
    expect(await readdir(pids)).toEqual([]);
    expect((await readdir(cpuset)).sort()).toEqual(['cpuset.cpus', 'cpuset.mems']);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
