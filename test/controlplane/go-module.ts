// A folder of Go module files (go.mod, go.sum) and the programs that are built from it. The key names their place in the cache:
// the same key means the same binaries.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface GoModule<P extends string = string> {
  /** For people: "Kubernetes v1.37.2". */
  readonly title: string;
  /** The least Go version that builds it: "1.26.0". */
  readonly go: string;
  /** The folder with go.mod and go.sum. */
  readonly moduleDir: string;
  readonly buildArgs: readonly string[];
  readonly buildEnv: Readonly<Record<string, string>>;
  /** A folder name: version, platform and a hash of everything that decides the binaries. */
  readonly key: string;
  /** The Go package of each program. */
  readonly packages: Readonly<Record<P, string>>;
  /** "v1.37.2" */
  readonly versions: Readonly<Record<P, string>>;
  /** What else than installing Go helps; continues the sentence "Install Go, …". */
  readonly alternatives: string;
}

interface Description<P extends string> extends Pick<GoModule<P>, 'title' | 'packages' | 'versions' | 'alternatives'> {
  readonly keyPrefix: string;
  /** `package.variable=value`, set by the linker. */
  readonly variables: readonly string[];
  /** Build tags. */
  readonly tags?: readonly string[];
}

interface GoMod {
  /** The version of a module that go.mod requires, such as "v1.37.2". */
  required(module: string): string;
  described<P extends string>(description: Description<P>): GoModule<P>;
}

const GO_OS: Record<string, string> = { win32: 'windows' };
const GO_ARCH: Record<string, string> = { x64: 'amd64', ia32: '386' };

export function readGoMod(moduleDir: string): GoMod {
  const goMod = readFileSync(join(moduleDir, 'go.mod'), 'utf8');
  const goSum = readFileSync(join(moduleDir, 'go.sum'), 'utf8');
  return {
    required(module) {
      const version = new RegExp(`^(?:\\t|require )${module.replaceAll('.', '\\.')} (v\\S+)`, 'm').exec(goMod)?.[1];
      if (version === undefined) throw new Error(`${moduleDir}/go.mod does not require ${module}`);
      return version;
    },
    described({ keyPrefix, variables, tags = [], ...rest }) {
      const ldflags = ['-s', '-w', ...variables.map((variable) => `-X ${variable}`)].join(' ');
      const tagged = tags.length === 0 ? [] : ['-tags', tags.join(',')];
      const buildArgs = ['-trimpath', '-buildvcs=false', ...tagged, '-ldflags', ldflags];
      const buildEnv = { GOFLAGS: '-mod=readonly', CGO_ENABLED: '0', GOWORK: 'off' };
      const platform = `${GO_OS[process.platform] ?? process.platform}-${GO_ARCH[process.arch] ?? process.arch}`;
      // The Go release that builds is not part of the key (its least version is, in go.mod): a filled cache then serves
      // machines without Go, as in CI; build.json beside the binaries names the release that was used.
      const hash = createHash('sha256')
        .update(JSON.stringify([goMod, goSum, buildArgs, buildEnv]))
        .digest('hex');
      return {
        ...rest,
        go: /^go (\S+)$/m.exec(goMod)?.[1] ?? '1.21',
        moduleDir,
        buildArgs,
        buildEnv,
        key: `${keyPrefix}-${platform}-${hash.slice(0, 12)}`,
      };
    },
  };
}
