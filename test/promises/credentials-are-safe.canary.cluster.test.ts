// Promise 10, credentials are safe: no credential, token or upstream body reaches a log, event, condition or metric.
// Injected: an upstream whose every answer gives away the login and the token, to each call in turn; logins, tokens and bodies full
// of characters that encodings change. All that the operator and kubectl-msp put out is searched, encoded forms included.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../controlplane/run.ts';
import { SECRETS as SECRET_KIND } from '../../operator/controllers/secret.ts';
import { checkSecrets } from '../harness/checker.ts';
import { MSP_ACCOUNTS } from '../harness/fingerprint.ts';
import {
  ACCESS_TOKEN,
  ANSWERS,
  BODY,
  MARK,
  REFRESH_TOKEN,
  startHostile,
  type AnswerName,
  type Hostile,
} from '../harness/hostile.ts';
import { OPERATOR_USER } from '../harness/operator.ts';
import { World, type Thing } from '../harness/world.ts';

const KUBECTL_MSP = join(import.meta.dirname, '..', '..', 'dist', 'kubectl-msp.js');
const PASSWORD = `${MARK}-password "<&>\\+/=' žluť 😀`;
const TOKEN = `${MARK}-lifecycle.!#$%&'*+-^_|~"<>\\=`;
/** Another one for each answer, so that none is throttled. */
const username = (n: number): string => `${MARK}+user"<&>'${n}@msp.example`;
const SECRETS = [MARK, PASSWORD, ACCESS_TOKEN, REFRESH_TOKEN, BODY, TOKEN, username(1)];

let world: World;
let hostile: Hostile;
let logins = 0;
/** What was put out so far, by where. */
const outputs: Record<string, string> = {};
const put = (where: string, text: string): void => {
  outputs[where] = (outputs[where] ?? '') + text;
};

beforeAll(async () => {
  hostile = await startHostile();
  const onBody = (_request: unknown, body: Buffer): void => put('requests to the API server', body.toString('utf8'));
  world = await World.create({ operator: false, proxy: { onBody } });
  await world.apply(world.credentialsBinding());
});
afterAll(async () => {
  await world.end();
  await hostile.close();
});

const OPERATIONS = ['Token/Get', 'User/Current', 'Company/Children', 'Search/Companies'] as const;
const ALL = Object.keys(ANSWERS) as AnswerName[];

describe.each([
  { format: 'json', answers: ALL },
  { format: 'pretty', answers: ALL.filter((_, n) => n % 6 === 0) },
])('log format $format', ({ format, answers }) => {
  // Accounts of their own: after a restart the refusals of the first would count against the usernames of the second.
  const name = `acme-${format}`;

  beforeAll(async () => {
    const endpoint = `http://${hostile.host}`;
    const lifecycle = { type: 'API', endpoint: `${endpoint}/lifecycle`, secretRef: { name: 'lifecycle' } };
    await world.apply(
      world.secret(name, { username: username(++logins), password: PASSWORD }),
      world.secret('lifecycle', { token: TOKEN }),
      world.account(name, { endpoint, credentials: { secretRef: { name } } }),
      world.instance('portal', 'EMA2', { accountRef: { name: 'acme-json' }, lifecycle }),
    );
    const hosts = [`--upstream-hosts=${hostile.host}`, `--lifecycle-hosts=${hostile.host}`];
    await world.startOperator([...hosts, '--log-level=trace', `--log-format=${format}`]);
  });
  afterAll(async () => {
    put(`log (${format})`, await world.operator.log());
    put('metrics', await world.operator.metrics());
    for (const path of ['/healthz', '/readyz'] as const) put(path, await world.operator.probeText(path));
    put('kubectl describe', await kubectl('describe', 'mspa,pi'));
    await world.stopOperator();
  });

  test.each(answers)(
    '%s',
    async (answer) => {
      for (const to of OPERATIONS) {
        hostile.turn({ answer, to });
        const stringData = { username: username(++logins) };
        const key = { namespace: world.namespace, name };
        const { resourceVersion } = (await world.admin.patch(SECRET_KIND, key, { stringData })).metadata;
        const used = ({ status }: Thing) => status?.credentials?.secretResourceVersion === resourceVersion;
        const { status } = await until(async () => world.admin.get(MSP_ACCOUNTS, key), used);
        expect(hostile.asked).toContain(to);
        expect(JSON.stringify(status)).not.toContain('LoginThrottled');
      }
      hostile.turn({ answer, to: null });
      const requestedAt = `${format} ${answer}`;
      await kubectl('annotate', 'pi', 'portal', '--overwrite', `mspoperator.dev/requestedAt=${requestedAt}`);
      await world.until('pi', 'portal', ({ status }) => status.lastHandledRequestedAt === requestedAt);
      expect(hostile.asked.some((operation) => operation.startsWith('lifecycle/'))).toBe(true);
      put('objects', await kubectl('get', KINDS, '-o', 'json', '--show-managed-fields'));
      hostile.turn({ answer, to: logins % 8 === 1 ? 'User/Current' : 'Token/Get' });
      await msp('plan', name);
      expect(checkSecrets(SECRETS, outputs)).toEqual([]);
    },
    120_000,
  );
});

test('nothing in the logs, the metrics, the probes, or the paths that the API server has seen', async () => {
  await world.startOperator(); // the finalizers need it at the end
  await msp('tree', 'acme-json');
  const file = world.cluster.auditLog;
  const audit = file === undefined ? '' : await readFile(file, 'utf8');
  const own = audit.split('\n').filter((line) => line.includes(OPERATOR_USER) && line.includes(world.namespace));
  put('audit log', own.join('\n'));
  // Where nothing was collected nothing can be found.
  expect(outputs['objects']).toMatch(/LoginRefused/);
  expect(outputs['kubectl describe']).toMatch(/Ready/);
  expect(outputs['kubectl-msp plan']).toMatch(/User\/Current answered/);
  expect(outputs['kubectl-msp tree']).toMatch(/^X +MSP$/m);
  expect(outputs['log (json)']).toMatch(/"msg":"sync ended"/);
  expect(outputs['log (pretty)']).toMatch(/INFO +sync ended/);
  expect(outputs['metrics']).toMatch(/mspoperator_upstream_requests_total/);
  expect(outputs['/healthz']).toMatch(/event-loop ok/);
  expect(outputs['/readyz']).toMatch(/caches-synced ok/);
  expect(outputs['requests to the API server']).toMatch(/"reason":"LoginRefused"/);
  expect(checkSecrets(SECRETS, outputs)).toEqual([]);
});

const KINDS = 'mspa,pi,sg,cust,events,events.events.k8s.io';

function kubectl(...args: string[]): Promise<string> {
  return world.cluster.kubectlOk(args, { namespace: world.namespace });
}

async function until(read: () => Promise<unknown>, wanted: (thing: Thing) => boolean): Promise<Thing> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const thing = (await read()) as Thing;
    if (wanted(thing)) return thing;
    if (Date.now() > deadline) throw new Error(`did not become as wanted:\n${JSON.stringify(thing, null, 1)}`);
    await sleep(20);
  }
}

async function msp(command: 'plan' | 'tree', account: string): Promise<void> {
  const args = [KUBECTL_MSP, command, `${world.namespace}/${account}`];
  const flags = command === 'plan' ? ['--allow-loopback-http', '--requests-per-second=500'] : [];
  const env = { ...process.env, KUBECONFIG: world.cluster.kubeconfig };
  const { stdout, stderr } = await runProgram(process.execPath, [...args, ...flags], { env, timeoutMs: 30_000 });
  put(`kubectl-msp ${command}`, stdout + stderr);
}
