// Stand-ins for the Dockerfile's two base images, under their names, for machines without a registry: the same Debian release,
// made of its packages, with the Node of package.json's devDependency. A real build takes the real bases.

import { access, copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE, ROOT } from '../places.ts';
import { must } from '../run.ts';
import type { Buildah } from './buildah.ts';

interface Base {
  /** The build argument that names it. */
  readonly argument: string;
  readonly packages: readonly string[];
  readonly node: boolean;
}

const LIBRARIES = ['libc6', 'libgcc-s1', 'libstdc++6'];
const BASES: readonly Base[] = [
  { argument: 'BUILD_IMAGE', packages: [...LIBRARIES, 'dash', 'coreutils', 'findutils'], node: true },
  { argument: 'BASE_IMAGE', packages: LIBRARIES, node: false },
];

const NODE_FILES = 'COPY node /usr/local/bin/node\nCOPY npm /usr/local/lib/node_modules/npm\n';
const NPM = 'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm\n';
// Without a list of users the home directory would be /.
const ENV = 'ENV PATH=/usr/local/bin:/usr/bin:/bin HOME=/root\n';

/** The name that the Dockerfile gives an image by default. */
export function imageOf(dockerfile: string, argument: string): string {
  const image = new RegExp(`^ARG ${argument}=(\\S+)$`, 'm').exec(dockerfile)?.[1];
  if (image === undefined) throw new Error(`the Dockerfile has no default for ${argument}`);
  return image;
}

/** The Debian release that the name of an image speaks of. */
export function releaseOf(image: string): string {
  const release = /bookworm|trixie|debian(\d+)/.exec(image);
  const byNumber: Readonly<Record<string, string>> = { '12': 'bookworm', '13': 'trixie' };
  const name = release?.[1] === undefined ? release?.[0] : byNumber[release[1]];
  if (name === undefined) throw new Error(`no stand-in can be made for ${image}: its name tells no Debian release`);
  return name;
}

export async function makeBases(tool: Buildah, say: (line: string) => void): Promise<void> {
  const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  for (const base of BASES) {
    const image = imageOf(dockerfile, base.argument);
    if (await tool.has(image)) continue;
    say(`making a stand-in for ${image} of Debian's packages (once) …`);
    await makeBase(tool, base, image);
  }
}

async function makeBase(tool: Buildah, { packages, node }: Base, image: string): Promise<void> {
  const context = join(CACHE, 'base');
  await rm(context, { recursive: true, force: true });
  await mkdir(context, { recursive: true });
  try {
    const tar = join(context, 'base.tar');
    await must('mmdebstrap', ['--variant=extract', `--include=${packages.join(',')}`, releaseOf(image), tar], {
      timeoutMs: 600_000,
    });
    if (node) {
      await copyFile(join(ROOT, 'node_modules', 'node', 'bin', 'node'), join(context, 'node'));
      const npm = join((await must('npm', ['root', '--global'])).trim(), 'npm');
      await access(join(npm, 'bin', 'npm-cli.js'));
      await cp(npm, join(context, 'npm'), { recursive: true, dereference: true });
    }
    const file = join(context, 'Dockerfile');
    await writeFile(file, `FROM scratch\nADD base.tar /\n${node ? `${NODE_FILES}${NPM}${ENV}` : ''}`);
    await tool.build(image, [`--file=${file}`, context]);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
