// Credentials that change under a running program, and a server that turns calls away: nothing is restarted, no call is lost,
// no storm. An API server of the test's own, which knows an authority for client certificates and has little room for calls.

import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Cache, type Projected } from '../../operator/runtime/cache.ts';
import { CONFIG_MAPS, clientFor, withToken, type TestClient } from '../../operator/runtime/cluster-testing.ts';
import { loadConnection } from '../../operator/runtime/connection.ts';
import { objectPath, type Resource } from '../../operator/runtime/object.ts';
import { eventually, realDeps } from '../../operator/runtime/testing.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/client.ts';
import { writeKubeconfig } from '../controlplane/kubeconfig.ts';
import { createAuthority, type Authority, type Certificate } from '../harness/x509.ts';
import { LANES, prepareLoad, startLoad } from './load.ts';
import { startTerminator } from './terminator.ts';

const core = { group: '', version: 'v1', namespaced: true } as const;
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true } as const;
const flow = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', namespaced: false } as const;
const ACCOUNTS: Resource = { ...core, plural: 'serviceaccounts', kind: 'ServiceAccount' };
const SECRETS: Resource = { ...core, plural: 'secrets', kind: 'Secret' };
const ROLES: Resource = { ...rbac, plural: 'roles', kind: 'Role' };
const BINDINGS: Resource = { ...rbac, plural: 'rolebindings', kind: 'RoleBinding' };
const LEVELS: Resource = { ...flow, plural: 'prioritylevelconfigurations', kind: 'PriorityLevelConfiguration' };
const SCHEMAS: Resource = { ...flow, plural: 'flowschemas', kind: 'FlowSchema' };
const NAMESPACE = 'default';
const ACCOUNT = 'worker';
const USER = 'certified';
/** For whom the server has no room. */
const CROWD = 'crowd';

let dir: string;
let people: Authority;
let cluster: ControlPlane;
let admin: TestClient;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'credentials-test-'));
  people = createAuthority('people');
  await writeFile(join(dir, 'people.crt'), people.cert);
  cluster = await startControlPlane({
    alwaysStart: true,
    controllers: [],
    startTimeoutMs: 150_000,
    apiServerArgs: [
      `--client-ca-file=${join(dir, 'people.crt')}`,
      '--max-requests-inflight=60',
      '--max-mutating-requests-inflight=40',
    ],
  });
  admin = clientFor(loadConnection({ kubeconfig: cluster.kubeconfig }));
  const { client } = admin;
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch', 'patch'] }];
  await client.create(ROLES, NAMESPACE, { metadata: { name: 'work' }, rules });
  await client.create(BINDINGS, NAMESPACE, {
    metadata: { name: 'work' },
    roleRef: { apiGroup: rbac.group, kind: 'Role', name: 'work' },
    subjects: [
      { kind: 'ServiceAccount', name: ACCOUNT, namespace: NAMESPACE },
      { kind: 'User', name: USER, apiGroup: rbac.group },
      { kind: 'User', name: CROWD, apiGroup: rbac.group },
    ],
  });
  await client.create(ACCOUNTS, NAMESPACE, { metadata: { name: ACCOUNT } });
  await prepareLoad(admin, NAMESPACE);
}, 180_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await admin?.close();
  await cluster?.stop();
  await rm(dir, { recursive: true });
});

/** A token of the worker that ends with the Secret of this name. */
async function tokenBoundTo(secret: string): Promise<string> {
  const { metadata } = await admin.client.create(SECRETS, NAMESPACE, { metadata: { name: secret } });
  const path = objectPath(ACCOUNTS, { namespace: NAMESPACE, name: ACCOUNT }, 'token');
  const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name: secret, uid: metadata.uid };
  const body = { spec: { expirationSeconds: 3600, boundObjectRef } };
  const answer = await admin.transport.request({ method: 'POST', path, body });
  return (JSON.parse(answer.body) as { status: { token: string } }).status.token;
}

function clusterPart(): { server: string; 'certificate-authority-data': string } {
  return { server: cluster.url, 'certificate-authority-data': Buffer.from(cluster.ca ?? '').toString('base64') };
}

