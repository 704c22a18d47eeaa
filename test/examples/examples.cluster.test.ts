// Every example is admitted as it stands by a real API server, and accepts a second apply without a change.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { connect } from '../controlplane/client.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const cluster = connect(inject('controlPlane'));

test.each(readdirSync(EXAMPLES).filter((file) => file.endsWith('.yaml')))('%s', async (file) => {
  const namespace = await cluster.createNamespace('examples');
  try {
    const documents = parseAllDocuments(readFileSync(join(EXAMPLES, file), 'utf8'));
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
