// Where the programs come from, and how building them fails, waits and is interrupted. `go` is a script here.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { findBinaries, type Binaries } from './binaries.ts';
import { eventually, processesNaming } from './fixtures/processes.ts';
import { compareVersions, findVersion, PROGRAMS } from './versions.ts';

let temporary: string;
let lines: string[];

beforeEach(() => {
  temporary = mkdtempSync(join(inject('controlPlane').dir, 'binaries-'));
  lines = [];
  vi.stubEnv('KUBEBUILDER_ASSETS', undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true, force: true });
});

const find = (): Promise<Binaries> => findBinaries({ progress: (line) => lines.push(line) });

function script(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** An empty cache, and a `go` of which `build` does what the text says (`$out` is the wanted file). */
function fakeGo(build: string, version = 'go1.99.0'): string {
  vi.stubEnv('XDG_CACHE_HOME', join(temporary, 'cache'));
  const bin = join(temporary, 'bin');
  mkdirSync(bin);
  script(
    join(bin, 'go'),
    `if [ "$1" = env ]; then echo ${version}; exit 0; fi
     while [ "$1" != -o ]; do shift; done; out=$2
     echo "$3" >> ${join(temporary, 'calls')}
     ${build}`,
  );
  vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`);
  return join(temporary, 'cache', 'eset-msp-operator', 'controlplane');
}

describe('KUBEBUILDER_ASSETS', () => {
  it('that lacks programs is a clear error', async () => {
    vi.stubEnv('KUBEBUILDER_ASSETS', temporary);
    script(join(temporary, 'etcd'), 'exit 0');
    writeFileSync(join(temporary, 'kubectl'), 'not executable');
    await expect(find()).rejects.toThrow(
      `KUBEBUILDER_ASSETS is ${temporary}, but there is no executable kube-apiserver, kubectl in it`,
    );
  });

  it('whose programs do not work here is a clear error', async () => {
    vi.stubEnv('KUBEBUILDER_ASSETS', temporary);
    for (const name of ['etcd', 'kubectl', 'kube-apiserver']) script(join(temporary, name), 'echo broken >&2; exit 1');
    await expect(find()).rejects.toThrow(/kube-apiserver --version does not work on this machine: broken/);
  });

  it('without a controller manager takes that from the cache', async () => {
    const cached = await find();
    for (const name of ['etcd', 'kube-apiserver', 'kubectl'] as const) {
      symlinkSync(cached.paths[name], join(temporary, name));
    }
    vi.stubEnv('KUBEBUILDER_ASSETS', temporary);
    const found = await find();
    expect(found).toMatchObject({ from: 'KUBEBUILDER_ASSETS', kubernetes: cached.kubernetes });
    expect(found.paths.etcd).toBe(join(temporary, 'etcd'));
    expect(found.paths['kube-controller-manager']).toBe(cached.paths['kube-controller-manager']);
    script(join(temporary, 'kube-controller-manager'), 'exit 0');
    expect((await find()).paths['kube-controller-manager']).toBe(join(temporary, 'kube-controller-manager'));
  });
});

describe('building', { timeout: 30_000 }, () => {
  it('fills the cache once, also with several builders at once', async () => {
    const cache = fakeGo('sleep 0.2; echo program > "$out"');
    const found = await Promise.all([find(), find(), find()]);
    const calls = readFileSync(join(temporary, 'calls'), 'utf8').trim().split('\n');
    expect(calls).toHaveLength(PROGRAMS.length);
    expect(new Set(found.map(({ paths }) => paths.etcd)).size).toBe(1);
    expect(found[0]?.paths.etcd).toBe(join(cache, findVersion().key, 'etcd'));
    expect(readdirSync(cache)).toEqual([findVersion().key]);
    expect(readdirSync(join(cache, findVersion().key)).sort()).toEqual(['build.json', ...PROGRAMS].sort());
    expect(lines).toContain(`building kube-apiserver ${findVersion().kubernetes} (minutes, once) … 0 s`);

    rmSync(found[0]?.paths.kubectl ?? '');
    await find();
    expect(readFileSync(join(temporary, 'calls'), 'utf8').trim().split('\n')).toHaveLength(PROGRAMS.length + 1);
  });

  it('that fails shows the end of the log and leaves nothing', async () => {
    const cache = fakeGo('echo cannot find module; exit 1');
    await expect(find()).rejects.toThrow(
      /go build of etcd failed \(exit code 1\)[^]*cannot find module[^]*KUBEBUILDER_ASSETS/,
    );
    expect(readdirSync(cache)).toEqual([findVersion().key]);
    expect(readdirSync(join(cache, findVersion().key))).toEqual([]);
  });

  it('without Go, or with an old one, is a clear error', async () => {
    fakeGo('exit 1', 'go1.20.3');
    await expect(find()).rejects.toThrow(`takes Go ${findVersion().go} or newer, but this is go1.20.3. Install Go`);
    vi.stubEnv('PATH', temporary);
    await expect(find()).rejects.toThrow('but no `go` was found in PATH. Install Go');
  });

  it('is ended together with its process, which is killed; the next builder goes on', async () => {
    const cache = fakeGo(`echo half > "$out"; sleep 300 & echo $! > ${join(temporary, 'grandchild')}; wait`);
    const node = process.execPath;
    const build = join(import.meta.dirname, 'build.ts');
    const child = spawn(node, [build], { env: { ...process.env, NODE_OPTIONS: '' }, stdio: 'ignore' });
    await eventually(
      () => readdirSync(temporary).includes('grandchild'),
      10_000,
      () => 'no build begins',
    );
    const grandchild = Number(readFileSync(join(temporary, 'grandchild'), 'utf8'));
    child.kill('SIGKILL');
    await eventually(
      async () =>
        (await processesNaming('sleep 300')).every(({ pid }) => pid !== grandchild) &&
        readdirSync(cache).every((name) => !name.startsWith('.build-')),
      5_000,
      () => readdirSync(cache).join(' '),
    );
    script(
      join(temporary, 'bin', 'go'),
      '[ "$1" = env ] && echo go1.99.0 && exit; while [ "$1" != -o ]; do shift; done; : > "$2"',
    );
    // Nobody touches its lock any more: let that be long ago.
    utimesSync(join(cache, `.lock-${findVersion().key}`), 0, 0);
    await find();
    expect(readdirSync(cache)).toEqual([findVersion().key]);
  });
});

describe('versions', () => {
  it('are found by their minor version', () => {
    expect(findVersion('1.37')).toEqual(findVersion('v1.37'));
    expect(findVersion('1.37').kubernetes).toMatch(/^v1\.37\.\d+$/);
    expect(() => findVersion('1.2')).toThrow(
      /Kubernetes 1\.2 cannot be built here; there are module files for: .*1\.37/,
    );
    vi.stubEnv('MSPOPERATOR_TEST_KUBERNETES', '1.3');
    expect(() => findVersion()).toThrow('Kubernetes 1.3 cannot');
  });

  it('compare by number', () => {
    expect(['1.9', '1.37', '1.10'].sort(compareVersions)).toEqual(['1.9', '1.10', '1.37']);
    expect(compareVersions('go1.26.8', '1.26.0')).toBeGreaterThan(0);
    expect(compareVersions('go1.26', '1.26.0')).toBe(0);
  });
});
