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

/** An object, or the path of a file or a folder (of *.yaml, not its subfolders). */
export type Manifest = string | object;

/** Paths that do not exist are an error. */
export async function installManifests(
  cluster: Pick<Cluster, 'kubectl' | 'kubectlOk'>,
  manifests: readonly Manifest[],
): Promise<void> {
  const objects = (await Promise.all(manifests.map(objectsOf))).flat();
  if (objects.length === 0) return;
  const crds = objects.filter(
    (object): object is CRD => 'kind' in object && object.kind === 'CustomResourceDefinition',
  );
  // Server-side: a CRD's schema may be larger than the annotation of a client-side apply can hold.
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  await cluster.kubectlOk(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input });
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

async function objectsOf(manifest: Manifest): Promise<object[]> {
  if (typeof manifest !== 'string') return [manifest];
  const texts = await Promise.all((await filesAt(manifest)).map((file) => readFile(file, 'utf8')));
  const objects = texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as object | null));
  return objects.filter((object) => object !== null);
}

async function filesAt(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /\.ya?ml$/.test(name)).sort();
  return names.map((name) => join(path, name));
}
