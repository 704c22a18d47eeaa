// The proxy itself, on the real API server: it passes what it should, and each action does what its name says.

import { Pool } from 'undici';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { connect, type Cluster } from '../controlplane/client.ts';
import type { Action } from './action.ts';
import { startProxy, type ApiProxy } from './proxy.ts';
import { oneOf, RuleBook, when, type Rule } from './rules.ts';
import { describeRequest, type ProxyRequest } from './request.ts';

let cluster: Cluster;
let proxy: ApiProxy;
let namespace: string;
let pool: Pool;
beforeAll(async () => {
  cluster = connect(inject('controlPlane'));
  [proxy, namespace] = await Promise.all([startProxy(cluster), cluster.createNamespace('proxy')]);
  pool = new Pool(proxy.url, { connect: { ca: cluster.ca ?? '' }, connections: 8, headersTimeout: 0, bodyTimeout: 0 });
});
afterEach(() => proxy.setRules([]));
afterAll(async () => {
  await pool.destroy();
  await proxy.close();
  await cluster.deleteNamespace(namespace, { wait: false });
});

const path = (name = ''): string => `/api/v1/namespaces/${namespace}/configmaps${name === '' ? '' : `/${name}`}`;

async function call(method: 'GET' | 'POST', at: string, body?: object, timeoutMs = 10_000) {
  const response = await pool.request({
    method,
    path: at,
    headers: { authorization: `Bearer ${cluster.adminToken}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.statusCode, headers: response.headers, text: await response.body.text() };
}
const create = (name: string, data: Record<string, string> = {}) =>
  call('POST', path(), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
const exists = async (name: string): Promise<boolean> =>
  (await cluster.kubectl(['get', 'cm', name], { namespace })).code === 0;

async function watch(rule: Rule | null, reads = 3): Promise<string[]> {
  proxy.setRules(rule === null ? [] : [rule]);
  const response = await pool.request({
    method: 'GET',
    path: `${path()}?watch=1&fieldSelector=metadata.name!=kube-root-ca.crt&timeoutSeconds=1`,
    headers: { authorization: `Bearer ${cluster.adminToken}` },
  });
  const text = await response.body.text();
  return text.split('\n').slice(0, reads);
}

test('kubectl works through it, with the CA of its kubeconfig', async () => {
  const kubeconfig = await proxy.kubeconfig(cluster.kubeconfig);
  const before = proxy.counts();
  await cluster.kubectlOk(['create', 'configmap', 'by-kubectl'], { namespace, kubeconfig });
  const text = await cluster.kubectlOk(['get', 'cm', '-o', 'name'], { namespace, kubeconfig });
  expect(text).toContain('configmap/by-kubectl');
  const after = proxy.counts();
  expect(after.writes).toBe(before.writes + 1);
  expect(proxy.log().find(({ request }) => request === 'create configmaps')).toMatchObject({ status: 201 });
});

test('many calls share few connections', async () => {
  const before = proxy.counts();
  await Promise.all(Array.from({ length: 200 }, () => call('GET', path())));
  const after = proxy.counts();
  expect(after.requests - before.requests).toBe(200);
  expect(after.connections - before.connections).toBeLessThanOrEqual(8);
});

test('a write that is cut before it is forwarded is not done; one that is cut after it is', async () => {
  const cut = (at: 'request' | 'answer'): Rule => when({ isWrite: true }, { do: 'cut', at });
  proxy.setRules([cut('request')]);
  await expect(create('cut-request')).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await exists('cut-request')).toBe(false);
  proxy.setRules([cut('answer')]);
  await expect(create('cut-answer')).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await exists('cut-answer')).toBe(true);
});

test('`tell` of a cut runs once the API server has done it and before the client knows', async () => {
  let there: Promise<boolean> | undefined;
  const tell = (): void => {
    there = exists('told');
  };
  proxy.setRules([when({ isWrite: true }, { do: 'cut', at: 'answer', tell })]);
  await expect(create('told')).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await there).toBe(true);
});

test('an answer that is cut at byte N brings N bytes and breaks', async () => {
  proxy.setRules([when({ verb: 'list' }, { do: 'cut', at: { byte: 100 } })]);
  const response = await pool.request({
    method: 'GET',
    path: path(),
    headers: { authorization: `Bearer ${cluster.adminToken}` },
  });
  let bytes = 0;
  const read = async (): Promise<void> => {
    for await (const chunk of response.body as AsyncIterable<Buffer>) bytes += chunk.length;
  };
  await expect(read()).rejects.toThrow();
  expect(bytes).toBe(100);
});

test('status: with Retry-After, without the API server; a 504 may come after it has done the write', async () => {
  proxy.setRules([when({ isWrite: true }, { do: 'status', code: 429, retryAfterSeconds: 7 })]);
  const refused = await create('refused');
  expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
  expect(JSON.parse(refused.text)).toMatchObject({ kind: 'Status', reason: 'TooManyRequests' });
  proxy.setRules([when({ isWrite: true }, { do: 'status', code: 504, forward: true })]);
  expect((await create('late')).status).toBe(504);
  expect([await exists('refused'), await exists('late')]).toEqual([false, true]);
});

test('delay, freeze and half-open hold a call; freeze lets go on release', async () => {
  proxy.setRules([when({ verb: 'list' }, { do: 'delay', ms: 300 })]);
  const started = performance.now();
  await call('GET', path());
  expect(performance.now() - started).toBeGreaterThan(290);

  proxy.setRules([when({ isWrite: true }, { do: 'freeze', at: 'request' })]);
  const frozen = create('frozen');
  await expect.poll(() => proxy.exchanges(({ isWrite }) => isWrite)).toHaveLength(1);
  expect(await exists('frozen')).toBe(false);
  proxy.release();
  expect((await frozen).status).toBe(201);

  for (const at of ['request', 'answer', { byte: 10 }] as const) {
    proxy.setRules([when({ verb: 'list' }, { do: 'halfOpen', at })]);
    await expect(call('GET', path(), undefined, 200)).rejects.toThrow(/time/);
  }
  await expect.poll(() => proxy.exchanges()).toEqual([]);
});

test('a slow reader gets everything, slowly', async () => {
  await create('large', { text: 'x'.repeat(20_000) });
  proxy.setRules([when({ verb: 'get' }, { do: 'throttle', bytesPerSecond: 40_000 })]);
  const started = performance.now();
  const { text } = await call('GET', path('large'));
  expect(JSON.parse(text)).toMatchObject({ data: { text: 'x'.repeat(20_000) } });
  expect(performance.now() - started).toBeGreaterThan(400);
});

test('watches stream; an event can be dropped or truncated; one under way can be cut or stalled', async () => {
  await create('watched');
  const plain = await watch(null);
  expect(plain.slice(0, 2).map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['ADDED', 'ADDED']);
  const dropped = await watch(when({ isWatch: true }, { do: 'spoilEvent', line: 1, how: 'drop' }));
  expect(dropped[0]).toBe(plain[1]);
  const truncated = await watch(when({ isWatch: true }, { do: 'spoilEvent', line: 1, how: 'truncate' }));
  expect(truncated[0]).toBe(plain[0]?.slice(0, truncated[0]?.length));
  expect(() => JSON.parse(truncated[0] ?? '')).toThrow();
  expect(truncated[1]).toBe(plain[1]);

  const open = watch(null);
  await expect.poll(() => proxy.exchanges(({ isWatch }) => isWatch)).toHaveLength(1);
  for (const exchange of proxy.exchanges(({ isWatch }) => isWatch)) exchange.cut();
  await expect(open).rejects.toThrow();
  await expect.poll(() => proxy.exchanges()).toEqual([]);

  const stalled = watch(null);
  await expect.poll(() => proxy.exchanges(({ isWatch }) => isWatch)).toHaveLength(1);
  for (const exchange of proxy.exchanges(({ isWatch }) => isWatch)) exchange.stall();
  // The API server has ended it after its second; the client does not hear of it.
  expect(await Promise.race([stalled, new Promise((resolve) => setTimeout(resolve, 1_500, 'silence'))])).toBe(
    'silence',
  );
  proxy.cutAll();
  await expect(stalled).rejects.toThrow();
});

test('refuse resets new connections', async () => {
  proxy.refuse(true);
  proxy.cutAll();
  await expect(call('GET', path())).rejects.toThrow();
  proxy.refuse(false);
  expect((await call('GET', path())).status).toBe(200);
});

test('a seed replays its decisions, also when requests arrive in another order', () => {
  const actions: Action[] = [{ do: 'delay', ms: 1 }, { do: 'freeze', at: 'request' }, { do: 'pass' }];
  const paths = Array.from({ length: 40 }, (_, i) => `/api/v1/namespaces/any/configmaps/c${i % 10}`);
  const decide = (seed: number, order: readonly string[]): string[] => {
    const book = new RuleBook(seed, [oneOf({ verb: 'get' }, actions, { chance: 0.7 })]);
    const decided = order.map((at, i) => {
      const request: ProxyRequest = { ...describeRequest('GET', at), n: i + 1, nWrite: 0 };
      return `${at} ${book.decide(request).do}`;
    });
    return decided.sort();
  };
  expect(decide(7, paths)).toEqual(decide(7, paths.toReversed()));
  expect(decide(7, paths)).not.toEqual(decide(8, paths));
});
