// The programs of a node, built from their Go modules into the same cache as the control plane's: kubelet, kube-proxy and
// kube-scheduler of its version, containerd with its shim, and CoreDNS with the few plugins that a node needs.

import { join } from 'node:path';
import { cacheRoot, findBinaries, type Binaries } from '../../controlplane/binaries.ts';
import { ensureBuilt, type Progress } from '../../controlplane/go-build.ts';
import { readGoMod, type GoModule } from '../../controlplane/go-module.ts';
import { versionVariables } from '../../controlplane/versions.ts';

export type NodeProgram = keyof typeof KUBERNETES | keyof typeof CONTAINERD | 'coredns' | 'pause';

export interface NodeBinaries {
  readonly controlPlane: Binaries;
  readonly paths: Readonly<Record<NodeProgram, string>>;
  /** The folder of containerd and its shim, for the PATH. */
  readonly containerdDir: string;
}

const KUBERNETES = {
  kubelet: 'k8s.io/kubernetes/cmd/kubelet',
  'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
} as const;

const CONTAINERD = {
  containerd: 'github.com/containerd/containerd/v2/cmd/containerd',
  'containerd-shim-runc-v2': 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
  ctr: 'github.com/containerd/containerd/v2/cmd/ctr',
} as const;

const ALTERNATIVES = 'or run the test on kind: E2E_CLUSTER=kind.';

function moduleAt<P extends string>(
  folder: string,
  about: {
    readonly title: string;
    /** The module whose version is the program's. */
    readonly required?: string;
    readonly packages: Readonly<Record<P, string>>;
    readonly variables: (version: string) => readonly string[];
    readonly tags?: readonly string[];
  },
): GoModule<P> {
  const module = readGoMod(join(import.meta.dirname, '..', 'gomod', folder));
  const version = about.required === undefined ? 'v1' : module.required(about.required);
  const programs = Object.keys(about.packages) as P[];
  return module.described<P>({
    title: `${about.title} ${version}`,
    keyPrefix: `${folder}-${version}`,
    packages: about.packages,
    versions: Object.fromEntries(programs.map((program) => [program, version])) as Record<P, string>,
    variables: about.variables(version),
    tags: about.tags ?? [],
    alternatives: ALTERNATIVES,
  });
}

export const nodeModules = {
  kubernetes: moduleAt('node', {
    title: "the node's Kubernetes",
    required: 'k8s.io/kubernetes',
    packages: KUBERNETES,
    variables: versionVariables,
  }),
  containerd: moduleAt('containerd', {
    title: 'containerd',
    required: 'github.com/containerd/containerd/v2',
    packages: CONTAINERD,
    variables: (version) => [`github.com/containerd/containerd/v2/version.Version=${version}`],
    // They take libraries and headers of the machine.
    tags: ['no_btrfs', 'no_devmapper', 'no_zfs'],
  }),
  coredns: moduleAt('coredns', {
    title: 'CoreDNS',
    required: 'github.com/coredns/coredns',
    packages: { coredns: '.' },
    variables: () => [],
  }),
  pause: moduleAt('pause', { title: 'pause', packages: { pause: '.' }, variables: () => [] }),
};

export async function findNodeBinaries(progress: Progress): Promise<NodeBinaries> {
  const controlPlane = await findBinaries({ progress });
  const { kubernetes, containerd, coredns, pause } = nodeModules;
  const paths = {
    ...(await built(kubernetes, progress)),
    ...(await built(containerd, progress)),
    ...(await built(coredns, progress)),
    ...(await built(pause, progress)),
  };
  return { controlPlane, paths, containerdDir: join(cacheRoot(), containerd.key) };
}

async function built<P extends string>(module: GoModule<P>, progress: Progress): Promise<Record<P, string>> {
  const dir = join(cacheRoot(), module.key);
  const programs = Object.keys(module.packages) as P[];
  await ensureBuilt(module, programs, dir, progress);
  return Object.fromEntries(programs.map((program) => [program, join(dir, program)])) as Record<P, string>;
}
