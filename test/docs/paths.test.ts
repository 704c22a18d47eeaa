// A page that names a file of this repository names one that is there; and the pages that promise a test for each line have one.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../hack/generated.ts';
import { allPages } from './pages.ts';

const PATH =
  /`((?:operator|test|charts|hack|docs|examples|crds|deploy)\/[\w./-]+|Dockerfile|Makefile|package-lock\.json)`/g;
const pathsOf = (text: string): string[] => [...text.matchAll(PATH)].map(([, path = '']) => path);

const pages = allPages();

test.each(pages)('$path', ({ text }) => {
  expect(pathsOf(text).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

describe.each(['docs/threat-model.md', 'docs/checklist.md'])('%s', (path) => {
  const { text = '' } = pages.find((page) => page.path === path) ?? {};
  /** The lines of its tables that have a column for tests. */
  const rows = text.split(/\n\n+/).flatMap((block) => {
    const [head = '', , ...lines] = block.split('\n');
    return /\| test +\|$/.test(head) ? lines.filter((line) => line.startsWith('|')) : [];
  });

  test('has lines, each with the test that shows it', () => {
    expect(rows.length).toBeGreaterThan(15);
    const untested = rows.filter((row) => {
      const cells = row.split('|').map((cell) => cell.trim());
      const tests = pathsOf(cells.at(-2) ?? '');
      return tests.length === 0 || tests.some((file) => !file.endsWith('.test.ts'));
    });
    expect(untested).toEqual([]);
  });

  test('says of each line where it is', () => {
    expect(rows.filter((row) => pathsOf(row).length < 2 && !row.includes(']('))).toEqual([]);
  });
});
