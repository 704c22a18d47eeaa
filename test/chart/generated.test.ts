// What the generator reads from values.yaml and makes of a CRD.

import { describe, expect, test } from 'vitest';
import { crdTemplate } from '../../hack/chart-crd.ts';
import { readValues, valuesReference } from '../../hack/chart-values.ts';

const TEXT = `# Of the file, not of the first value.

# -- The first,
# on two lines.
first: a
outer:
  # -- One of | two.
  # @schema {enum: [x, y]}
  inner: x
  # -- Free.
  free: {}
# -- How many.
# @schema {minimum: 1}
count: 3
`;

describe('values.yaml', () => {
  const { values, schema } = readValues(TEXT);

  test('each value has its description, default and schema', () => {
    expect(values.map(({ path, description, fallback }) => [path, description, fallback])).toEqual([
      ['first', 'The first, on two lines.', 'a'],
      ['outer.inner', 'One of | two.', 'x'],
      ['outer.free', 'Free.', {}],
      ['count', 'How many.', 3],
    ]);
    expect(schema).toMatchObject({
      additionalProperties: false,
      properties: {
        first: { type: 'string' },
        outer: { additionalProperties: false, properties: { inner: { type: 'string', enum: ['x', 'y'] } } },
        count: { type: 'integer', minimum: 1 },
        global: { type: 'object' },
      },
    });
    expect(schema).not.toHaveProperty('properties.outer.properties.free.additionalProperties');
  });

  test('the reference has a row for each', () => {
    const rows = valuesReference(values)
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows).toHaveLength(4);
    expect(rows[1]).toBe('| `outer.inner` | string | `"x"` | One of \\| two. One of `x`, `y`. |');
  });

  test.for<[string, string]>([
    ['bare: 1\n', 'bare has no description'],
    ['# no dashes\nbare: 1\n', 'bare has no description'],
    ['# -- x\nnothing:\n', 'nothing has no default'],
    ['outer:\n  inner: 1\n', 'outer.inner has no description'],
    ['# -- x\n# @schema word\na: 1\n', 'the @schema of a is no map'],
    ['- a\n', 'not a map'],
  ])('%j is refused', ([text, message]) => {
    expect(() => readValues(text)).toThrow(message);
  });
});

describe('the template of a CRD', () => {
  const crd = 'kind: CustomResourceDefinition\nmetadata:\n  name: x.y\nspec:\n  description: "{{ .Values }} stays"\n';

  test('is switched and kept by values, and its own braces are text', () => {
    const template = crdTemplate(crd);
    expect(template).toContain('{{- if .Values.crds.enabled }}');
    expect(template).toContain('helm.sh/resource-policy: keep');
    expect(template).toContain('"{{ "{{" }} .Values }} stays"');
  });

  test('refuses metadata that it would lose', () => {
    expect(() => crdTemplate(crd.replace('  name: x.y\n', '  labels: {}\n  name: x.y\n'))).toThrow('other metadata');
  });
});
