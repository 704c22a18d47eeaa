// The runtime's list-watch, calls and events on a wire that fails in one way at a time: each way in which a watch or a first reading
// can be spoilt ends in a cache that holds what is there, with few requests; a call that is turned away is done once, after the
// time that was asked for.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { CONFIG_MAPS, clientFor, type TestClient } from '../../operator/runtime/cluster-testing.ts';
import { Cache, type Projected } from '../../operator/runtime/cache.ts';
import { loadConnection } from '../../operator/runtime/connection.ts';
import { EventRecorder } from '../../operator/runtime/events.ts';
import type { ReflectorTuning } from '../../operator/runtime/reflector.ts';
import { eventually, realDeps } from '../../operator/runtime/testing.ts';
import { connect, type Cluster } from '../controlplane/client.ts';
import type { Action } from '../proxy/action.ts';
import { startProxy, type ApiProxy } from '../proxy/proxy.ts';
import { when } from '../proxy/rules.ts';
import { busiestSecond, isRead } from '../proxy/traffic.ts';

interface Item extends Projected {
  readonly value: string;
}

const OBJECTS = 12;
const TUNING: Partial<ReflectorTuning> = {
  backoffBaseMs: 50,
  pageSize: 5,
  // A dead watch shows by outliving its time: here after some seconds instead of minutes.
  watchSecondsMin: 2,
  watchSecondsMax: 2,
  graceMs: 500,
  goodWatchMs: 500,
  initialSilenceMs: 2_000,
};

let cluster: Cluster;
let proxy: ApiProxy;
let admin: TestClient;
let client: TestClient;
let namespace: string;
let stop: AbortController;
let ended: Promise<void>;
let deps: ReturnType<typeof realDeps>;
beforeAll(async () => {
  cluster = connect(inject('controlPlane'));
  proxy = await startProxy(cluster);
  admin = clientFor(loadConnection({ kubeconfig: cluster.kubeconfig }));
  client = clientFor(loadConnection({ kubeconfig: await proxy.kubeconfig(cluster.kubeconfig) }), { timeoutMs: 3_000 });
});
afterAll(async () => {
  await Promise.all([client.close(), admin.close()]);
  await proxy.close();
});
beforeEach(async () => {
  namespace = await cluster.createNamespace('wire');
  deps = realDeps();
  stop = new AbortController();
  ended = Promise.resolve();
});
afterEach(async () => {
  stop.abort(new Error('the test is over'));
  proxy.setRules([]);
  proxy.release();
  await ended;
  await cluster.deleteNamespace(namespace, { wait: false });
});

function start(): Cache<Item> {
  const cache = new Cache<Item>({
    ...deps,
    client: client.client,
    resource: CONFIG_MAPS,
    namespaces: [namespace],
    project: ({ metadata, ...rest }) => ({
      namespace,
      name: metadata.name,
      uid: metadata.uid ?? '',
      resourceVersion: metadata.resourceVersion ?? '',
      value: (rest['data'] as Record<string, string> | undefined)?.['value'] ?? '',
    }),
    indexes: {},
    tuning: TUNING,
  });
  ended = cache.start(stop.signal);
  return cache;
}

const put = (name: string): Promise<unknown> =>
  admin.client.create(CONFIG_MAPS, namespace, { metadata: { name }, data: { value: '0'.repeat(200) } });
const fill = (): Promise<unknown> => Promise.all(Array.from({ length: OBJECTS }, (_, i) => put(`object-${i}`)));

/** What the cache holds is what there is, version by version. */
async function isTrue(cache: Cache<Item>): Promise<boolean> {
  const there = new Map<string, string | undefined>();
  for await (const { items } of admin.client.list(CONFIG_MAPS, { namespace })) {
    for (const { metadata } of items) there.set(metadata.name, metadata.resourceVersion);
  }
  const held = cache.list();
  return held.length === there.size && held.every((item) => there.get(item.name) === item.resourceVersion);
}

/** With what the metric of watches says of it. */
const SPOILT: readonly (readonly [what: string, action: Action, reason: string])[] = [
  ['is cut before it is asked for', { do: 'cut', at: 'request' }, 'connection'],
  ['is cut before it is answered', { do: 'cut', at: 'answer' }, 'connection'],
  ['is cut in the middle of an event', { do: 'cut', at: { byte: 900 } }, 'connection'],
  ['falls silent before it is answered', { do: 'halfOpen', at: 'answer' }, 'overdue'],
  ['falls silent in the middle of an event', { do: 'halfOpen', at: { byte: 900 } }, 'overdue'],
  ['brings half an event', { do: 'spoilEvent', line: 2, how: 'truncate' }, 'unreadable'],
  ['is read slowly', { do: 'throttle', bytesPerSecond: 4_000 }, 'ended'],
  ['is refused with 429', { do: 'status', code: 429, retryAfterSeconds: 1 }, 'http_429'],
  ['is refused with 500', { do: 'status', code: 500 }, 'http_500'],
  ['is refused with 503', { do: 'status', code: 503 }, 'http_503'],
];

