// What holds for every field of every CRD.

import { describe, expect, test } from 'vitest';
import { allPlurals, nodes, PLURALS, readCRD, type Schema } from './schema.ts';

/** What is missing at a node of the schema; empty if nothing is. */
function problemsOf({ at, schema }: { readonly at: string; readonly schema: Schema }): string[] {
  const bounded = schema.maxLength !== undefined || schema.enum !== undefined || schema.format !== undefined;
  const rules = schema['x-kubernetes-validations'] ?? [];
  return [
    (schema.description ?? '').trim() === '' && 'no description',
    schema.type === 'string' && !bounded && 'a string without maxLength, enum or format',
    schema.type === 'array' && schema.maxItems === undefined && 'a list without maxItems',
    schema.type === 'array' && schema['x-kubernetes-list-type'] === undefined && 'a list of no stated kind',
    schema.type === 'object' && schema.properties === undefined && 'an object without properties',
    // GitOps tools would show a difference for ever.
    schema.default !== undefined && at !== 'status' && 'a default',
    rules.some(({ message = '' }) => message.trim() === '') && 'a rule without a message',
  ]
    .filter((problem) => problem !== false)
    .map((problem) => `${at}: ${problem}`);
}

test('the CRDs are all found', () => {
  expect(allPlurals()).toEqual(expect.arrayContaining([...PLURALS]));
});

describe.for(allPlurals())('%s', (plural) => {
  const { schema, columns, selectableFields } = readCRD(plural);

  test('every field is described and bounded, and none has a default but status as a whole', () => {
    expect(nodes(schema).flatMap(problemsOf).toArray()).toEqual([]);
  });

  test('every selectable field is a string of the schema', () => {
    const strings = nodes(schema)
      .filter((node) => node.schema.type === 'string')
      .map(({ at }) => at)
      .toArray();
    expect(strings).toEqual(expect.arrayContaining([...selectableFields]));
    expect(selectableFields.length).toBeGreaterThan(0);
  });

  test('the last column is Age, and no two have the same name', () => {
    const names = columns.map(({ name }) => name);
    expect(names.at(-1)).toBe('Age');
    expect(new Set(names).size).toBe(names.length);
  });
});

test.each<[string, Schema]>([
  ['no description', { type: 'boolean' }],
  ['a string without maxLength, enum or format', { type: 'string', description: 'x' }],
  ['a list without maxItems', { type: 'array', description: 'x', 'x-kubernetes-list-type': 'set' }],
  ['a list of no stated kind', { type: 'array', description: 'x', maxItems: 1 }],
  ['an object without properties', { type: 'object', description: 'x' }],
  ['a default', { type: 'boolean', description: 'x', default: false }],
  ['a rule without a message', { type: 'boolean', description: 'x', 'x-kubernetes-validations': [{ rule: 'self' }] }],
])('these tests see %s, however deep', (problem, bad) => {
  const list: Schema = {
    type: 'array',
    description: 'x',
    maxItems: 1,
    'x-kubernetes-list-type': 'atomic',
    items: { type: 'object', description: 'x', properties: { bad } },
  };
  const root: Schema = { type: 'object', description: 'x', properties: { spec: list } };
  expect(nodes(root).flatMap(problemsOf).toArray()).toEqual([`spec[].bad: ${problem}`]);
});
