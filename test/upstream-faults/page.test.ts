// docs/upstream-faults.md is fresh, and the table leaves out no kind of fault that the simulator has.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkFault } from '../simulator/faults.ts';
import { PAGE, upstreamFaultsPage } from './page.ts';
import { ROWS } from './table.ts';

test('the page is fresh; make generate writes it', () => {
  const path = join(import.meta.dirname, '..', '..', 'docs', PAGE);
  expect(readFileSync(path, 'utf8')).toBe(upstreamFaultsPage());
});

test('every kind of fault has a row', () => {
  const kinds = /there are: (.*)$/.exec(message(() => checkFault({ kind: '?' })))?.[1]?.split(', ');
  expect(kinds?.length).toBeGreaterThan(15);
  expect(new Set(ROWS.map(({ effect }) => effect.kind))).toEqual(new Set(kinds));
});

function message(fails: () => unknown): string {
  try {
    fails();
    return '';
  } catch (error) {
    return String(error);
  }
}
