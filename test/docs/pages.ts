// The pages of the documentation, and what the tests read out of them.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../hack/generated.ts';

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const ROOT_PAGES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];

/** Those of the root, and everything in docs/ and examples/. */
export function allPages(): Page[] {
  const inside = ['docs', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
      .map((file) => `${folder}/${file}`),
  );
  return [...ROOT_PAGES, ...inside.sort()].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** The contents of the fenced blocks of one language. */
export function fenced({ text }: Page, language: string): string[] {
  const blocks = text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm);
  return [...blocks]
    .filter(([, , word]) => word === language)
    .map(([, indent = '', , block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}
