// For the tests beside it only: a tree to crawl, served as it is or with some listings scripted. Nothing in the operator
// imports it.

import type { Snapshot } from '../hierarchy/snapshot.ts';
import type { CrawlResult } from './client.ts';
import { id, serve, tree, type Node, type Script, type Scripted } from './scripted.ts';

/** A tree with every type in it. */
export const ROOT: Node = {
  n: 1,
  type: 1002,
  children: [
    { n: 3, type: 1003, children: [{ n: 31, type: 1005, children: [{ n: 311, type: 1007 }] }] },
    {
      n: 2,
      type: 1004,
      children: [
        { n: 22, type: 1006, children: [{ n: 221, type: 1007 }] },
        { n: 21, type: 1007 },
      ],
    },
  ],
};

export function snapshot(result: CrawlResult): Snapshot {
  if (result.kind !== 'snapshot') throw new Error(JSON.stringify(result));
  return result.snapshot;
}

export const shape = (snapshot: Snapshot): [string, string | null][] =>
  snapshot.companies.map(({ id, parentID }) => [id, parentID]);
export const children = (scripts: Record<string, Script>): Script => scripts['Company/Children'] as Script;

/** Serves `ROOT`, but the children of some companies by a script of their own. */
export async function serveBut(special: Record<number, Script>, root: Node = ROOT): Promise<Scripted> {
  const scripts = tree(root);
  const byId = new Map(Object.entries(special).map(([n, script]) => [id(Number(n)), script]));
  return serve({
    ...scripts,
    'Company/Children': (seen, nth) => (byId.get(String(seen.body['companyId'])) ?? children(scripts))(seen, nth),
  });
}