/** Whole or not at all, as kubelet and cert-manager's users write files. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.next`, text);
  await rename(`${path}.next`, path);
}

describe.concurrent('what changes under a running program', () => {
  it('the token of the pod: the old one is refused, and calls and watches go on', async () => {
    const root = join(dir, 'pod');
    const files = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
    await mkdir(files, { recursive: true });
    // As kubelet projects it: one link is turned, and all files have changed.
    const project = async (generation: string, token: string): Promise<void> => {
      await mkdir(join(files, generation));
      await writeFile(join(files, generation, 'token'), token);
      await symlink(generation, join(files, '..next'));
      await rename(join(files, '..next'), join(files, '..data'));
    };
    const old = await tokenBoundTo('first');
    await project('..1', old);
    await symlink('..data/token', join(files, 'token'));
    await writeFile(join(files, 'ca.crt'), cluster.ca ?? '');
    await writeFile(join(files, 'namespace'), NAMESPACE);
    const { hostname, port } = new URL(cluster.url);
    vi.stubEnv('KUBERNETES_SERVICE_HOST', hostname);
    vi.stubEnv('KUBERNETES_SERVICE_PORT', port);
    const connection = loadConnection({ serviceAccountRoot: root });
    expect(connection.namespace).toBe(NAMESPACE);
    const load = startLoad(connection, NAMESPACE);
    const watching = clientFor(connection);
    const cache = new Cache<Projected>({
      ...realDeps(),
      client: watching.client,
      resource: CONFIG_MAPS,
      namespaces: [NAMESPACE],
      indexes: {},
      project: ({ metadata: { namespace = '', name, uid = '', resourceVersion = '' } }) => ({
        namespace,
        name,
        uid,
        resourceVersion,
      }),
    });
    const stop = new AbortController();
    const running = cache.start(stop.signal);
    await cache.synced;
    await load.pass(50);

    await project('..2', await tokenBoundTo('second'));
    await admin.client.delete(SECRETS, { namespace: NAMESPACE, name: 'first' });
    const withOld = clientFor(withToken(connection, old));
    // The API server remembers for 10 s whom it has let in.
    await eventually(
      async () => {
        const answer = await withOld.transport.request({
          method: 'GET',
          path: '/api/v1/namespaces/default/configmaps',
        });
        return answer.status === 401;
      },
      'the old token is refused',
      20_000,
    );
    await load.pass(200);
    await admin.client.create(CONFIG_MAPS, NAMESPACE, { metadata: { name: 'after' } });
    await eventually(() => cache.get(`${NAMESPACE}/after`) !== undefined, 'the cache has seen it');
    await load.stop();
    stop.abort(new Error('over'));
    await running;
    await Promise.all([watching.close(), withOld.close()]);
    expect(load.failures).toEqual([]);
    // One refusal for each call that was under way, and each of these sent once more.
    expect(await load.answers('401')).toBeLessThanOrEqual(LANES);
    expect(await load.answers()).toBe(load.calls + (await load.answers('401')));
  });

  it('the client certificate: the one before runs out while its connections are open', async () => {
    const [certPath, keyPath] = [join(dir, 'tls.crt'), join(dir, 'tls.key')];
    const write = async ({ cert, key }: Certificate): Promise<void> => {
      await Promise.all([replace(certPath, cert), replace(keyPath, key)]);
    };
    const kubeconfig = join(dir, 'certificates.kubeconfig');
    const user = { 'client-certificate': certPath, 'client-key': keyPath };
    await writeKubeconfig(kubeconfig, { cluster: clusterPart(), user });
    const validForMs = 12_000;
    await write(people.issue(USER, { validForMs }));
    const end = sleep(validForMs + 1_500);
    const load = startLoad(loadConnection({ kubeconfig }), NAMESPACE);
    // One for each lane: the connections are open.
    await load.pass(2 * LANES);
    await write(people.issue(USER));
    await end;
    await load.pass(200);
    await load.stop();
    expect(load.failures).toEqual([]);
    // None where the new one was read before the old one ran out.
    const refused = await load.answers('401');
    expect(refused).toBeLessThanOrEqual(LANES);
    expect(await load.answers()).toBe(load.calls + refused);
  });

  it('the authority of the server: connections go on, new ones trust the new one', async () => {
    const [before, after] = [createAuthority('before'), createAuthority('after')];
    const terminator = await startTerminator(cluster, before.issue('server', { loopback: true }));
    const ca = join(dir, 'ca.crt');
    await writeFile(ca, before.cert);
    const kubeconfig = join(dir, 'authority.kubeconfig');
    await writeKubeconfig(kubeconfig, {
      cluster: { server: terminator.url, 'certificate-authority': ca },
      user: { token: cluster.adminToken ?? '' },
    });
    const load = startLoad(loadConnection({ kubeconfig }), NAMESPACE);
    await load.pass(50);
    await replace(ca, after.cert);
    terminator.present(after.issue('server', { loopback: true }));
    await load.pass(50);
    expect(load.failures).toEqual([]);
    expect(await load.answers('<error>')).toBe(0);
    // No call is on its way when they are cut, or a patch might be lost with its connection.
    await load.stop();
    const late = startLoad(loadConnection({ kubeconfig }), NAMESPACE);
    await late.pass(50);
    await replace(ca, before.cert);
    terminator.present(before.issue('server', { loopback: true }));
    await late.pass(50);
    terminator.cut();
    await late.pass(100);
    await late.stop();
    await terminator.close();
    // Only a write whose answer was cut off is not sent again.
    expect(late.failures.length).toBeLessThanOrEqual(LANES);
    for (const failure of late.failures) expect(String(failure)).toMatch(/PATCH.*(other side closed|ECONNRESET)/);
    expect(await late.answers('<error>')).toBeLessThanOrEqual(4 * LANES);
  });

  it('and a server that nobody vouches for gets no call', async () => {
    const terminator = await startTerminator(cluster, createAuthority('stranger').issue('server', { loopback: true }));
    const kubeconfig = join(dir, 'stranger.kubeconfig');
    await writeKubeconfig(kubeconfig, {
      cluster: { ...clusterPart(), server: terminator.url },
      user: { token: cluster.adminToken ?? '' },
    });
    const certified = clientFor(loadConnection({ kubeconfig }));
    await expect(certified.client.get(CONFIG_MAPS, { namespace: NAMESPACE, name: 'lane-0' })).rejects.toMatchObject({
      status: 0,
      message: expect.stringContaining('certificate') as string,
    });
    await certified.close();
    await terminator.close();
  });
});

describe.concurrent('a plugin that gives the credentials', () => {
  const version = 'client.authentication.k8s.io/v1';
  /** One that gives these answers, one after the other, and the last one for ever. */
  async function plugin(
    ...answers: readonly object[]
  ): Promise<{ home: string; kubeconfig: string; runs: () => Promise<number> }> {
    const home = await mkdtemp(join(dir, 'plugin-'));
    await Promise.all(
      answers.map((status, index) => {
        const last = index === answers.length - 1 ? 'last' : `${index + 1}`;
        const text = JSON.stringify({ apiVersion: version, kind: 'ExecCredential', status });
        return writeFile(join(home, last), text);
      }),
    );
    const lines = [
      '#!/bin/sh',
      'cd "$HERE"',
      'printf x >> runs',
      'echo "$KUBERNETES_EXEC_INFO" > info',
      'cat "$(wc -c < runs | tr -d " ")" 2>/dev/null || cat last',
    ];
    await writeFile(join(home, 'get-token'), lines.join('\n'));
    await chmod(join(home, 'get-token'), 0o700);
    const kubeconfig = join(home, 'kubeconfig');
    const env = [{ name: 'HERE', value: home }];
    // A path that begins at the kubeconfig.
    const command = './get-token';
    const exec = { apiVersion: version, command, env, provideClusterInfo: true, interactiveMode: 'Never' };
    await writeKubeconfig(kubeconfig, { cluster: clusterPart(), user: { exec } });
    return { home, kubeconfig, runs: async () => (await readFile(join(home, 'runs'), 'utf8')).length };
  }

  it('is asked once for all calls, again when what it gave has run out, and again when it is refused', async () => {
    const expirationTimestamp = new Date(Date.now() + 10_000).toISOString();
    const [first, last] = await Promise.all([tokenBoundTo('plugin-1'), tokenBoundTo('plugin-2')]);
    const { home, kubeconfig, runs } = await plugin(
      { token: first, expirationTimestamp },
      { token: 'not-valid' },
      { token: last },
    );
    const load = startLoad(loadConnection({ kubeconfig }), NAMESPACE);
    await load.pass(2 * LANES);
    expect(await runs()).toBe(1);
    const info: unknown = JSON.parse(await readFile(join(home, 'info'), 'utf8'));
    const spec = { interactive: false, cluster: clusterPart() };
    expect(info).toEqual({ apiVersion: version, kind: 'ExecCredential', spec });
    await eventually(async () => (await runs()) === 3, 'what it gave has run out, and then been refused', 30_000);
    await load.pass(100);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(await load.answers('401')).toBeLessThanOrEqual(LANES);
    expect(await runs()).toBe(3);
  });

  it('may give a client certificate', async () => {
    const { cert, key } = people.issue(USER);
    const { kubeconfig } = await plugin({ clientCertificateData: cert, clientKeyData: key });
    const certified = clientFor(loadConnection({ kubeconfig }));
    await expect(certified.client.get(CONFIG_MAPS, { namespace: NAMESPACE, name: 'lane-0' })).resolves.toBeDefined();
    await certified.close();
  });

  it('that gives what the server refuses is not asked for each call', async () => {
    const { kubeconfig, runs } = await plugin({ token: 'not-valid' });
    const load = startLoad(loadConnection({ kubeconfig }), NAMESPACE);
    await load.pass(100);
    await load.stop();
    expect(load.failures.length).toBe(load.calls);
    expect(load.failures[0]).toMatchObject({ status: 401 });
    expect(await runs()).toBe(2);
  });
});

