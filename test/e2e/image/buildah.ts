// buildah with a storage of its own in the cache, so that the machine's images stay as they are.

import { homedir } from 'node:os';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE } from '../places.ts';
import { must } from '../run.ts';

export interface Buildah {
  /** @param timestamp of all that is made, seconds; default: that of the build */
  build(image: string, args: readonly string[], timestamp?: string): Promise<void>;
  /** Of its manifest: the same bytes, the same digest. */
  digest(image: string): Promise<string>;
  has(image: string): Promise<boolean>;
  remove(image: string): Promise<void>;
  save(image: string, path: string): Promise<void>;
  /** Takes away what the builds left but the named images. */
  close(): Promise<void>;
}

/** The certificates of this machine: an npm behind a proxy needs them. */
const CERTIFICATES = '/etc/ssl/certs';

export async function buildah(dir: string): Promise<Buildah> {
  const root = join(CACHE, 'buildah');
  const runRoot = join(dir, 'buildah-run');
  await mkdir(root, { recursive: true });
  const packages = join(CACHE, 'npm');
  await mkdir(packages, { recursive: true });
  const npmrc = await npmSettings(dir);
  const run = (...args: string[]): Promise<string> =>
    must('buildah', [`--root=${root}`, `--runroot=${runRoot}`, '--storage-driver=overlay', ...args], {
      timeoutMs: 900_000,
      // Its temporary files go with the run.
      env: { ...process.env, TMPDIR: dir },
    });
  return {
    build: async (image, args, timestamp) => {
      const times = timestamp === undefined ? [] : [`--timestamp=${timestamp}`];
      // No layer cache: it does not see that a build argument has changed. The network is the machine's, and so are its
      // settings of npm and its certificates.
      const host = ['--network=host', '--isolation=chroot'];
      // What was downloaded once is kept; the lock file says what its bytes must be.
      const volumes = [`${npmrc}:/root/.npmrc:ro`, `${CERTIFICATES}:${CERTIFICATES}:ro`, `${packages}:/root/.npm`];
      const mounts = volumes.map((volume) => `--volume=${volume}`);
      await run(
        'build',
        '--no-cache',
        '--pull-never',
        '--quiet',
        ...host,
        ...mounts,
        ...times,
        `--tag=${image}`,
        ...args,
      );
    },
    // A line for each of its names.
    digest: async (image) => (await run('images', '--format={{.Digest}}', image)).split('\n')[0] ?? '',
    has: async (image) => (await run('images', '--format={{.Name}}:{{.Tag}}')).split('\n').includes(image),
    remove: async (image) => {
      await run('rmi', '--force', image);
    },
    save: async (image, path) => {
      await run('push', '--quiet', image, `docker-archive:${path}:${image}`);
    },
    close: async () => {
      // The images that were built over, and stages.
      await run('rmi', '--prune', '--force');
      await rm(runRoot, { recursive: true, force: true });
    },
  };
}

/** The registry and the certificates of npm as they are set on this machine. */
async function npmSettings(dir: string): Promise<string> {
  const path = join(dir, 'npmrc');
  const settings = await Promise.all(
    ['registry', 'cafile', 'proxy', 'https-proxy'].map(async (key) => {
      const value = (await must('npm', ['config', 'get', key], { cwd: homedir() })).trim();
      return value === 'null' || value === 'undefined' || value === '' ? '' : `${key}=${value}\n`;
    }),
  );
  await access(CERTIFICATES);
  await writeFile(path, settings.join(''), { mode: 0o600 });
  return path;
}
