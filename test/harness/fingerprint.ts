// The state of objects without what differs from run to run (uids, versions, times, the names of the world), and what differs
// between two such states, in words.

import type { Resource } from '../../operator/runtime/object.ts';
import type { Thing, World } from './world.ts';

/** By `Kind/name`. */
export type Fingerprint = Readonly<Record<string, unknown>>;

/** No two runs agree on these. */
const DROPPED = new Set(['uid', 'resourceVersion', 'secretResourceVersion', 'managedFields', 'namespace', 'selfLink']);
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
/** What `World.sync` writes as requestedAt. */
const REQUEST = /^\d{13}-\d+$/;
/** A planHash covers the time since when companies are held. */
const HASH = /\b[0-9a-f]{16}\b/g;
const MAX_DIFFERENCES = 20;

/** @param names texts of one run and what to show instead, such as the namespace's name */
export function fingerprintOf(objects: readonly Thing[], names: Readonly<Record<string, string>> = {}): Fingerprint {
  const normal = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const named = Object.entries(names).reduce((text, [name, shown]) => text.replaceAll(name, shown), value);
      return named.replace(TIME, '<time>').replace(REQUEST, '<request>').replace(HASH, '<hash>');
    }
    if (Array.isArray(value)) return value.map(normal);
    if (typeof value !== 'object' || value === null) return value;
    const kept = Object.entries(value).filter(([key]) => !DROPPED.has(key));
    return Object.fromEntries(kept.map(([key, inner]) => [key, normal(inner)]));
  };
  return Object.fromEntries(objects.map((object) => [`${object.kind}/${object.metadata.name}`, normal(object)]));
}

const own = { group: 'mspoperator.dev', version: 'v1alpha1', namespaced: true } as const;
export const MSP_ACCOUNTS: Resource = { ...own, plural: 'mspaccounts', kind: 'MSPAccount' };
export const STATIC_GROUPS: Resource = { ...own, plural: 'staticgroups', kind: 'StaticGroup' };
export const CUSTOMERS: Resource = { ...own, plural: 'customers', kind: 'Customer' };

/** All objects of these kinds in a world. Their generations stay: a second write of a spec would show. */
export async function fingerprintWorld(
  world: World,
  kinds: readonly Resource[] = [MSP_ACCOUNTS, STATIC_GROUPS, CUSTOMERS],
): Promise<Fingerprint> {
  const objects: Thing[] = [];
  for (const kind of kinds) {
    const pages = world.admin.list(kind, { namespace: world.namespace });
    for await (const { items } of pages) objects.push(...(items as unknown as Thing[]));
  }
  return fingerprintOf(objects, { [world.namespace]: '<namespace>', [world.upstreamHost]: '<upstream>' });
}

/** One line for each field that differs, at most some; empty if none does. */
export function differences(expected: Fingerprint, actual: Fingerprint): string[] {
  const lines: string[] = [];
  const compare = (where: string, a: unknown, b: unknown): void => {
    if (Object.is(a, b)) return;
    if (isTree(a) && isTree(b) && Array.isArray(a) === Array.isArray(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        compare(where === '' ? key : `${where} ${labelIn(a, b, key)}`, at(a, key), at(b, key));
      }
      return;
    }
    lines.push(`${where}: expected ${show(a)}, is ${show(b)}`);
  };
  compare('', expected, actual);
  const more = lines.length - MAX_DIFFERENCES;
  return more > 0 ? [...lines.slice(0, MAX_DIFFERENCES), `and ${more} more`] : lines;
}

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

function at(tree: Tree, key: string): unknown {
  return tree[key];
}

/** A condition by its type instead of its place. */
function labelIn(a: Tree, b: Tree, key: string): string {
  const item = (at(a, key) ?? at(b, key)) as { type?: unknown } | undefined;
  return Array.isArray(a) && typeof item?.type === 'string' ? `[${item.type}]` : `.${key}`;
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
