// Every example, and every one that a page of the docs shows, is admitted as it stands by a real API server with the admission
// policies in force, and accepts a second apply without a change. What is for Argo CD, Flux or External Secrets is looked at in
// foreign.test.ts, since their definitions are not here.

import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { allPages, fenced } from '../docs/pages.ts';
import { connect } from '../controlplane/client.ts';
import { installPolicies, type Policies } from '../admission/policies.ts';
import { EXAMPLE_FILES, isForeign, type Example } from './files.ts';

const cluster = connect(inject('controlPlane'));

const shown: Example[] = allPages().flatMap((page) =>
  fenced(page, 'yaml')
    // Some blocks are a part of an object.
    .filter((text) => text.includes('apiVersion: '))
    .map((text) => ({ file: page.path, text })),
);

/** What this API server knows, without the example's own namespace. */
const examples = [...EXAMPLE_FILES, ...shown]
  .map(({ file, text }) => ({
    file,
    objects: parseAllDocuments(text).filter(
      (document) => document.get('kind') !== 'Namespace' && !isForeign(document.toJS()),
    ),
  }))
  .filter(({ objects }) => objects.length > 0)
  .map((example, index) => ({ ...example, index }));

// One for each, so that nothing is left behind and none meets another.
let namespaces: string[] = [];
let policies: Policies;
beforeAll(async () => {
  namespaces = await Promise.all(examples.map(() => cluster.createNamespace('examples')));
  const [first = '', ...others] = namespaces;
  policies = await installPolicies(cluster, first, others);
});
afterAll(async () => {
  await policies.remove();
  await Promise.all(namespaces.map((namespace) => cluster.deleteNamespace(namespace, { wait: false })));
});

test('each kind has an example on its page', () => {
  for (const kind of ['mspaccount', 'staticgroup', 'customer', 'protectinstance']) {
    expect(examples.map(({ file }) => file)).toContain(`docs/${kind}.md`);
  }
});

test.concurrent.each(examples)('$file ($index)', async ({ index, objects }) => {
  const namespace = namespaces[index];
  if (namespace === undefined) throw new Error('no namespace');
  expect(objects.flatMap(({ errors }) => errors)).toEqual([]);
  for (const object of objects) object.setIn(['metadata', 'namespace'], namespace);
  const applied = await apply(objects.map(String));
  expect(applied).toHaveLength(objects.length);
});

test('a second time nothing changes', async () => {
  const applied = await apply(examples.flatMap(({ objects }) => objects.map(String)));
  // A Secret with stringData is always "configured".
  const ours = applied.filter((line) => line.includes('mspoperator.dev/'));
  expect(ours.length).toBeGreaterThan(examples.length - 5);
  for (const line of ours) expect(line).toMatch(/ unchanged$/);
});

async function apply(texts: readonly string[]): Promise<string[]> {
  const input = texts.join('---\n');
  return (await cluster.kubectlOk(['apply', '--validate=strict', '-f', '-'], { input })).trim().split('\n');
}
