// The fields, columns and selectors of a kind, from the schema that the CRD is generated from.

import type { KindDefinition } from '../../operator/api/schema/crd.ts';
import { condition } from '../../operator/api/v1alpha1/common.ts';
import type { Rule } from '../../operator/api/schema/types.ts';
import { code, table } from './markdown.ts';

/** What this reads of a schema. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

interface Field {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** Every field below `at`, parents first; the items of a list as `list[]`. */
export function fieldsOf(schema: Schema, at: string): Field[] {
  const inside = schema.items ?? schema;
  const lead = schema.items === undefined ? at : `${at}[]`;
  return Object.entries(inside.properties ?? {}).flatMap(([name, child]) => {
    // The same in every kind: described once.
    if (at.endsWith('.conditions')) return [];
    const path = `${lead}.${name}`;
    return [{ path, schema: child, required: inside.required?.includes(name) ?? false }, ...fieldsOf(child, path)];
  });
}

/** Fields that can be neither changed nor removed once they are there, as `.path` below the spec. */
export function setOnceFields(spec: Schema): string[] {
  return (spec['x-kubernetes-validations'] ?? [])
    .filter(({ rule }) => rule.includes('oldSelf'))
    .map(({ fieldPath = '' }) => fieldPath);
}

/** The fields of a condition. */
export function conditionFieldsPart(): string {
  const rows = Object.entries((condition as Schema).properties ?? {}).map(([name, schema]) => [
    code(name),
    typeOf(schema),
    limitsOf(schema).join(', '),
    descriptionOf(schema),
  ]);
  return table(['field', 'type', 'limits', 'what it says'], rows);
}

export function kindPart(definition: KindDefinition): string {
  const spec = definition.spec as Schema;
  const status = definition.status as Schema;
  const once = setOnceFields(spec);
  const rows = (fields: readonly Field[]) =>
    fields.map(({ path, schema, required }) => {
      const notes = [
        ...(required ? ['required'] : []),
        ...(once.some((field) => path === `spec${field}`) ? ['set once'] : []),
        ...limitsOf(schema),
      ];
      return [code(path), typeOf(schema), notes.join(', '), descriptionOf(schema)];
    });
  const titles = ['field', 'type', 'limits', 'what it says'];
  const rules = [...definition.rules, ...rulesOf(spec, 'spec')];
  const columns = definition.columns.map(({ name, jsonPath, description, priority }) => [
    name.toUpperCase(),
    priority === 1 ? 'with `-o wide`' : 'always',
    code(jsonPath),
    description,
  ]);
  return [
    `${definition.description} Short name${definition.shortNames.length > 1 ? 's' : ''} ${definition.shortNames.map(code).join(', ')}; category ${definition.categories.map(code).join(', ')}.`,
    table(titles, rows(fieldsOf(spec, 'spec'))),
    rules.length === 0
      ? ''
      : `What is refused at \`kubectl apply\`, with the message:\n\n${rules.map(({ message }) => `* ${message}`).join('\n')}`,
    table(titles, rows(fieldsOf(status, 'status'))),
    `Columns of \`kubectl get ${definition.shortNames[0]}\`:\n\n${table(['column', 'shown', 'from', 'what it says'], columns)}`,
    `Field selectors: ${definition.selectableFields.map((path) => code(path.slice(1))).join(', ')}.`,
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function typeOf({ type, format, enum: words, items, properties }: Schema): string {
  if (words !== undefined) return words.map(code).join(' or ');
  if (items !== undefined) return items.properties === undefined ? `list of ${typeOf(items)}` : 'list';
  if (properties !== undefined) return 'object';
  return format === 'date-time' ? 'time' : (type ?? '');
}

function limitsOf(schema: Schema): string[] {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems } = schema;
  const between = (from: number | undefined, to: number | undefined, unit: string): string[] => {
    if (from === undefined && to === undefined) return [];
    if (from === undefined || (unit !== '' && from === 0)) return [`at most ${to}${unit}`];
    return [to === undefined ? `at least ${from}${unit}` : `${from} to ${to}${unit}`];
  };
  return [
    ...between(minLength, maxLength, ' characters'),
    ...between(minimum, maximum, ''),
    ...between(minItems, maxItems, ' items'),
  ];
}

function descriptionOf({ description = '' }: Schema): string {
  return description;
}

function rulesOf(schema: Schema, path: string): { message: string }[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ message }) => ({
    message: `${code(path)}: ${message}`,
  }));
  return [
    ...own,
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => rulesOf(child, `${path}.${name}`)),
  ];
}
