// What a machine must have for the test, and the exact words to say when it has not. Nothing is installed by itself.

import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runProgram } from '../controlplane/run.ts';

export type ClusterKind = 'node' | 'kind';

export interface Host {
  readonly platform: string;
  readonly root: boolean;
  /** `docker` counts only when its daemon answers. */
  readonly has: (program: string) => boolean;
  /** The folder of CNI plugins. */
  readonly cniPlugins: string | undefined;
  /** With controllers of version 1. */
  readonly cgroups1: boolean;
}

/** Debian's package of each program. */
const PACKAGES: Readonly<Record<string, string>> = {
  git: 'git',
  npm: 'npm',
  openssl: 'openssl',
  unshare: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  iptables: 'iptables',
  'iptables-save': 'iptables',
  runc: 'runc',
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
};
const CNI_PACKAGE = 'containernetworking-plugins';
export const CNI_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin'];
const CNI_PLUGINS = ['bridge', 'host-local', 'loopback'];

/** Sentences, none if all is there. */
export function missing(cluster: ClusterKind, host: Host): string[] {
  const lacking = (...programs: string[]): string[] => programs.filter((program) => !host.has(program));
  if (cluster === 'kind') {
    const needed = lacking('docker', 'kind', 'git', 'openssl');
    return needed.length === 0
      ? []
      : [`Not found: ${needed.join(', ')}. Install them (https://kind.sigs.k8s.io), or run without E2E_CLUSTER.`];
  }
  const said: string[] = [];
  if (host.platform !== 'linux')
    said.push('A node runs on Linux only. With docker and kind: E2E_CLUSTER=kind make e2e.');
  else if (!host.cgroups1) {
    said.push(
      "The node's cgroups are made for version 1, which this machine has not. With docker and kind: E2E_CLUSTER=kind make e2e.",
    );
  }
  if (!host.root) said.push('A node takes root: sudo -E make e2e.');
  const builder = host.has('docker') ? [] : ['buildah', 'mmdebstrap', 'npm'];
  const programs = lacking('git', 'openssl', 'unshare', 'mount', 'ip', 'iptables', 'iptables-save', 'runc', ...builder);
  const packages = [...new Set(programs.map((program) => PACKAGES[program] ?? program))];
  const names = [...programs];
  if (host.cniPlugins === undefined) {
    names.push(`the CNI plugins ${CNI_PLUGINS.join(', ')} (in ${CNI_FOLDERS.join(' or ')})`);
    packages.push(CNI_PACKAGE);
  }
  if (names.length > 0)
    said.push(`Not found: ${names.join(', ')}. On Debian: apt-get install -y ${packages.join(' ')}`);
  return said;
}

export async function thisHost(): Promise<Host> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const present = async (path: string): Promise<boolean> =>
    access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
  const found = new Set<string>();
  for (const program of ['docker', 'kind', ...Object.keys(PACKAGES)]) {
    for (const folder of folders) if (await present(join(folder, program))) found.add(program);
  }
  if (found.has('docker') && (await runProgram('docker', ['info'], { timeoutMs: 20_000 })).code !== 0)
    found.delete('docker');
  let cniPlugins: string | undefined;
  for (const folder of CNI_FOLDERS.toReversed()) {
    const all = await Promise.all(CNI_PLUGINS.map((plugin) => present(join(folder, plugin))));
    if (all.every(Boolean)) cniPlugins = folder;
  }
  const own = await readFile('/proc/self/cgroup', 'utf8').catch(() => '');
  return {
    platform: process.platform,
    root: process.getuid?.() === 0,
    has: (program) => found.has(program),
    cniPlugins,
    cgroups1: /^\d+:([^:]*,)?memory(,[^:]*)?:/m.test(own),
  };
}
