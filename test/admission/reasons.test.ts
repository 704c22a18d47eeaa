// docs/protectinstance.md has every condition and every reason that a ProtectInstance can show, and none that does not exist.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { INSTANCE_REASONS, REMOVAL_REASONS } from '../../operator/api/v1alpha1/instance-reasons.ts';
import { protectInstance } from '../../operator/api/v1alpha1/protectinstance.ts';
import { readPage, tableOf } from './markdown.ts';

const page = readPage('protectinstance.md');
const code = (cell = ''): string => cell.replaceAll('`', '');
const column = (title: string, heading: string, of = title): string[] =>
  tableOf(page, title, heading).map((row) => code(row[of]));

const ROOT = join(import.meta.dirname, '..', '..', 'operator', 'controllers');
const SOURCES = join(ROOT, 'protectinstance');
/** The sources that set conditions: those of the kind, and what kinds share. */
const sources = [...readdirSync(SOURCES).map((name) => join(SOURCES, name)), join(ROOT, 'ready.ts')]
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

/** Every word that stands in the sources as a reason: `reason: 'A'` and `reason: … ? 'A' : 'B'`. */
const inSources = new Set(
  [...sources.matchAll(/\breason: (?:'(\w+)'|[^'\n]*\? '(\w+)' : '(\w+)')/g)].flatMap(([, ...words]) =>
    words.filter((word) => word !== undefined),
  ),
);

const HEADINGS = ['### Ready', '### OwnershipVerified', '### RemovalArmed', '### Expiring', '### Removal'] as const;
const documented = (heading: (typeof HEADINGS)[number]): string[] => column('reason', heading);

test('Ready: every reason, in the order of the sources, and who acts', () => {
  expect(tableOf(page, 'reason', '### Ready').map((row) => [code(row['reason']), row['who acts']])).toEqual(
    Object.entries(INSTANCE_REASONS).map(([reason, { acts }]) => [reason, acts]),
  );
});

test('Removal: every reason, in the order of the sources', () => {
  expect(documented('### Removal')).toEqual(Object.keys(REMOVAL_REASONS));
});

test('the other conditions: the reasons that the sources set, and no others', () => {
  const elsewhere = ['### OwnershipVerified', '### RemovalArmed', '### Expiring'] as const;
  const others = new Set(elsewhere.flatMap(documented));
  const known = new Set([...Object.keys(INSTANCE_REASONS), ...Object.keys(REMOVAL_REASONS)]);
  expect([...others].filter((reason) => !inSources.has(reason))).toEqual([]);
  expect([...inSources].filter((reason) => !known.has(reason) && !others.has(reason))).toEqual([]);
  expect(inSources.size, 'the search finds what it should').toBeGreaterThan(15);
});

test('every condition that the sources set, and no others', () => {
  const set = new Set(['Ready', 'Reconciling', 'Stalled']);
  for (const [, type = ''] of sources.matchAll(/\btype: '([A-Z]\w+)', (?:status|\.\.\.)/g)) set.add(type);
  for (const [, type = ''] of sources.matchAll(/\btype: '([A-Z]\w+)',\n/g)) set.add(type);
  expect(new Set(column('condition', '## Conditions and reasons'))).toEqual(set);
});

test('every condition but those that repeat Ready has a table of its reasons', () => {
  const conditions = column('condition', '## Conditions and reasons');
  const headings = [...page.matchAll(/^### (\w+)$/gm)].map(([heading]) => heading);
  const expected = conditions.filter((type) => !['Reconciling', 'Stalled'].includes(type)).map((type) => `### ${type}`);
  expect(headings.filter((heading) => (HEADINGS as readonly string[]).includes(heading))).toEqual(expected);
});

describe('the fields of the spec', () => {
  interface Node {
    readonly properties?: Readonly<Record<string, Node>>;
  }
  const leaves = (node: Node, at: string): string[] =>
    node.properties === undefined
      ? [at]
      : Object.entries(node.properties).flatMap(([name, child]) => leaves(child, at === '' ? name : `${at}.${name}`));

  test('each has its row, and there is no other', () => {
    expect(column('field', '## Writing a spec')).toEqual(leaves(protectInstance.spec as Node, ''));
  });

  test('set once is said of those that are', () => {
    const rules = JSON.stringify(protectInstance.spec).matchAll(/"fieldPath":"\.([\w.]+)"/g);
    const once = [...rules].map(([, path = '']) => (path === 'accountRef' ? 'accountRef.name' : path));
    const rows = tableOf(page, 'field', '## Writing a spec').filter((row) => (row[''] ?? '').includes('set once'));
    expect(new Set(rows.map((row) => code(row['field'])))).toEqual(new Set(once));
  });
});

test('it says plainly that ESET publishes no API for instances', () => {
  expect(page).toContain('**ESET publishes no API for instances.**');
});
