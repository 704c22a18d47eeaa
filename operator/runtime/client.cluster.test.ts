// The verbs, errors, paging and connections against a real API server.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  CONFIG_MAPS,
  clientFor,
  createNamespace,
  deleteNamespace,
  serviceAccount,
  startProxy,
  withToken,
  type Proxy,
  type TestClient,
} from './cluster-testing.ts';
import { loadConnection, type Connection } from './connection.ts';
import { type KubeError, isAlreadyExists, isConflict, isForbidden, isNotFound, isTransient } from './errors.ts';

const cluster = inject('controlPlane');
const connection = loadConnection({ kubeconfig: cluster.kubeconfig });
let namespace: string;
let direct: TestClient;

beforeAll(async () => {
  direct = clientFor(connection);
  namespace = await createNamespace(direct, 'client');
});

afterAll(async () => {
  await deleteNamespace(direct, namespace);
  await direct.close();
});

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('the verbs', () => {
  it('create, get, patch and delete', async () => {
    const { client } = direct;
    const key = { namespace, name: 'verbs' };
    const created = await client.create(CONFIG_MAPS, namespace, {
      metadata: { name: 'verbs' },
      data: { a: '1', b: '2' },
    });
    expect(created.metadata.uid).toMatch(/-/);
    const { uid = '', resourceVersion } = created.metadata;
    const again = await failure(client.create(CONFIG_MAPS, namespace, { metadata: { name: 'verbs' } }));
    expect([isAlreadyExists(again), isConflict(again)]).toEqual([true, false]);
    const patched = await client.patch(CONFIG_MAPS, key, { metadata: { resourceVersion }, data: { a: null, c: '3' } });
    expect(patched['data']).toEqual({ b: '2', c: '3' });
    const late = await failure(client.patch(CONFIG_MAPS, key, { metadata: { resourceVersion }, data: { a: '4' } }));
    expect([isConflict(late), isAlreadyExists(late), isTransient(late)]).toEqual([true, false, false]);
    expect((late as KubeError).message).toContain('has been modified');
    expect(isConflict(await failure(client.delete(CONFIG_MAPS, key, { uid: 'another' })))).toBe(true);
    expect(await client.get(CONFIG_MAPS, key)).toEqual(patched);
    expect(await client.delete(CONFIG_MAPS, key, { uid })).toMatchObject({
      gone: true,
    });
    expect(isNotFound(await failure(client.get(CONFIG_MAPS, key)))).toBe(true);
  });

  it('a delete that a finalizer holds is not gone', async () => {
    const { client } = direct;
    const key = { namespace, name: 'held' };
    await client.create(CONFIG_MAPS, namespace, { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
    const deleted = await client.delete(CONFIG_MAPS, key);
    expect(deleted.gone).toBe(false);
    expect(deleted.object?.metadata.deletionTimestamp).toBeDefined();
    await client.patch(CONFIG_MAPS, key, { metadata: { finalizers: null } });
    expect(isNotFound(await failure(client.get(CONFIG_MAPS, key)))).toBe(true);
  });

  it('list pages with one resourceVersion, filled in kind, selectors', async () => {
    const { client } = direct;
    const names = Array.from({ length: 7 }, (_, n) => `page-${n}`);
    await Promise.all(
      names.map((name) => client.create(CONFIG_MAPS, namespace, { metadata: { name, labels: { paged: 'yes' } } })),
    );
    const pages = [];
    for await (const page of client.list(CONFIG_MAPS, { namespace, labelSelector: 'paged=yes', pageSize: 3 }))
      pages.push(page);
    expect(pages.map((page) => page.items.length)).toEqual([3, 3, 1]);
    expect(new Set(pages.map((page) => page.resourceVersion)).size).toBe(1);
    expect(pages.flatMap((page) => page.items.map((each) => each.metadata.name))).toEqual(names);
    expect(pages[0]?.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  it('a watch ends when its time is over, and at once by its signal', async () => {
    const types: string[] = [];
    const { signal } = new AbortController();
    const options = { namespace, fieldSelector: 'metadata.name=page-0', timeoutSeconds: 1 };
    for await (const event of direct.client.watch(CONFIG_MAPS, options, signal)) types.push(event.type);
    expect(types).toEqual(['ADDED']);
    const controller = new AbortController();
    const watch = direct.client.watch(CONFIG_MAPS, { ...options, timeoutSeconds: 60 }, controller.signal);
    await watch.next();
    const next = failure(watch.next());
    controller.abort(new Error('enough'));
    expect(await next).toMatchObject({ message: 'enough' });
  });
});

describe('who we are', () => {
  it('a ServiceAccount without rights is forbidden, with the server’s words', async () => {
    const nobody = clientFor(await serviceAccount(direct, connection, namespace, 'nobody'));
    const error = await failure(nobody.client.get(CONFIG_MAPS, { namespace, name: 'x' }));
    await nobody.close();
    expect(isForbidden(error)).toBe(true);
    expect((error as KubeError).message).toContain(`system:serviceaccount:${namespace}:nobody`);
  });

  it('a server whose certificate we cannot verify gets nothing', async () => {
    const path = join(cluster.dir, `${namespace}-noca.kubeconfig`);
    const config = { server: cluster.url };
    await writeFile(
      path,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: config }],
        users: [{ name: 'u', user: { token: 'secret' } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    );
    const stranger = clientFor(loadConnection({ kubeconfig: path }));
    const error = await failure(stranger.client.get(CONFIG_MAPS, { namespace, name: 'x' }));
    await stranger.close();
    expect(error).toMatchObject({ status: 0 });
    expect((error as KubeError).message).toContain('certificate');
  });

  it('a rotated token is picked up by the call that it refused; a wrong one is not tried for ever', async () => {
    const good = await serviceAccount(direct, connection, namespace, 'rotates');
    let refreshed = 0;
    const from = (tokens: Connection[]): Connection => ({
      ...good,
      credentials: () => (tokens[Math.min(refreshed, tokens.length - 1)] ?? good).credentials(),
      refresh: () => {
        refreshed++;
        return true;
      },
    });
    const wrong = withToken(connection, 'wrong');
    const rotated = clientFor(from([wrong, good]));
    expect(isForbidden(await failure(rotated.client.create(CONFIG_MAPS, namespace, { metadata: { name: 'x' } })))).toBe(
      true,
    );
    await rotated.close();
    refreshed = 0;
    const refused = clientFor(from([wrong]));
    const error = await failure(refused.client.get(CONFIG_MAPS, { namespace, name: 'x' }));
    await refused.close();
    expect(error).toMatchObject({ status: 401, reason: 'Unauthorized' });
    expect(refreshed).toBe(1);
  });
});

describe('connections', () => {
  let proxy: Proxy;

  beforeAll(async () => {
    proxy = await startProxy(connection);
  });

  afterAll(() => proxy.close());

  it('are reused: hundreds of calls, no more sockets than the pool has', async () => {
    const pooled = clientFor(proxy.connection, { connections: 4 });
    const before = proxy.accepted;
    const keys = Array.from({ length: 20 }, (_, n) => ({ namespace, name: `socket-${n}` }));
    await Promise.all(keys.map(({ name }) => pooled.client.create(CONFIG_MAPS, namespace, { metadata: { name } })));
    for (let round = 0; round < 10; round++) {
      await Promise.all(keys.map((key) => pooled.client.patch(CONFIG_MAPS, key, { data: { round: String(round) } })));
    }
    expect(proxy.accepted - before).toBeLessThanOrEqual(4);
    await pooled.close();
  });

  it('that are cut in the middle: a read is repeated, it does not fail', async () => {
    const pooled = clientFor(proxy.connection, { connections: 2 });
    await pooled.client.get(CONFIG_MAPS, { namespace, name: 'socket-0' });
    proxy.freeze(true);
    const read = pooled.client.get(CONFIG_MAPS, { namespace, name: 'socket-0' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    proxy.freeze(false);
    proxy.cut();
    expect((await read).metadata.name).toBe('socket-0');
    await pooled.close();
  });

  it('that fall silent: the call ends at its time limit', async () => {
    const pooled = clientFor(proxy.connection, { timeoutMs: 300 });
    proxy.freeze(true);
    const error = await failure(pooled.client.get(CONFIG_MAPS, { namespace, name: 'socket-0' }));
    proxy.freeze(false);
    proxy.cut();
    expect(error).toMatchObject({ status: 0, reason: 'TimedOut' });
    await pooled.close();
  });
});
