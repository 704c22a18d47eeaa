// Which Kubernetes versions can be built here: one folder of Go module files per minor version under gomod/. The key of a
// version names its place in the cache: the same key means the same binaries.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;
export type Program = (typeof PROGRAMS)[number];

export const PACKAGES: Record<Program, string> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
};

export interface Version {
  /** "1.37" */
  readonly minor: string;
  /** "v1.37.2" */
  readonly kubernetes: string;
  /** "v3.7.0" */
  readonly etcd: string;
  /** The least Go version that builds it: "1.26.0". */
  readonly go: string;
  /** The folder with go.mod and go.sum. */
  readonly moduleDir: string;
  readonly buildArgs: readonly string[];
  readonly buildEnv: Record<string, string>;
  /** A folder name: version, platform and a hash of everything that decides the binaries. */
  readonly key: string;
}

const MODULES = join(import.meta.dirname, 'gomod');
const GO_OS: Record<string, string> = { win32: 'windows' };
const GO_ARCH: Record<string, string> = { x64: 'amd64', ia32: '386' };

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
  const goMod = readFileSync(join(moduleDir, 'go.mod'), 'utf8');
  const goSum = readFileSync(join(moduleDir, 'go.sum'), 'utf8');
  const kubernetes = required(goMod, 'k8s.io/kubernetes', moduleDir);
  const [major, minorNumber] = kubernetes.slice(1).split('.');
  const base = 'k8s.io/component-base/version';
  const variables = [
    `${base}.gitVersion=${kubernetes}`,
    `${base}.gitMajor=${major}`,
    `${base}.gitMinor=${minorNumber}`,
    `k8s.io/client-go/pkg/version.gitVersion=${kubernetes}`,
  ];
  const ldflags = ['-s', '-w', ...variables.map((variable) => `-X ${variable}`)].join(' ');
  const buildArgs = ['-trimpath', '-buildvcs=false', '-ldflags', ldflags];
  const buildEnv = { GOFLAGS: '-mod=readonly', CGO_ENABLED: '0', GOWORK: 'off' };
  const platform = `${GO_OS[process.platform] ?? process.platform}-${GO_ARCH[process.arch] ?? process.arch}`;
  // The Go release that builds is not part of the key (its least version is, in go.mod): a filled cache then serves
  // machines without Go, as in CI; build.json beside the binaries names the release that was used.
  const hash = createHash('sha256')
    .update(JSON.stringify([goMod, goSum, buildArgs, buildEnv]))
    .digest('hex');
  return {
    minor: wanted,
    kubernetes,
    etcd: required(goMod, 'go.etcd.io/etcd/server/v3', moduleDir),
    go: /^go (\S+)$/m.exec(goMod)?.[1] ?? '1.21',
    moduleDir,
    buildArgs,
    buildEnv,
    key: `${kubernetes}-${platform}-${hash.slice(0, 12)}`,
  };
}

function required(goMod: string, module: string, dir: string): string {
  const version = new RegExp(`^\\t${module.replaceAll('.', '\\.')} (v\\S+)`, 'm').exec(goMod)?.[1];
  if (version === undefined) throw new Error(`${dir}/go.mod does not require ${module}`);
  return version;
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
