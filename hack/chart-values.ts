// The chart's values.yaml, read as its author wrote it: each value with its comment. From it come the JSON Schema that Helm
// checks values against, and the reference for people.

import { isMap, isScalar, parse, parseDocument, type Node, type Pair, type YAMLMap } from 'yaml';

/** One value that a user may set. */
export interface Value {
  /** "crds.enabled" */
  readonly path: string;
  readonly description: string;
  readonly fallback: unknown;
  readonly schema: Schema;
}

export type Schema = { readonly [keyword: string]: unknown };

export interface Values {
  readonly values: readonly Value[];
  /** Of the whole file. */
  readonly schema: Schema;
}

/** @throws Error naming the value without a description, or with a comment that is not understood */
export function readValues(text: string): Values {
  const document = parseDocument(text);
  if (!isMap(document.contents)) throw new Error('values.yaml is not a map');
  const values: Value[] = [];
  const properties = readMap(document.contents, '', values);
  return {
    values,
    schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'Values of the chart eset-msp-operator',
      type: 'object',
      additionalProperties: false,
      // Helm hands it to every chart that is part of another.
      properties: { ...properties, global: { type: 'object' } },
    },
  };
}

function readMap(map: YAMLMap, prefix: string, values: Value[]): Record<string, Schema> {
  const properties: Record<string, Schema> = {};
  for (const [index, pair] of map.items.entries()) {
    const { key, value } = pair as Pair<Node, Node | null>;
    if (!isScalar(key)) throw new Error(`values.yaml: a key under "${prefix}" is no word`);
    const path = `${prefix}${String(key.value)}`;
    // The parser gives the comment above a map's first key to the map.
    const above = key.commentBefore ?? (index === 0 ? map.commentBefore : undefined) ?? '';
    const { description, schema } = readComment(path, above);
    if (description === '' && isMap(value) && value.items.length > 0) {
      properties[String(key.value)] = {
        type: 'object',
        additionalProperties: false,
        properties: readMap(value, `${path}.`, values),
      };
      continue;
    }
    if (description === '') throw new Error(`values.yaml: ${path} has no description (a comment that begins with --)`);
    const fallback: unknown = value?.toJSON();
    if (fallback === undefined || fallback === null) throw new Error(`values.yaml: ${path} has no default`);
    const full = { type: typeOf(fallback), description, ...schema };
    properties[String(key.value)] = full;
    values.push({ path, description, fallback, schema: full });
  }
  return properties;
}

/** The last block of the comment: what comes before an empty line speaks of something else. */
function readComment(path: string, comment: string): { readonly description: string; readonly schema: Schema } {
  const block = comment.split(/\n\s*\n/).at(-1) ?? '';
  const lines = block.split('\n').map((line) => line.replace(/^ /, '').trimEnd());
  const schemaLine = lines.find((line) => line.startsWith('@schema '));
  const words = lines.filter((line) => !line.startsWith('@schema '));
  const schema: unknown = schemaLine === undefined ? {} : parse(schemaLine.slice('@schema '.length));
  if (typeof schema !== 'object' || schema === null) throw new Error(`values.yaml: the @schema of ${path} is no map`);
  const text = words.join(' ').trim();
  if (text !== '' && !text.startsWith('-- ')) return { description: '', schema: {} };
  return { description: text.slice('-- '.length), schema: schema as Schema };
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value;
  return 'object';
}

/** A page of Markdown with a row for each value. */
export function valuesReference(values: readonly Value[]): string {
  const rows = values.map(({ path, description, fallback, schema }) => {
    const type = [schema['type']].flat().join(' or ');
    return `| \`${path}\` | ${cell(type)} | ${cell(shown(fallback))} | ${cell(description + choices(schema))} |`;
  });
  return [
    '<!-- Generated from charts/eset-msp-operator/values.yaml by `make generate`; do not edit. -->',
    '',
    '# Values of the Helm chart',
    '',
    'Helm checks what you set against `values.schema.json`: a value that is not in this list is refused.',
    '',
    '| value | type | default | what it does |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function choices(schema: Schema): string {
  const all = schema['enum'];
  return Array.isArray(all) ? ` One of ${all.map((each) => `\`${String(each)}\``).join(', ')}.` : '';
}

function shown(value: unknown): string {
  return value === '' ? '' : `\`${JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
