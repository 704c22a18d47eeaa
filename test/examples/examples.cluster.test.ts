// Every example, and every one that a page of the docs shows, is admitted as it stands by a real API server, and accepts a
// second apply without a change.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { allPages, fenced } from '../docs/pages.ts';
import { connect } from '../controlplane/client.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const cluster = connect(inject('controlPlane'));

interface Example {
  readonly file: string;
  readonly text: string;
}

const examples: Example[] = [
  ...readdirSync(EXAMPLES)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => ({ file, text: readFileSync(join(EXAMPLES, file), 'utf8') })),
  ...allPages().flatMap((page) =>
    fenced(page, 'yaml')
      // Some blocks are a part of an object.
      .filter((text) => text.includes('apiVersion: '))
      .map((text) => ({ file: page.path, text })),
  ),
];

test('each kind has an example on its page', () => {
  for (const kind of ['mspaccount', 'staticgroup', 'customer', 'protectinstance']) {
    expect(examples.map(({ file }) => file)).toContain(`docs/${kind}.md`);
  }
});

test.each(examples)('$file', async ({ text }) => {
  const namespace = await cluster.createNamespace('examples');
  try {
    const documents = parseAllDocuments(text);
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    // The test's own namespace in place of the example's, so that nothing is left behind.
    const objects = documents.filter((document) => document.get('kind') !== 'Namespace');
    for (const object of objects) object.setIn(['metadata', 'namespace'], namespace);
    const input = objects.map(String).join('---\n');
    const apply = (): Promise<string> => cluster.kubectlOk(['apply', '--validate=strict', '-f', '-'], { input });
    expect((await apply()).trim().split('\n')).toHaveLength(objects.length);
    // A Secret with stringData is always "configured".
    const ours = (await apply()).split('\n').filter((line) => line.includes('mspoperator.dev/'));
    expect(ours.length).toBeGreaterThan(0);
    for (const line of ours) expect(line).toMatch(/ unchanged$/);
  } finally {
    await cluster.deleteNamespace(namespace, { wait: false });
  }
});
