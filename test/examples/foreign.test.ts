// The examples for Argo CD, Flux and External Secrets have no field that those do not know, and refer to what is there.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../hack/generated.ts';
import { EXAMPLE_FILES, isForeign, objectsOf } from './files.ts';
import { checkForeign } from './foreign.ts';

const foreign = EXAMPLE_FILES.flatMap((example) =>
  objectsOf(example)
    .filter(isForeign)
    .map((object) => ({
      file: example.file,
      kind: object.kind as string,
      name: object.metadata.name as string,
      object,
    })),
);

test.each(foreign)('$file: $kind $name', ({ object }) => expect(checkForeign(object)).toEqual([]));

test('there are some of each tool, and what is misspelt is found', () => {
  expect(new Set(foreign.map(({ file }) => file.split('/')[0]))).toEqual(
    new Set(['argocd', 'flux', 'external-secret.yaml']),
  );
  const release = structuredClone(foreign.find(({ kind }) => kind === 'HelmRelease')?.object);
  release.spec.chart.spec.sourceref = release.spec.chart.spec.sourceRef;
  expect(checkForeign(release)).toHaveLength(1);
  delete release.spec.chart.spec.sourceref;
  release.spec.interval = 'often';
  expect(checkForeign(release)).toHaveLength(1);
});

test('the chart is where they look for it, and knows the values that they set', () => {
  const values = parse(readFileSync(join(ROOT, 'charts/eset-msp-operator/values.yaml'), 'utf8'));
  const charts = foreign.flatMap(({ object: { spec } }) => [
    ...(spec.source?.helm === undefined ? [] : [{ path: spec.source.path, values: spec.source.helm.valuesObject }]),
    ...(spec.chart === undefined ? [] : [{ path: spec.chart.spec.chart, values: spec.values }]),
  ]);
  expect(charts).toHaveLength(2);
  for (const chart of charts) {
    expect(existsSync(join(ROOT, chart.path, 'Chart.yaml'))).toBe(true);
    expect(values).toMatchObject({
      image: Object.fromEntries(Object.keys(chart.values.image).map((key) => [key, expect.anything()])),
    });
  }
});

test('each source that Flux is to read is declared beside it', () => {
  for (const { file, object } of foreign) {
    const source = object.spec.sourceRef ?? object.spec.chart?.spec.sourceRef;
    if (source === undefined || !file.startsWith('flux/')) continue;
    const declared = foreign.filter(
      (other) => other.file === file && other.kind === source.kind && other.name === source.name,
    );
    expect(declared.map((other) => other.object.metadata.namespace)).toEqual([object.metadata.namespace]);
  }
});
