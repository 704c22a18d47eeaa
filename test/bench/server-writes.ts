// What was written to the API server, as the API server itself counts it, by kind.

import type { RawClient } from './raw-client.ts';

/** `POST customers`, `PATCH customers/status`, …; refused ones apart, as `PATCH customers/status 409`. */
export type Writes = Readonly<Record<string, number>>;

const VERBS = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE', 'DELETECOLLECTION']);
/** What the operator writes to; the cluster's own controllers write elsewhere. */
const GROUPS = new Set(['mspoperator.dev', 'events.k8s.io']);

export async function readWrites(admin: RawClient): Promise<Writes> {
  const writes: Record<string, number> = {};
  for (const line of (await admin.call('GET', '/metrics')).split('\n')) {
    if (!line.startsWith('apiserver_request_total{')) continue;
    const labels = Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    const { verb = '', group = '', resource = '', subresource = '', code = '' } = labels;
    if (!VERBS.has(verb) || !GROUPS.has(group)) continue;
    const kind = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}${Number(code) < 300 ? '' : ` ${code}`}`;
    writes[kind] = (writes[kind] ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return writes;
}

/** What came to it from one reading to the next, less the bench's own. */
export function writesBetween(before: Writes, after: Writes, own: Writes = {}): Writes {
  const kinds = Object.keys(after).sort();
  const counts = kinds.map((kind): [string, number] => [
    kind,
    (after[kind] ?? 0) - (before[kind] ?? 0) - (own[kind] ?? 0),
  ]);
  return Object.fromEntries(counts.filter(([, count]) => count !== 0));
}

/** Those to these resources, with their subresources. */
export function countOf(writes: Writes, ...resources: readonly string[]): number {
  return Object.entries(writes)
    .filter(([kind]) => resources.includes(kind.split(/[ /]/)[1] ?? ''))
    .reduce((sum, [, count]) => sum + count, 0);
}
