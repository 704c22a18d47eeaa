// The node's own view of the machine, in its mount namespace: fresh folders where programs write, a sysfs of its network, and
// the cgroups of its own tree alone. All of it goes with the namespace.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../run.ts';
import type { Hierarchy } from './cgroups.ts';

const FRESH = ['/run', '/var/log', '/var/lib'];
const CGROUPS = '/sys/fs/cgroup';

export async function mountOwn(hierarchies: readonly Hierarchy[]): Promise<void> {
  // Containers get their mounts from here, and kubelet sees what they mount.
  await must('mount', ['--make-rshared', '/']);
  for (const path of FRESH) await must('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', path]);
  await must('mount', ['-t', 'sysfs', 'sysfs', '/sys']);
  await must('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', CGROUPS]);
  for (const { controllers } of hierarchies) {
    const path = join(CGROUPS, controllers.replace(/^name=/, ''));
    await mkdir(path);
    const named = controllers.startsWith('name=') ? `none,${controllers}` : controllers;
    await must('mount', ['-t', 'cgroup', '-o', named, 'cgroup', path]);
  }
}
