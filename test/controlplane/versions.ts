// Which Kubernetes versions can be built here: one folder of Go module files per minor version under gomod/.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readGoMod, type GoModule } from './go-module.ts';

export const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;
export type Program = (typeof PROGRAMS)[number];

const PACKAGES: Record<Program, string> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
};

export interface Version extends GoModule<Program> {
  /** "1.37" */
  readonly minor: string;
  /** "v1.37.2" */
  readonly kubernetes: string;
}

const MODULES = join(import.meta.dirname, 'gomod');
const ALTERNATIVES =
  'or point KUBEBUILDER_ASSETS at a folder with etcd, kube-apiserver and ' +
  'kubectl, or MSPOPERATOR_TEST_KUBECONFIG at the kubeconfig of a test cluster.';

/** The minor versions with module files, newest first. */
export function availableMinors(): string[] {
  return readdirSync(MODULES)
    .filter((name) => /^\d+\.\d+$/.test(name))
    .sort((a, b) => compareVersions(b, a));
}

/** Without `minor`: `MSPOPERATOR_TEST_KUBERNETES`, else the newest. */
export function findVersion(minor = process.env['MSPOPERATOR_TEST_KUBERNETES'] || undefined): Version {
  const minors = availableMinors();
  const wanted = minor?.replace(/^v/, '') ?? minors[0] ?? '';
  const moduleDir = join(MODULES, wanted);
  if (!minors.includes(wanted) || !existsSync(join(moduleDir, 'go.mod'))) {
    throw new Error(`Kubernetes ${wanted} cannot be built here; there are module files for: ${minors.join(', ')}`);
  }
  const module = readGoMod(moduleDir);
  const kubernetes = module.required('k8s.io/kubernetes');
  const etcd = module.required('go.etcd.io/etcd/server/v3');
  const versions = { etcd, 'kube-apiserver': kubernetes, 'kube-controller-manager': kubernetes, kubectl: kubernetes };
  return {
    minor: wanted,
    kubernetes,
    ...module.described({
      title: `Kubernetes ${kubernetes}`,
      keyPrefix: kubernetes,
      variables: versionVariables(kubernetes),
      packages: PACKAGES,
      versions,
      alternatives: ALTERNATIVES,
    }),
  };
}

/** What the linker must set, or the programs take themselves for v0.0.0. */
export function versionVariables(kubernetes: string): string[] {
  const [major, minor] = kubernetes.slice(1).split('.');
  const base = 'k8s.io/component-base/version';
  return [
    `${base}.gitVersion=${kubernetes}`,
    `${base}.gitMajor=${major}`,
    `${base}.gitMinor=${minor}`,
    `k8s.io/client-go/pkg/version.gitVersion=${kubernetes}`,
  ];
}

/** Compares "1.26.8" and the like by their numbers; a suffix such as "rc1" is ignored. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
