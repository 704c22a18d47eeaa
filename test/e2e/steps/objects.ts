// The operator's objects: what is kept over an upgrade, and what their tables say.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { ROOT } from '../places.ts';
import { items, kubectl, type Stage } from './stage.ts';

const KINDS = ['mspaccounts', 'staticgroups', 'customers', 'protectinstances'];

interface Meta {
  readonly metadata: { readonly namespace?: string; readonly name: string; readonly uid: string };
}

/** "staticgroups acme-msp/name" → uid */
export async function uids(stage: Stage): Promise<Map<string, string>> {
  const all = await Promise.all(
    KINDS.map(async (kind) =>
      (await items<Meta>(stage, kind, '--all-namespaces')).map(({ metadata }): [string, string] => [
        `${kind} ${metadata.namespace}/${metadata.name}`,
        metadata.uid,
      ]),
    ),
  );
  return new Map(all.flat());
}

/** @throws Error with the objects that are gone or were made anew */
export function expectKept(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
  const lost = [...before].filter(([name, uid]) => after.get(name) !== uid).map(([name]) => name);
  if (lost.length > 0) throw new Error(`not kept: ${lost.join(', ')}`);
}

export interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly versions: readonly { readonly name: string; readonly schema: object }[] };
}

/** The definitions as the API server has them. */
export function definitions(stage: Stage): Promise<Definition[]> {
  return items<Definition>(stage, 'customresourcedefinitions');
}

/** The names of those whose schema is not the one of this repository. */
export function outdated(served: readonly Definition[]): string[] {
  const dir = join(ROOT, 'crds');
  const current = readdirSync(dir).map((file) => parse(readFileSync(join(dir, file), 'utf8')) as Definition);
  return current
    .filter(({ metadata, spec }) => {
      const found = served.find((each) => each.metadata.name === metadata.name);
      const schemas = (of: Definition['spec'] | undefined): object[] => of?.versions.map(({ schema }) => schema) ?? [];
      return !isDeepStrictEqual(schemas(found?.spec), schemas(spec));
    })
    .map(({ metadata }) => metadata.name);
}

/** `kubectl get`: a row for each object, by column. */
export async function table(stage: Stage, kind: string, namespace: string): Promise<Record<string, string>[]> {
  return rows(await kubectl(stage, ['get', kind], { namespace }));
}

/** By the positions of the heading's columns, since values may hold spaces. */
export function rows(text: string): Record<string, string>[] {
  const [heading = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  const columns = [...heading.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ name: match[0], at: match.index }));
  return lines.map((line) => {
    const characters = Array.from(line);
    return Object.fromEntries(
      columns.map(({ name, at }, index) => [
        name,
        characters
          .slice(at, columns[index + 1]?.at)
          .join('')
          .trim(),
      ]),
    );
  });
}
