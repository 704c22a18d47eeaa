// Writes and reads kubeconfig files of one cluster and one user.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { parse, stringify } from 'yaml';

/** The `cluster` part of a kubeconfig. Other fields (proxy-url, tls-server-name) are kept as they are. */
export interface ClusterPart {
  readonly server: string;
  readonly 'certificate-authority-data'?: string;
  readonly [field: string]: unknown;
}

export interface KubeconfigParts {
  readonly cluster: ClusterPart;
  readonly user: { readonly token?: string; readonly [field: string]: unknown };
  readonly namespace?: string | undefined;
}

/** Readable by this user only, and never seen half written. */
export async function writeKubeconfig(path: string, { cluster, user, namespace }: KubeconfigParts): Promise<void> {
  const context = { cluster: 'test', user: 'test', ...(namespace === undefined ? {} : { namespace }) };
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context }],
    'current-context': 'test',
  });
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}

/** Reads a kubeconfig of one context, such as `kubectl config view --minify` prints. */
export function parseKubeconfig(text: string, where: string): KubeconfigParts {
  const config = parse(text) as {
    clusters?: { cluster?: ClusterPart }[];
    users?: { user?: KubeconfigParts['user'] }[];
  } | null;
  const cluster = config?.clusters?.[0]?.cluster;
  if (typeof cluster?.server !== 'string') throw new Error(`${where} names no cluster in its current context`);
  return { cluster, user: config?.users?.[0]?.user ?? {} };
}

export async function readKubeconfig(path: string): Promise<KubeconfigParts> {
  return parseKubeconfig(await readFile(path, 'utf8'), path);
}

export function certificateOf(cluster: ClusterPart): string | undefined {
  const data = cluster['certificate-authority-data'];
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString('utf8');
}
