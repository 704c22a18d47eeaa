// Tables of kubectl, and what is compared before and after an upgrade.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../places.ts';
import { expectKept, outdated, rows, type Definition } from './objects.ts';

test('rows by column: values with spaces, empty ones, and letters beyond ASCII', () => {
  const text = `NAME   CUSTOMER             STATUS     LAST SYNC   AGE
a      Bäckerei Sonnentor   NotSetUp               1s
b      X                               5s          2s
`;
  expect(rows(text)).toEqual([
    { NAME: 'a', CUSTOMER: 'Bäckerei Sonnentor', STATUS: 'NotSetUp', 'LAST SYNC': '', AGE: '1s' },
    { NAME: 'b', CUSTOMER: 'X', STATUS: '', 'LAST SYNC': '5s', AGE: '2s' },
  ]);
});

test('an object that is gone, or was made anew, is not kept; a new one may be there', () => {
  const before = new Map([
    ['a', '1'],
    ['b', '2'],
  ]);
  expect(() => expectKept(before, new Map([...before, ['c', '3']]))).not.toThrow();
  expect(() => expectKept(before, new Map([['a', '1']]))).toThrow('not kept: b');
  expect(() => expectKept(before, new Map([...before, ['a', '9']]))).toThrow('not kept: a');
});

test('a definition with another schema is outdated, and so is one that is missing', () => {
  const dir = join(ROOT, 'crds');
  const current = readdirSync(dir).map((file) => parse(readFileSync(join(dir, file), 'utf8')) as Definition);
  expect(outdated(current)).toEqual([]);
  const [first, ...others] = current;
  if (first === undefined) throw new Error('no definitions');
  expect(outdated(others)).toEqual([first.metadata.name]);
  const changed = { ...first, spec: { versions: first.spec.versions.map((version) => ({ ...version, schema: {} })) } };
  expect(outdated([changed, ...others])).toEqual([first.metadata.name]);
});
