// The pages say something of every field that people write.

import { describe, expect, test } from 'vitest';
import { fieldsOf, setOnceFields, type Schema } from '../../hack/docs/fields.ts';
import { KINDS } from '../../hack/generated.ts';
import { readPage, tableOf } from '../admission/markdown.ts';

const code = (cell = ''): string => cell.replaceAll('`', '');

describe.each(KINDS)('$kind', ({ kind, spec }) => {
  const page = readPage(`${kind.toLowerCase()}.md`);
  const schema = spec as Schema;
  const fields = fieldsOf(schema, '').map(({ path }) => path.slice(1));
  const leaves = fields.filter((path) => !fields.some((other) => other.startsWith(`${path}.`)));

  test('every field of the spec is described, and no other', () => {
    if (kind === 'MSPAccount') {
      const part = page.slice(page.indexOf('## Writing a spec'), page.indexOf('## Working with it'));
      const headings = [...part.matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading);
      // The two halves of the limit are described together.
      const expected = leaves.map((path) => path.replace(/^(sync\.unlinkLimit)\.\w+$/, '$1'));
      expect(headings).toEqual([...new Set(expected)]);
    } else {
      expect(tableOf(page, 'field', '## Writing a spec').map((row) => code(row['field']))).toEqual(leaves);
    }
  });

  test('set once is said of those that are', () => {
    // People write no groups, and an account has none.
    if (kind === 'StaticGroup' || setOnceFields(schema).length === 0) return;
    const once = setOnceFields(schema).map((path) => (path === '.accountRef' ? 'accountRef.name' : path.slice(1)));
    const rows = tableOf(page, 'field', '## Writing a spec').filter((row) => (row[''] ?? '').includes('set once'));
    expect(new Set(rows.map((row) => code(row['field'])))).toEqual(new Set(once));
  });

  test('the parts of the page come in the same order', () => {
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['Example', 'Writing a spec', 'Working with it', 'Conditions and reasons']);
  });
});

test('it is said plainly that ESET publishes no API for instances', () => {
  expect(readPage('protectinstance.md')).toContain('**ESET publishes no API for instances.**');
});
