// The cache on a real API server, through a proxy that cuts its watch.
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Cache, type Projected } from './cache.ts';
import type { KubeClient } from './client.ts';
import {
  CONFIG_MAPS,
  clientFor,
  createNamespace,
  deleteNamespace,
  startProxy,
  type Proxy,
  type TestClient,
} from './cluster-testing.ts';
import { loadConnection } from './connection.ts';
import type { Resource } from './object.ts';
import type { ReflectorTuning } from './reflector.ts';
import { eventually, realDeps } from './testing.ts';

interface Item extends Projected {
  readonly value: string;
}

const connection = loadConnection({ kubeconfig: inject('controlPlane').kubeconfig });
let deps: ReturnType<typeof realDeps>;
let namespace: string;
let proxy: Proxy;
let direct: TestClient;
let watching: TestClient;
let stop: AbortController;
let ended: Promise<void>;
/** Readings of the whole: lists, or watches that begin with it. */
let lists: number;
let byPages: number;
let watchList = true;

beforeEach(async () => {
  direct = clientFor(connection);
  namespace = await createNamespace(direct, 'cache');
  proxy = await startProxy(connection);
  watching = clientFor(proxy.connection, { timeoutMs: 3_000 });
  stop = new AbortController();
  deps = realDeps();
  lists = 0;
  byPages = 0;
});

afterEach(async () => {
  stop.abort(new Error('the test is over'));
  await ended;
  await deleteNamespace(direct, namespace);
  await Promise.all([watching.close(), direct.close()]);
  await proxy.close();
});

async function start(
  tuning: Partial<ReflectorTuning> = {},
  watch: KubeClient['watch'] = watching.client.watch.bind(watching.client),
  of = CONFIG_MAPS,
): Promise<Cache<Item>> {
  const cache = new Cache<Item>({
    ...deps,
    client: {
      list: (resource, options) => {
        lists++;
        byPages++;
        return watching.client.list(resource, options);
      },
      watch: (resource, options, signal) => {
        if (options.sendInitialEvents === true) lists++;
        return watch(resource, options, signal);
      },
    },
    resource: of,
    namespaces: [namespace],
    project: ({ metadata, ...rest }) => ({
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      uid: metadata.uid ?? '',
      resourceVersion: metadata.resourceVersion ?? '',
      value: (rest['data'] as Record<string, string> | undefined)?.['value'] ?? '',
    }),
    indexes: {},
    tuning: { backoffBaseMs: 50, watchList, ...tuning },
  });
  ended = cache.start(stop.signal);
  await cache.synced;
  return cache;
}

function create(name: string): Promise<{ metadata: { uid?: string } }> {
  return direct.client.create(CONFIG_MAPS, namespace, { metadata: { name }, data: { value: '0' } });
}

const key = (name: string): string => `${namespace}/${name}`;

