// Every kubectl command of the documentation, typed as it stands: known to kubectl, admitted by the API server. Commands that
// change something are sent as a dry run, and none waits.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../controlplane/client.ts';
import { runProgram } from '../controlplane/run.ts';
import { allPages, fenced } from './pages.ts';

const cluster = connect(inject('controlPlane'));
const pages = allPages();
const commands = pages
  .flatMap(
    (page) => fenced(page, 'sh').flatMap((block) => block.split('\n').filter((line) => line.startsWith('kubectl '))),
    // Those of a backup need its file: backup.cluster.test.ts types them in their order.
  )
  .filter((command) => !command.includes('msp-backup.yaml'));
let namespace = '';

const DRY = String.raw`
exec < <(printf 'secret\n') # a pipe, which can be opened by its name
kubectl() {
  case "$1" in
    annotate | patch | delete | create | apply) "$KUBECTL" "$@" --dry-run=server ;;
    wait) "$KUBECTL" "$@" --timeout=3s ;;
    msp) shift; "$NODE" "$MSP" "$@" --help ;;
    *) "$KUBECTL" "$@" ;;
  esac
}
`;

async function typed(command: string) {
  return runProgram('bash', ['-c', `set -o pipefail${DRY}${command.replaceAll('acme-msp', namespace)}`], {
    env: {
      ...process.env,
      KUBECONFIG: cluster.kubeconfig,
      KUBECTL: cluster.kubectlPath,
      KUBERC: 'off',
      NODE: process.execPath,
      MSP: join(import.meta.dirname, '..', '..', 'dist', 'kubectl-msp.js'),
    },
    timeoutMs: 30_000,
  });
}

/** Answers of the API server to a good request: the documented object is not in this namespace, or is as it is. */
const FINE =
  /\(NotFound\)| not found$|already exists|timed out waiting|context deadline exceeded|no matching resources/m;

beforeAll(async () => {
  namespace = await cluster.createNamespace('docs');
  // What the pages show as examples is what their commands speak of.
  const yaml = pages
    .filter(({ path }) => path.startsWith('docs/'))
    .flatMap((page) => fenced(page, 'yaml'))
    .filter((block) => block.includes('apiVersion: mspoperator.dev/'));
  const input = yaml.join('---\n').replaceAll('acme-msp', namespace);
  const { stderr, code } = await runProgram(cluster.kubectlPath, ['apply', '--validate=strict', '--filename=-'], {
    env: { ...process.env, KUBECONFIG: cluster.kubeconfig, KUBERC: 'off' },
    input,
  });
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => cluster.deleteNamespace(namespace, { wait: false }));

test('there are commands', () => expect(commands.length).toBeGreaterThan(100));

test.concurrent.each([...new Set(commands)])('%s', async (command) => {
  const { stdout, stderr, code } = await typed(command);
  const said = `${stdout}\n${stderr}`;
  if (code !== 0 && !/^no\s*$/.test(stdout)) expect(said).toMatch(FINE);
  // kubectl says what it does not understand in one of these ways. What it lists may hold such words, of other tests, too.
  expect(code === 0 ? stderr : said).not.toMatch(
    /unknown (flag|command|shorthand)|error parsing|doesn't have a resource|invalid/i,
  );
});
