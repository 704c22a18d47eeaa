// Following single objects as a ServiceAccount that has get and watch, and no list.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  CONFIG_MAPS,
  clientFor,
  createNamespace,
  deleteNamespace,
  grant,
  revoke,
  serviceAccount,
  startProxy,
  type Proxy,
  type TestClient,
} from './cluster-testing.ts';
import { loadConnection, type Connection } from './connection.ts';
import { isForbidden } from './errors.ts';
import type { ObjectState } from './object-watch.ts';
import { ObjectWatchSet, type ObjectWatchSetOptions } from './object-watch-set.ts';
import { eventually, realDeps } from './testing.ts';

const connection = loadConnection({ kubeconfig: inject('controlPlane').kubeconfig });
let account: Connection;
let namespace: string;
let admin: TestClient;
let reader: TestClient;
let proxy: Proxy;
let stop: AbortController;
let ended: Promise<void>;
let heard: [string, ObjectState][];

beforeAll(async () => {
  admin = clientFor(connection);
  namespace = await createNamespace(admin, 'object-watch');
  account = await serviceAccount(admin, connection, namespace, 'reader');
  await grant(admin, namespace, 'reader', ['get', 'watch']);
});

beforeEach(async () => {
  proxy = await startProxy(account);
  reader = clientFor(proxy.connection, { timeoutMs: 3_000 });
  heard = [];
});

afterEach(async () => {
  stop.abort(new Error('the test is over'));
  await ended;
  await reader.close();
  await proxy.close();
});

afterAll(async () => {
  await deleteNamespace(admin, namespace);
  await admin.close();
});

function start(options: Partial<ObjectWatchSetOptions> = {}): ObjectWatchSet {
  const set = new ObjectWatchSet({
    ...realDeps(),
    client: reader.client,
    resource: CONFIG_MAPS,
    onChange: (key, state) => heard.push([key, state]),
    ...options,
    tuning: { startSpreadMs: 0, backoffBaseMs: 50, backoffMaxMs: 500, ...options.tuning },
  });
  stop = new AbortController();
  ended = set.start(stop.signal);
  return set;
}

function put(name: string): Promise<string> {
  return admin.client
    .create(CONFIG_MAPS, namespace, { metadata: { name } })
    .then((object) => object.metadata.resourceVersion ?? '');
}

async function touch(name: string): Promise<string> {
  const patch = { data: { at: String(performance.now()) } };
  return (await admin.client.patch(CONFIG_MAPS, { namespace, name }, patch)).metadata.resourceVersion ?? '';
}

describe('an object watch', () => {
  it('cannot list (else this test shows nothing)', async () => {
    start();
    const error = await reader.client
      .list(CONFIG_MAPS, { namespace })
      .next()
      .catch((each: unknown) => each);
    expect(isForbidden(error)).toBe(true);
  });

  it('tells presence, absence, change, deletion and return', async () => {
    const first = await put('there');
    const set = start();
    const [there, absent] = [`${namespace}/there`, `${namespace}/absent`];
    set.ensure(there);
    set.ensure(absent);
    await eventually(() => set.state(there)?.resourceVersion === first, 'present');
    await eventually(() => set.state(absent) !== undefined, 'known to be absent');
    expect(set.state(absent)).toEqual({ resourceVersion: null, forbidden: false });
    const second = await touch('there');
    await eventually(() => set.state(there)?.resourceVersion === second, 'changed');
    await admin.client.delete(CONFIG_MAPS, { namespace, name: 'there' });
    await eventually(() => set.state(there)?.resourceVersion === null, 'deleted');
    const third = await put('there');
    await eventually(() => set.state(there)?.resourceVersion === third, 'back');
    const versions = heard.filter(([key]) => key === there).map(([, state]) => state.resourceVersion);
    expect(versions).toEqual([first, second, null, third]);
  });

  it('is not troubled by other objects', async () => {
    await put('mine');
    const set = start();
    set.ensure(`${namespace}/mine`);
    await eventually(() => set.state(`${namespace}/mine`) !== undefined, 'known');
    await put('other');
    await touch('mine');
    await eventually(() => heard.length === 2, 'changed');
    expect(heard.every(([key]) => key === `${namespace}/mine`)).toBe(true);
  });

  it('learns after a cut what happened meanwhile, deletion included', async () => {
    await put('cut-deleted');
    const set = start();
    set.ensure(`${namespace}/cut-deleted`);
    set.ensure(`${namespace}/cut-made`);
    await eventually(() => heard.length === 2, 'both known');
    proxy.refuse(true);
    proxy.cut();
    await admin.client.delete(CONFIG_MAPS, { namespace, name: 'cut-deleted' });
    const made = await put('cut-made');
    proxy.refuse(false);
    await eventually(() => set.state(`${namespace}/cut-deleted`)?.resourceVersion === null, 'deletion seen');
    await eventually(() => set.state(`${namespace}/cut-made`)?.resourceVersion === made, 'creation seen');
  });

  it('says that it is forbidden, and recovers when it is not any more', async () => {
    await revoke(admin, namespace, 'reader');
    await eventually(async () => {
      const error = await reader.client.get(CONFIG_MAPS, { namespace, name: 'x' }).catch((each: unknown) => each);
      return isForbidden(error);
    }, 'the right is gone');
    const version = await put('secret');
    const set = start();
    const key = `${namespace}/secret`;
    set.ensure(key);
    await eventually(() => set.state(key)?.forbidden === true, 'forbidden');
    expect(set.state(key)).toEqual({ resourceVersion: null, forbidden: true });
    await grant(admin, namespace, 'reader', ['get', 'watch']);
    await eventually(() => set.state(key)?.resourceVersion === version, 'allowed again');
    expect(heard).toHaveLength(2);
  });

  it('is released, and is polled where there are too many', async () => {
    const first = await put('polled');
    let watches = 0;
    const client: ObjectWatchSetOptions['client'] = {
      get: reader.client.get.bind(reader.client),
      watch: (...args) => {
        watches++;
        return reader.client.watch(...args);
      },
    };
    const set = start({ client, maxWatches: 1, tuning: { pollMs: 200 } });
    set.ensure(`${namespace}/watched`);
    await eventually(() => set.state(`${namespace}/watched`) !== undefined, 'the watched one');
    set.ensure(`${namespace}/polled`);
    await eventually(() => set.state(`${namespace}/polled`)?.resourceVersion === first, 'the polled one');
    const second = await touch('polled');
    await eventually(() => set.state(`${namespace}/polled`)?.resourceVersion === second, 'the polled one changes');
    set.release(`${namespace}/polled`);
    expect([set.state(`${namespace}/polled`), set.size]).toEqual([undefined, 1]);
    expect(watches).toBe(1);
    const count = heard.length;
    await touch('polled');
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(heard).toHaveLength(count);
  });
});