it.concurrent('a server that has no room: all calls come through, none before the time that it asked for', async () => {
  const { client } = admin;
  // One seat, no queue.
  await client.create(LEVELS, null, {
    metadata: { name: 'narrow' },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } },
  });
  const subjects = [{ kind: 'User', user: { name: CROWD } }];
  const resourceRules = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }];
  await client.create(SCHEMAS, null, {
    metadata: { name: 'narrow' },
    spec: {
      priorityLevelConfiguration: { name: 'narrow' },
      matchingPrecedence: 2,
      rules: [{ subjects, resourceRules }],
    },
  });
  const { cert, key } = people.issue(CROWD);
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const kubeconfig = join(dir, 'narrow.kubeconfig');
  const user = { 'client-certificate-data': encoded(cert), 'client-key-data': encoded(key) };
  await writeKubeconfig(kubeconfig, { cluster: clusterPart(), user });
  const deps = realDeps();
  const narrow = clientFor(loadConnection({ kubeconfig }), deps);
  const path = '/api/v1/namespaces/default/configmaps';
  const eager = clientFor(loadConnection({ kubeconfig }), { retry: { attempts: 1, baseMs: 0, maxMs: 0 } });
  const burst = (): Promise<number[]> =>
    Promise.all(
      Array.from({ length: 30 }, async () => (await eager.transport.request({ method: 'GET', path })).status),
    );
  await eventually(async () => (await burst()).includes(429), 'the server turns calls away');

  const started = performance.now();
  const took = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const answer = await narrow.transport.request({ method: 'GET', path });
      return { status: answer.status, ms: performance.now() - started };
    }),
  );
  await Promise.all([narrow.close(), eager.close()]);
  expect(new Set(took.map(({ status }) => status))).toEqual(new Set([200]));
  const metric = await deps.metrics.registry.getSingleMetric('rest_client_requests_total')?.get();
  const turnedAway = metric?.values.find(({ labels }) => labels['code'] === '429')?.value ?? 0;
  expect(turnedAway).toBeGreaterThan(0);
  expect(turnedAway).toBeLessThanOrEqual(30 * 3);
  const late = took.filter(({ ms }) => ms >= 1_000).map(({ ms }) => ms);
  expect(late.length).toBeGreaterThan(0);
});
