// The cdk8s app: its constructs fit its types, and what it makes is admitted by a real API server as it stands.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { connect } from '../controlplane/client.ts';
import { runProgram } from '../controlplane/run.ts';
import { ROOT } from '../../hack/generated.ts';
import { EXAMPLES, type Loose } from './files.ts';

const APP = join(EXAMPLES, 'cdk8s');
const cluster = connect(inject('controlPlane'));
let out = '';

async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, stdout, stderr } = await runProgram(command, args, {
    cwd: APP,
    env: { ...process.env, ...env },
    timeoutMs: 120_000,
  });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
}

beforeAll(async () => {
  // `make install` has done it; not so whoever runs this file alone.
  if (!existsSync(join(APP, 'node_modules'))) await run('npm', ['install', '--loglevel=error']);
  out = await mkdtemp(join(cluster.dir, 'cdk8s-'));
  await run(process.execPath, ['main.ts'], { CDK8S_OUTDIR: out });
}, 120_000);
afterAll(() => rm(out, { recursive: true, force: true }));

test('its types fit', () => run(join(ROOT, 'node_modules', '.bin', 'tsc'), ['--project', '.']));

test('what it makes is admitted, and has no login', async () => {
  const files = await readdir(out);
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    const text = await readFile(join(out, file), 'utf8');
    const objects: Loose[] = parseAllDocuments(text).map((document) => document.toJS());
    const kinds = objects.map(({ kind }) => kind as string);
    expect(kinds).toContain('MSPAccount');
    expect(kinds).not.toContain('Secret');
    const [namespace, ...others] = objects;
    expect(namespace).toMatchObject({ kind: 'Namespace', metadata: { name: others[0].metadata.namespace } });
    expect(namespace.metadata.namespace).toBeUndefined();
    const own = await cluster.createNamespace('cdk8s');
    try {
      for (const object of others) object.metadata.namespace = own;
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: others });
      const applied = await cluster.kubectlOk(['apply', '--validate=strict', '-f', '-'], { input });
      expect(applied.trim().split('\n')).toHaveLength(others.length);
    } finally {
      await cluster.deleteNamespace(own, { wait: false });
    }
  }
});
