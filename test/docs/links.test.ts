// Every relative link of the documentation leads somewhere: to a file, and to a heading of it.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../hack/generated.ts';
import { allPages, type Page } from './pages.ts';

/** What GitHub makes of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function anchorsOf(text: string): string[] {
  const outside = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
  return [...outside.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

function deadLinks({ path, text }: Page): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(join(ROOT, target), 'utf8')).includes(anchor);
  });
}

const pages = allPages();

test.each(pages)('$path', (page) => expect(deadLinks(page)).toEqual([]));

test('there are links, and dead ones are found', () => {
  expect(pages.flatMap(({ text }) => [...text.matchAll(/\]\(/g)]).length).toBeGreaterThan(100);
  const page = {
    path: 'docs/x.md',
    text: '[a](none.md) [b](mspaccount.md#none) [c](#d) [e](mspaccount.md#sync-now)\n',
  };
  expect(deadLinks(page)).toEqual(['none.md', 'mspaccount.md#none', '#d']);
});

test('every page of docs/ can be reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const path of reached) {
    const page = pages.find((each) => each.path === path);
    for (const [, file = ''] of page?.text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g) ?? []) {
      if (file.endsWith('.md') && !file.startsWith('http')) reached.add(normalize(join(dirname(path), file)));
    }
  }
  expect(pages.map(({ path }) => path).filter((path) => !reached.has(path) && !path.includes('/adr/'))).toEqual([]);
});
