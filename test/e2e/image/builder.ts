// Builds the images and saves each as an archive that a node can import: with docker where there is one, else with buildah.

import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { must } from '../run.ts';
import { ROOT } from '../places.ts';
import { buildah, type Buildah } from './buildah.ts';
import { IMAGE_AGAIN, operatorImage, PAUSE_IMAGE, SIMULATOR_IMAGE } from './names.ts';
import { makeBases } from './bases.ts';

export type Engine = 'docker' | 'buildah';

/** The archives, by image. */
export type Images = Readonly<Record<string, string>>;

interface Build {
  readonly image: string;
  readonly dockerfile: string;
  readonly context: string;
  readonly args: Readonly<Record<string, string>>;
}

const SIMULATOR = join(ROOT, 'test', 'e2e', 'simulator');

async function simulator(dir: string): Promise<Build> {
  const context = join(dir, 'simulator');
  await mkdir(context, { recursive: true });
  for (const file of [join(ROOT, 'dist', 'simulator.js'), join(SIMULATOR, 'front.ts')]) {
    await copyFile(file, join(context, basename(file)));
  }
  const dockerfile = join(SIMULATOR, 'Dockerfile');
  return { image: SIMULATOR_IMAGE, dockerfile, context, args: { OPERATOR_IMAGE: operatorImage } };
}

async function operator(): Promise<Build> {
  const git = async (...args: string[]): Promise<string> => (await must('git', args, { cwd: ROOT })).trim();
  const [SOURCE_DATE_EPOCH, REVISION] = await Promise.all([git('log', '-1', '--format=%ct'), git('rev-parse', 'HEAD')]);
  const dockerfile = join(ROOT, 'Dockerfile');
  return { image: operatorImage, dockerfile, context: ROOT, args: { SOURCE_DATE_EPOCH, REVISION } };
}

/** The image that holds the namespaces of a pod. */
async function pause(dir: string, program: string): Promise<Build> {
  const context = join(dir, 'pause');
  const dockerfile = join(context, 'Dockerfile');
  await mkdir(context, { recursive: true });
  await copyFile(program, join(context, 'pause'));
  await writeFile(dockerfile, 'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n');
  return { image: PAUSE_IMAGE, dockerfile, context, args: {} };
}

/**
 * @param dir where the archives go
 * @param pauseProgram for a node of our own; others bring their image
 */
export async function buildImages(
  engine: Engine,
  dir: string,
  say: (line: string) => void,
  pauseProgram?: string,
): Promise<Images> {
  const builds = [await operator(), await simulator(dir)];
  if (pauseProgram !== undefined) builds.push(await pause(dir, pauseProgram));
  if (engine === 'docker') return saved(dir, builds, dockerBuild, dockerSave);
  const tool = await buildah(dir);
  await makeBases(tool, say);
  try {
    return await saved(
      dir,
      builds,
      (build) => buildahBuild(tool, build),
      (image, path) => tool.save(image, path),
    );
  } finally {
    await tool.close();
  }
}

/** Builds the operator's image once more, with buildah, and compares. @returns the digest; throws if they differ */
export async function buildAgain(dir: string): Promise<string> {
  const tool = await buildah(dir);
  const build = await operator();
  try {
    await buildahBuild(tool, { ...build, image: IMAGE_AGAIN });
    const [first, again] = [await tool.digest(build.image), await tool.digest(IMAGE_AGAIN)];
    if (first !== again || first === '') throw new Error(`the first build is ${first}, the second ${again}`);
    return first;
  } finally {
    await tool.remove(IMAGE_AGAIN);
    await tool.close();
  }
}

async function saved(
  dir: string,
  builds: readonly Build[],
  make: (build: Build) => Promise<void>,
  save: (image: string, path: string) => Promise<void>,
): Promise<Images> {
  const archives: Record<string, string> = {};
  for (const [index, build] of builds.entries()) {
    const path = join(dir, `image-${index}.tar`);
    await rm(path, { force: true });
    await make(build);
    await save(build.image, path);
    archives[build.image] = path;
  }
  return archives;
}

const buildArgs = (args: Build['args']): string[] =>
  Object.entries(args).map(([name, value]) => `--build-arg=${name}=${value}`);

async function dockerBuild({ image, dockerfile, context, args }: Build): Promise<void> {
  await must('docker', ['build', '--quiet', `--file=${dockerfile}`, `--tag=${image}`, ...buildArgs(args), context]);
}

async function dockerSave(image: string, path: string): Promise<void> {
  await must('docker', ['save', '--output', path, image]);
}

async function buildahBuild(tool: Buildah, { image, dockerfile, context, args }: Build): Promise<void> {
  await tool.build(image, [`--file=${dockerfile}`, ...buildArgs(args), context], args['SOURCE_DATE_EPOCH']);
}