/** In any second: lists of three pages, and watches whose pauses double from 50 ms. */
const MOST_READS = 10;

test.for(SPOILT)('a watch that %s', async ([, action, reason]) => {
  await fill();
  const cache = start();
  await cache.synced;
  let met = 0;
  proxy.setRules([when({ isWatch: true, namespace, resource: 'configmaps' }, () => (++met > 1 ? null : action))]);
  const from = proxy.counts().ms;
  for (const watch of proxy.exchanges(({ isWatch }) => isWatch)) watch.cut();
  for (let i = 0; i < 6; i++) {
    await admin.client.patch(CONFIG_MAPS, { namespace, name: `object-${i}` }, { data: { value: String(i) } });
    await put(`new-${i}`);
    await admin.client.delete(CONFIG_MAPS, { namespace, name: `object-${i + 6}` });
    await sleep(50);
  }
  await eventually(async () => met >= 1 && (await isTrue(cache)), 'the cache tells the truth', 20_000);
  const noticed = async (): Promise<boolean> => (await deps.metrics.text()).includes(`reason="${reason}"}`);
  await eventually(noticed, `${reason} is counted`);
  const reads = proxy.log().filter((entry) => entry.atMs >= from && isRead(entry));
  expect(busiestSecond(reads)).toBeLessThanOrEqual(MOST_READS);
});

test.for(SPOILT)('a first reading that %s', async ([, action]) => {
  await fill();
  let met = 0;
  // The beginning of the watch, then a page of the list.
  proxy.setRules([
    when(
      ({ isWatch, verb, resource }) => resource === 'configmaps' && (isWatch || verb === 'list'),
      () => (++met > 2 ? null : action),
    ),
  ]);
  const from = proxy.counts().ms;
  const cache = start();
  let told = false;
  cache.synced.then(
    () => (told = true),
    () => {},
  );
  await eventually(() => told, 'synced', 30_000);
  // Never a part of it.
  expect(cache.list().filter(({ name }) => name.startsWith('object-'))).toHaveLength(OBJECTS);
  await eventually(() => isTrue(cache), 'the cache tells the truth');
  const reads = proxy.log().filter((entry) => entry.atMs >= from && isRead(entry));
  expect(busiestSecond(reads)).toBeLessThanOrEqual(MOST_READS + 4);
});

test('a watch that is turned away is asked for again after the time that the server names', async () => {
  const cache = start();
  await cache.synced;
  proxy.setRules([when({ isWatch: true }, { do: 'status', code: 429, retryAfterSeconds: 2 }, { times: 1 })]);
  const from = proxy.counts().ms;
  for (const watch of proxy.exchanges(({ isWatch }) => isWatch)) watch.cut();
  const asked = () => proxy.log().filter(({ atMs, request }) => atMs >= from && request.startsWith('watch configmaps'));
  await eventually(() => asked().length >= 2, 'asked again');
  const [first, second] = asked().map(({ atMs }) => atMs);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1_990);
});

test('a call that is turned away is done once, after the time that the server names', async () => {
  proxy.setRules([when({ verb: 'create' }, { do: 'status', code: 429, retryAfterSeconds: 1 }, { times: 1 })]);
  const started = performance.now();
  await client.client.create(CONFIG_MAPS, namespace, { metadata: { name: 'once' } });
  expect(performance.now() - started).toBeGreaterThanOrEqual(990);
});

test('events that are turned away come through, and one whose answer is lost is there once', async () => {
  const events = new EventRecorder({
    ...deps,
    client: client.client,
    reportingController: 'example.com/test',
    reportingInstance: 'test',
  });
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'some', uid: 'uid' };
  proxy.setRules([
    when({ resource: 'events' }, { do: 'status', code: 429, retryAfterSeconds: 1 }, { times: 1 }),
    when({ resource: 'events' }, { do: 'cut', at: 'answer' }, { times: 1, skip: 1 }),
  ]);
  for (const reason of ['First', 'Second', 'Third']) events.event(ref, 'Normal', reason, 'Test', 'so it is');
  await events.close(8_000);
  const text = await cluster.kubectlOk(['get', 'events.events.k8s.io', '-o', 'jsonpath={.items[*].reason}'], {
    namespace,
  });
  expect(text.split(' ').sort()).toEqual(['First', 'Second', 'Third']);
});
