// Applies manifests (CRDs, RBAC, policies) and waits until what they define is served.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import type { Cluster } from './cluster.ts';

interface CRD {
  readonly kind?: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

const SERVED_MS = 30_000;

/** `paths` are files and folders (of *.yaml, not their subfolders); one that does not exist is passed over. */
export async function installManifests(
  cluster: Pick<Cluster, 'kubectl' | 'kubectlOk'>,
  paths: readonly string[],
): Promise<void> {
  const files = (await Promise.all(paths.map(filesAt))).flat();
  if (files.length === 0) return;
  const crds: CRD[] = [];
  for (const file of files) {
    for (const document of parseAllDocuments(await readFile(file, 'utf8'))) {
      const object = document.toJS() as CRD | null;
      if (object?.kind === 'CustomResourceDefinition') crds.push(object);
    }
  }
  // Server-side: a CRD's schema may be larger than the annotation of a client-side apply can hold.
  await cluster.kubectlOk([
    'apply',
    '--server-side',
    '--force-conflicts',
    ...files.flatMap((file) => ['--filename', file]),
  ]);
  if (crds.length === 0) return;
  const names = crds.map((crd) => `customresourcedefinition/${crd.metadata.name}`);
  await cluster.kubectlOk(['wait', '--for=condition=Established', '--timeout=30s', ...names]);
  await Promise.all(crds.map((crd) => waitServed(cluster, crd)));
}

/** Established is not served: the API server's handlers follow a moment later. */
async function waitServed(cluster: Pick<Cluster, 'kubectl'>, crd: CRD): Promise<void> {
  const deadline = Date.now() + SERVED_MS;
  for (const version of crd.spec.versions.filter(({ served }) => served)) {
    const path = `/apis/${crd.spec.group}/${version.name}/${crd.spec.names.plural}?limit=1`;
    for (;;) {
      const result = await cluster.kubectl(['get', '--raw', path]);
      if (result.code === 0) break;
      if (Date.now() > deadline) throw new Error(`${path} is not served after 30 s: ${result.stderr.trim()}`);
      await sleep(100);
    }
  }
}

async function filesAt(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [];
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /\.ya?ml$/.test(name)).sort();
  return names.map((name) => join(path, name));
}
