// The runtime's controller, queue and cache together, on a wire that fails: each step is taken once though nobody hears of it, one
// worker a key, a call that hangs costs its key its time and no other key anything, and a stop leaves nothing under way.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { Cache, type Projected } from '../../operator/runtime/cache.ts';
import { CONFIG_MAPS, clientFor, type TestClient } from '../../operator/runtime/cluster-testing.ts';
import { loadConnection } from '../../operator/runtime/connection.ts';
import {
  Controller,
  type ControllerOptions,
  type Outcome,
  type ReconcileContext,
} from '../../operator/runtime/controller.ts';
import { eventually, realDeps } from '../../operator/runtime/testing.ts';
import { connect, type Cluster } from '../controlplane/client.ts';
import { startProxy, type ApiProxy } from '../proxy/proxy.ts';
import type { ProxyRequest } from '../proxy/request.ts';
import { when } from '../proxy/rules.ts';
import { BAD_DAY, THAW_MS, weather } from '../proxy/weather.ts';

/** An object whose `done` is to be brought up to `wanted`, one write a step. */
interface Counter extends Projected {
  readonly wanted: number;
  readonly done: number;
}

const CONCURRENCY = 3;

let cluster: Cluster;
let proxy: ApiProxy;
let admin: TestClient;
let client: TestClient;
let namespace: string;
let stop: AbortController;
let cache: Cache<Counter>;
let controller: Controller | null;
let ended: Promise<void>;
let deps: ReturnType<typeof realDeps>;
/** Keys in work, and the most at once. */
let working: string[];
let most: number;

beforeAll(async () => {
  cluster = connect(inject('controlPlane'));
  proxy = await startProxy(cluster, { releaseEveryMs: THAW_MS });
  admin = clientFor(loadConnection({ kubeconfig: cluster.kubeconfig }));
  client = clientFor(loadConnection({ kubeconfig: await proxy.kubeconfig(cluster.kubeconfig) }), { timeoutMs: 3_000 });
});
afterAll(async () => {
  await Promise.all([client.close(), admin.close()]);
  await proxy.close();
});
beforeEach(async () => {
  namespace = await cluster.createNamespace('controller');
  deps = realDeps();
  stop = new AbortController();
  [controller, working, most] = [null, [], 0];
  cache = new Cache<Counter>({
    ...deps,
    client: client.client,
    resource: CONFIG_MAPS,
    namespaces: [namespace],
    project: ({ metadata, ...rest }) => {
      const data = rest['data'] as Record<string, string> | undefined;
      return {
        namespace,
        name: metadata.name,
        uid: metadata.uid ?? '',
        resourceVersion: metadata.resourceVersion ?? '',
        wanted: Number(data?.['wanted'] ?? 0),
        done: Number(data?.['done'] ?? 0),
      };
    },
    indexes: {},
    // A watch that has died is noticed in seconds.
    tuning: {
      backoffBaseMs: 50,
      watchSecondsMin: 2,
      watchSecondsMax: 3,
      graceMs: 500,
      goodWatchMs: 500,
      initialSilenceMs: 2_000,
    },
  });
  ended = cache.start(stop.signal);
  await cache.synced;
});
afterEach(async () => {
  proxy.setRules([]);
  proxy.release();
  await controller?.stop(0);
  stop.abort(new Error('the test is over'));
  await ended;
  await cluster.deleteNamespace(namespace, { wait: false });
});

const ofNamespace = ({ namespace: of }: ProxyRequest): boolean => of === namespace;
const keyOf = (name: string): string => `${namespace}/${name}`;

async function put(name: string, wanted: number): Promise<void> {
  const data = { wanted: String(wanted), done: '0' };
  await admin.client.create(CONFIG_MAPS, namespace, { metadata: { name }, data });
}

async function done(name: string): Promise<number> {
  const object = await admin.client.get(CONFIG_MAPS, { namespace, name });
  return Number(((object as { data?: Record<string, string> }).data ?? {})['done']);
}

/** One step; the cache hears of it by the answer. */
async function step(key: string, { signal }: ReconcileContext): Promise<Outcome> {
  const item = cache.get(key);
  if (item === undefined || item.done >= item.wanted) return { kind: 'done' };
  const { name, resourceVersion } = item;
  const patch = { metadata: { resourceVersion }, data: { done: String(item.done + 1) } };
  cache.observe(await client.client.patch(CONFIG_MAPS, { namespace, name }, patch, { signal }));
  return { kind: 'requeueAfter', ms: 1 };
}

