// The CRDs as generated, and every constraint in them: what the tests of this folder must cover.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export type Plural = 'mspaccounts' | 'staticgroups' | 'customers' | 'protectinstances';
export const PLURALS: readonly Plural[] = ['mspaccounts', 'staticgroups', 'customers', 'protectinstances'];

export interface Schema {
  readonly type: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message?: string }[];
}

export interface CRD {
  readonly schema: Schema;
  readonly columns: readonly { readonly name: string; readonly priority?: number }[];
  readonly selectableFields: readonly string[];
}

const DIRECTORY = join(import.meta.dirname, '..', '..', 'crds');

/** The plural of every kind that has a CRD. */
export function allPlurals(): string[] {
  return readdirSync(DIRECTORY).map((file) => /^mspoperator\.dev_(.+)\.yaml$/.exec(file)?.[1] ?? file);
}

export function readCRD(plural: string): CRD {
  const path = join(DIRECTORY, `mspoperator.dev_${plural}.yaml`);
  const { spec } = parse(readFileSync(path, 'utf8')) as { spec: { versions: readonly CRDVersion[] } };
  const [version] = spec.versions;
  if (version === undefined) throw new Error(`${path} has no version`);
  return {
    schema: version.schema.openAPIV3Schema,
    columns: version.additionalPrinterColumns,
    selectableFields: version.selectableFields.map(({ jsonPath }) => jsonPath.slice(1)),
  };
}

interface CRDVersion {
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly additionalPrinterColumns: CRD['columns'];
  readonly selectableFields: readonly { readonly jsonPath: string }[];
}

/** What the schema refuses, apart from wrong types. */
export type Keyword =
  | 'required'
  | 'enum'
  | 'format'
  | 'pattern'
  | 'minLength'
  | 'maxLength'
  | 'minItems'
  | 'maxItems'
  | 'minimum'
  | 'maximum'
  | 'duplicate'
  /** A CEL rule; one without `oldSelf`. */
  | 'rule'
  /** A CEL rule with `oldSelf`. */
  | 'setOnce';

export interface Constraint {
  /** Such as `spec.sync.interval`; `spec.services[]` are its items; '' is the object itself. */
  readonly at: string;
  readonly keyword: Keyword;
  /** Of a CEL rule. */
  readonly message?: string;
}

const PLAIN = [
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
] as const satisfies readonly Keyword[];

/** Every node below `spec` and `status`, and the object itself. */
export function* nodes(schema: Schema, at = ''): Generator<{ readonly at: string; readonly schema: Schema }> {
  yield { at, schema };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    // The API server owns these three.
    if (at === '' && ['apiVersion', 'kind', 'metadata'].includes(name)) continue;
    yield* nodes(property, at === '' ? name : `${at}.${name}`);
  }
  if (schema.items !== undefined) yield* nodes(schema.items, `${at}[]`);
}

export function constraints(root: Schema): Constraint[] {
  return nodes(root)
    .flatMap(({ at, schema }) => [
      ...PLAIN.filter((keyword) => schema[keyword] !== undefined).map((keyword) => ({ at, keyword })),
      ...(schema.format === 'date-time' ? [{ at, keyword: 'format' } as const] : []),
      ...(['set', 'map'].includes(schema['x-kubernetes-list-type'] ?? '')
        ? [{ at, keyword: 'duplicate' } as const]
        : []),
      ...(schema.required ?? []).map((name) => ({
        at: at === '' ? name : `${at}.${name}`,
        keyword: 'required' as const,
      })),
      ...(schema['x-kubernetes-validations'] ?? []).map(({ rule, message = '' }) => ({
        at,
        keyword: rule.includes('oldSelf') ? ('setOnce' as const) : ('rule' as const),
        message,
      })),
    ])
    .toArray();
}
