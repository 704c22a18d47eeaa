// The reference lists the metrics that the operator serves, with their types and help, and no others.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allMetrics } from '../../hack/docs/metrics.ts';
import { ROOT } from '../../hack/generated.ts';
import { World } from '../harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.end());

test('the metrics of a running operator are those of the reference', async () => {
  await world.synchronized();
  const text = await world.operator.metrics();
  const served = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\w+)$/gm)]
    .map(([, name = '', help = '', type = '']) => `${name} ${type}: ${help}`)
    .filter((line) => !/^(process|nodejs)_/.test(line));
  const documented = (await allMetrics()).map(({ name, type, help }) => `${name} ${type}: ${help}`);
  expect(served.sort()).toEqual(documented.sort());
  const reference = readFileSync(join(ROOT, 'docs', 'reference.md'), 'utf8');
  expect(documented.filter((line) => !reference.includes(`\`${line.split(' ')[0]}\``))).toEqual([]);
});

test('every label that is served is listed', async () => {
  const text = await world.operator.metrics();
  const known = new Map((await allMetrics()).map(({ name, labels }) => [name, new Set([...labels, 'le'])]));
  const unknown = [...text.matchAll(/^([a-z_]+)\{(.*)\} /gm)].flatMap(([, series = '', labels = '']) => {
    const name = known.has(series) ? series : series.replace(/_(bucket|sum|count)$/, '');
    const listed = known.get(name);
    if (listed === undefined) return [];
    return [...labels.matchAll(/([a-z_]+)="/g)].map(([, label = '']) => label).filter((label) => !listed.has(label));
  });
  expect(unknown).toEqual([]);
});
