// Reads the tables of a page of the documentation.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');

export function readPage(name: string): string {
  return readFileSync(join(DOCS, name), 'utf8');
}

/** The rows of the first table whose first column has this title, after this heading; each row by the titles of its columns. */
export function tableOf(page: string, title: string, heading = ''): Record<string, string>[] {
  const start = heading === '' ? 0 : page.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`there is no heading "${heading}"`);
  const lines = page.slice(start).split('\n');
  const first = lines.findIndex((line) => cells(line)[0] === title);
  if (first < 0) throw new Error(`there is no table of "${title}" under "${heading}"`);
  const titles = cells(lines[first] ?? '');
  const rows = lines.slice(first + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows
    .slice(0, end < 0 ? undefined : end)
    .map((line) => Object.fromEntries(cells(line).map((cell, index) => [titles[index] ?? '', cell])));
}

function cells(line: string): string[] {
  if (!line.startsWith('|')) return [];
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
