// The Dockerfile, the chart and package.json agree.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');

const dockerfile = read('Dockerfile');
const chart = parse(read('charts', 'eset-msp-operator', 'Chart.yaml')) as { version: string; appVersion: string };
const values = parse(read('charts', 'eset-msp-operator', 'values.yaml')) as {
  podSecurityContext: { runAsUser: number; runAsGroup: number };
  metrics: { port: number };
  healthPort: number;
};
const { version, devDependencies } = JSON.parse(read('package.json')) as {
  version: string;
  devDependencies: Record<string, string>;
};
/** The words of an instruction. */
const instruction = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(dockerfile)?.[1] ?? '';

test('one version', () => {
  expect(chart).toMatchObject({ version, appVersion: version });
  expect(dockerfile).toContain(`ARG VERSION=${version}\n`);
});

test('the Node of the tests', () => {
  expect(dockerfile).toContain(`/node:${devDependencies['node']}-`);
});

test('the user and the ports of the chart', () => {
  const { podSecurityContext: user, metrics, healthPort } = values;
  expect(instruction('USER')).toBe(`${user.runAsUser}:${user.runAsGroup}`);
  expect(instruction('EXPOSE')).toBe(`${metrics.port} ${healthPort}`);
});

test('Node is where `helm test` looks for it, and runs the operator with flags that it knows', () => {
  const [node = '', ...rest] = JSON.parse(instruction('ENTRYPOINT')) as string[];
  expect(read('charts', 'eset-msp-operator', 'templates', 'tests', 'ready.yaml')).toContain(`command: [${node}, `);
  for (const flag of rest.filter((word) => word.startsWith('--max-old'))) {
    expect(process.allowedNodeEnvironmentFlags.has(flag.split('=')[0] ?? '')).toBe(true);
  }
  expect(rest.at(-1)).toBe('/app/operator.js');
});

test('what the build copies is there, and .dockerignore lets it through', () => {
  const ignore = read('.dockerignore').split('\n');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, list = '']) => list.split(' '));
  expect(copied.length).toBeGreaterThan(5);
  for (const path of copied) {
    expect(existsSync(join(ROOT, path)), `${path} is there`).toBe(true);
    expect(ignore).toContain(`!${path}`);
  }
  expect(ignore).toContain('*');
});