describe.each([true, false])('the cache, read by WatchList: %s', (mode) => {
  beforeEach(() => {
    watchList = mode;
  });

  it('reads the whole, then sees what others create, modify and delete', async () => {
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(create));
    const cache = await start({ pageSize: 2 });
    expect(['a', 'b', 'c', 'd', 'e'].every((name) => cache.get(key(name)) !== undefined)).toBe(true);
    await create('new');
    await direct.client.patch(CONFIG_MAPS, { namespace, name: 'a' }, { data: { value: '1' } });
    await direct.client.delete(CONFIG_MAPS, { namespace, name: 'b' });
    await eventually(() => cache.get(key('new')) !== undefined, 'created');
    await eventually(() => cache.get(key('a'))?.value === '1', 'modified');
    await eventually(() => cache.get(key('b')) === undefined, 'deleted');
    expect(lists).toBe(1);
    expect(byPages).toBe(mode ? 0 : 1);
  });

  it('resumes a watch that was cut, and misses nothing, without a new list', async () => {
    const cache = await start();
    await Promise.all(['gone', 'kept'].map(create));
    await eventually(() => cache.get(key('kept')) !== undefined, 'seen before the cut');
    for (let round = 1; round <= 3; round++) {
      proxy.refuse(true);
      proxy.cut();
      await create(`round-${round}`);
      await direct.client.patch(CONFIG_MAPS, { namespace, name: 'kept' }, { data: { value: String(round) } });
      if (round === 2) await direct.client.delete(CONFIG_MAPS, { namespace, name: 'gone' });
      proxy.refuse(false);
      await eventually(() => cache.get(key(`round-${round}`)) !== undefined, `created during cut ${round}`);
      await eventually(() => cache.get(key('kept'))?.value === String(round), `modified during cut ${round}`);
    }
    await eventually(() => cache.get(key('gone')) === undefined, 'deleted during a cut');
    expect(lists).toBe(1);
  });

  it('lists anew when the version it asks for is gone', async () => {
    // The watch cache of a new kind knows nothing of the time before it, so that its 410 is real.
    const group = `${namespace}.example.com`;
    const things: Resource = { group, version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };
    const crds: Resource = {
      group: 'apiextensions.k8s.io',
      version: 'v1',
      plural: 'customresourcedefinitions',
      kind: 'CustomResourceDefinition',
      namespaced: false,
    };
    const crd = `things.${group}`;
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    await direct.client.create(crds, null, {
      metadata: { name: crd },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
    try {
      const put = (name: string): Promise<unknown> => direct.client.create(things, namespace, { metadata: { name } });
      await eventually(() => put('first').then(() => true, () => false), 'the new kind is served'); // prettier-ignore
      let watches = 0;
      const cache = await start(
        {},
        (resource, options, signal) => {
          watches++;
          // Until it was listed anew; one that is refused by the proxy is not the one.
          const from = watches > 1 && lists === 1 ? { resourceVersion: '1' } : {};
          return watching.client.watch(resource, { ...options, ...from }, signal);
        },
        things,
      );
      await put('before');
      await eventually(() => cache.get(key('before')) !== undefined, 'seen');
      proxy.refuse(true);
      proxy.cut();
      await direct.client.delete(things, { namespace, name: 'before' });
      await put('after');
      proxy.refuse(false);
      await eventually(() => cache.get(key('after')) !== undefined, 'created meanwhile');
      await eventually(() => cache.get(key('before')) === undefined, 'deleted meanwhile');
      expect(lists).toBe(2);
      expect(await deps.metrics.text()).toContain('watch_restarts_total{kind="Thing",reason="expired"} 1');
    } finally {
      await direct.client.delete(crds, { namespace: '', name: crd });
    }
  });

  it('does not wait for ever on a connection that fell silent', async () => {
    const cache = await start({ watchSecondsMin: 1, watchSecondsMax: 1, graceMs: 500, goodWatchMs: 100 });
    proxy.freeze(true);
    await create('unseen');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    // The silent connections stay silent; new ones work.
    proxy.freeze(false);
    await eventually(() => cache.get(key('unseen')) !== undefined, 'seen by a new watch', 20_000);
  });

  it('does not storm a server that refuses', async () => {
    await start();
    const before = proxy.accepted;
    let refusals = 0;
    proxy.freeze(true);
    for (let n = 0; n < 10; n++) {
      proxy.cut();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    refusals = proxy.accepted - before;
    proxy.freeze(false);
    proxy.cut();
    expect(refusals).toBeLessThanOrEqual(8);
  });

  it('shows own writes at once, while the watch is behind', async () => {
    const cache = await start();
    proxy.freeze(true);
    const created = await direct.client.create(CONFIG_MAPS, namespace, { metadata: { name: 'own' } });
    expect(cache.get(key('own'))).toBeUndefined();
    cache.observe(created);
    expect(cache.get(key('own'))?.uid).toBe(created.metadata.uid);
    const patched = await direct.client.patch(CONFIG_MAPS, { namespace, name: 'own' }, { data: { value: '1' } });
    cache.observe(patched);
    expect(cache.get(key('own'))?.value).toBe('1');
    await direct.client.delete(CONFIG_MAPS, { namespace, name: 'own' });
    cache.observeDeleted(key('own'), created.metadata.uid ?? '');
    expect(cache.get(key('own'))).toBeUndefined();
    const seen: (string | undefined)[] = [];
    cache.onChange(({ key: of, after }) => {
      if (of === key('own')) seen.push(after?.resourceVersion);
    });
    proxy.freeze(false);
    proxy.cut();
    await create('later');
    await eventually(() => cache.get(key('later')) !== undefined, 'the watch caught up');
    expect(seen).toEqual([]);
    expect(cache.get(key('own'))).toBeUndefined();
  });
});