function start(options: Partial<ControllerOptions> = {}): Controller {
  const made = new Controller({
    ...deps,
    name: 'counters',
    concurrency: CONCURRENCY,
    timeoutMs: 2_000,
    backoffBaseMs: 50,
    backoffMaxMs: 1_000,
    ...options,
    reconcile: async (key, context) => {
      expect(working).not.toContain(key);
      working.push(key);
      most = Math.max(most, working.length);
      try {
        return await step(key, context);
      } finally {
        working = working.filter((other) => other !== key);
      }
    },
  });
  cache.onChange(({ key }) => made.enqueue(key));
  for (const { name } of cache.list()) made.enqueue(keyOf(name));
  made.start();
  controller = made;
  return made;
}

async function reconciles(result: string): Promise<number> {
  const name = 'controller_runtime_reconcile_total';
  const line = new RegExp(`^${name}\\{controller="counters",result="${result}"\\} (\\d+)$`, 'm');
  return Number(line.exec(await deps.metrics.text())?.[1] ?? 0);
}

test('reads its own writes: while no watch brings anything each step is taken once, and none is refused', async () => {
  await put('counter', 12);
  await eventually(() => cache.get(keyOf('counter')) !== undefined, 'the cache has it');
  let steps = 0;
  const silent = when({ isWatch: true }, { do: 'halfOpen', at: 'answer' });
  const counted = when({ isWrite: true }, () => {
    steps++;
    return null;
  });
  proxy.setRules([silent, counted]);
  for (const watch of proxy.exchanges(({ isWatch }) => isWatch)) watch.stall();
  start();
  await eventually(async () => (await done('counter')) === 12, 'all steps');
  await sleep(200);
  expect([steps, await reconciles('error')]).toEqual([12, 0]);
});

test(
  'in bad weather: every counter comes to what is wanted and no further, one worker a key',
  { timeout: 120_000 },
  async () => {
    const names = Array.from({ length: 8 }, (_, i) => `counter-${i}`);
    const struck: string[] = [];
    proxy.setRules([weather({ ...BAD_DAY, calls: 0.25 }, ({ verb }, { do: what }) => struck.push(`${what} ${verb}`))]);
    start();
    for (const name of names) await put(name, 10);
    await eventually(async () => (await Promise.all(names.map(done))).every((n) => n === 10), 'all are there', 90_000);
    proxy.setRules([]);
    await sleep(1_000);
    expect(await Promise.all(names.map(done))).toEqual(names.map(() => 10));
    expect(most).toBe(CONCURRENCY);
    // Else nothing was in its way.
    expect(struck.length).toBeGreaterThan(5);
    expect(await reconciles('error')).toBeGreaterThan(0);
  },
);

test('a call that hangs costs its key its time limit, again after its back-off, and other keys nothing', async () => {
  await put('stuck', 1);
  let tries = 0;
  const hang = when({ isWrite: true, name: 'stuck' }, () => (tries++, { do: 'halfOpen', at: 'request' }));
  proxy.setRules([hang]);
  start({ timeoutMs: 400, backoffBaseMs: 200 });
  await eventually(() => tries > 0, 'the first try hangs');
  const from = performance.now();
  await put('free', 5);
  await eventually(async () => (await done('free')) === 5, 'the other one');
  expect(performance.now() - from).toBeLessThan(1_500);
  await eventually(() => tries >= 3, 'it is tried again');
  const took = performance.now() - from;
  // Three limits and the back-offs between, of which each is at least its half.
  expect(took).toBeGreaterThan(2 * 400 + 200 / 2);
  // The client's own 3 s for a call would cost twice that.
  expect(took).toBeLessThan(5_000);
  expect(await reconciles('error')).toBeGreaterThanOrEqual(2);
  expect(working.filter((key) => key === keyOf('stuck')).length).toBeLessThanOrEqual(1);
  proxy.setRules([]);
  await eventually(async () => (await done('stuck')) === 1, 'it gets through');
});

test('a stop gives up the call that hangs, in time, and what was given up is not done later', async () => {
  await put('stuck', 1);
  let tries = 0;
  proxy.setRules([
    when(
      (request) => request.isWrite && ofNamespace(request),
      () => (tries++, { do: 'halfOpen', at: 'request' }),
    ),
  ]);
  const running = start({ timeoutMs: 60_000 });
  await eventually(() => tries > 0, 'the call hangs');
  const from = performance.now();
  expect(await running.stop(300)).toBe(true);
  expect(performance.now() - from).toBeLessThan(1_500);
  expect(working).toEqual([]);
  proxy.setRules([]);
  proxy.release();
  running.enqueue(keyOf('stuck'));
  await sleep(500);
  expect([tries, await done('stuck')]).toEqual([1, 0]);
});
