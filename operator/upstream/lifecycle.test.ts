import { describe, expect, onTestFinished, test } from 'vitest';
import { LifecycleClient, type LifecycleOptions, type LifecycleResult } from './lifecycle.ts';
import { id, never, serve, type Script, type Scripted } from './scripted.ts';

const TOKEN = 'canary-token';
const COMPANY = id(1);

function clientOf(server: Scripted, options: Partial<LifecycleOptions> = {}): LifecycleClient {
  const client = new LifecycleClient({
    endpoint: server.url,
    token: TOKEN,
    allow: { hosts: [server.host], allowLoopbackHTTP: true },
    now: Date.now,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

const instance = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: 'i-1',
  companyID: COMPANY.toUpperCase(),
  displayName: 'Acme',
  region: 'eu',
  state: 'Active',
  creatingService: 'EMA2',
  accessibleFrom: ['EMA2'],
  consoleURL: null,
  createdAt: '2026-01-01T00:00:00Z',
  requestKey: 'uid-1',
  ...over,
});
const REQUEST = { service: 'EMA2', displayName: 'Acme', region: 'eu', key: 'uid-1' } as const;
const list =
  (...instances: unknown[]): Script =>
  () => ({ json: { companyID: COMPANY, instances } });
const reset: Script = () => (response) => void response.socket?.resetAndDestroy();

/** The four calls, by the path that each asks for. */
const CALLS: readonly [string, string, (client: LifecycleClient) => Promise<LifecycleResult<unknown>>][] = [
  ['list', '/v1/instances', (client) => client.list(never())],
  ['create', '/v1/instances', (client) => client.create(REQUEST, never())],
  ['grant', '/v1/instances/i-1/access/EBA', (client) => client.grant('i-1', 'EBA', never())],
  ['remove', '/v1/instances/i-1?service=EMA2', (client) => client.remove('i-1', 'EMA2', never())],
];
const CHANGES = CALLS.slice(1);
const told = (result: LifecycleResult<unknown>): string =>
  result.kind === 'failed'
    ? `failed ${result.failure.cause}`
    : result.kind === 'refused'
      ? `refused ${result.code}`
      : 'ok';

describe('what is sent', () => {
  test('below the path of the endpoint, with token and key', async () => {
    const server = await serve({
      '/some/prefix/v1/instances': (seen) =>
        seen.method === 'GET' ? { json: { companyID: COMPANY, instances: [] } } : { status: 201, json: instance() },
      '/some/prefix/v1/instances/i-1/access/EBA': () => ({ json: instance({ accessibleFrom: ['EMA2', 'EBA'] }) }),
      '/some/prefix/v1/instances/i-1?service=EMA2': () => ({ status: 202, json: instance({ state: 'Deleting' }) }),
    });
    for (const endpoint of [`${server.url}/some/prefix`, `${server.url}/some/prefix/`]) {
      const client = clientOf(server, { endpoint });
      for (const [, , call] of CALLS) expect(told(await call(client))).toBe('ok');
    }
    expect(server.seen.slice(0, 4).map(({ method, token }) => `${method} ${token}`)).toEqual(
      ['GET', 'POST', 'PUT', 'DELETE'].map((method) => `${method} ${TOKEN}`),
    );
    expect(server.seen[1]).toMatchObject({ body: { service: 'EMA2', displayName: 'Acme', region: 'eu' } });
    expect(server.seen[1]?.headers['idempotency-key']).toBe('uid-1');
    expect(server.seen[2]?.headers).not.toHaveProperty('idempotency-key');
  });

  test('nothing to an endpoint or with a token that is not good', async () => {
    const server = await serve({ '/v1/instances': list() });
    const url = server.url;
    for (const [options, cause] of [
      [{ endpoint: 'https://elsewhere.example' }, 'HostNotAllowed'],
      [{ endpoint: `${url}/?x=canary` }, 'InvalidEndpoint'],
      [{ endpoint: `${url}/a%2fb` }, 'InvalidEndpoint'],
      [{ endpoint: `${url}//a` }, 'InvalidEndpoint'],
      [{ allow: { hosts: [server.host], allowLoopbackHTTP: false } }, 'InvalidEndpoint'],
      [{ token: '' }, 'Unauthorized'],
      [{ token: 'canary\n' }, 'Unauthorized'],
      [{ token: 'c'.repeat(20_000) }, 'Unauthorized'],
    ] as const) {
      for (const [, , call] of CALLS) {
        const result = await call(clientOf(server, options));
        expect(told(result)).toBe(`failed ${cause}`);
        expect(JSON.stringify(result)).not.toContain('canary');
      }
    }
    const elsewhere = await clientOf(server, { endpoint: 'https://elsewhere.example' }).list(never());
    expect(elsewhere).toMatchObject({ failure: { message: expect.stringContaining('--lifecycle-hosts') as string } });
    expect(server.seen).toEqual([]);
  });

  test.each(['..', '.', '', 'a/b', 'a b', '%2e%2e', 'x'.repeat(129)])('nothing for the id "%s"', async (id) => {
    const server = await serve({});
    const client = clientOf(server);
    expect(told(await client.remove(id, 'EMA2', never()))).toBe('refused InstanceNotFound');
    expect(told(await client.grant(id, 'EMA2', never()))).toBe('refused InstanceNotFound');
    expect(server.seen).toEqual([]);
  });

  test('a key that no header carries and a time-out near the settling time are mistakes of the caller', async () => {
    const server = await serve({});
    await expect(clientOf(server).create({ ...REQUEST, key: 'a\nb' }, never())).rejects.toThrow(RangeError);
    await expect(clientOf(server).create({ ...REQUEST, key: '' }, never())).rejects.toThrow(RangeError);
    expect(() => clientOf(server, { requestTimeoutMs: 60_001 })).toThrow(RangeError);
    expect(() => clientOf(server, { requestTimeoutMs: Number.NaN })).toThrow(RangeError);
    expect(server.seen).toEqual([]);
  });
});

describe('what is made of the answer', () => {
  test('a list, in our spelling', async () => {
    const server = await serve({
      '/v1/instances': list(instance({ consoleURL: 'https://console.example/x', suspendAt: '2026-01-15T00:00:00.5Z' })),
    });
    expect(await clientOf(server).list(never())).toEqual({
      kind: 'ok',
      value: {
        companyID: COMPANY,
        instances: [
          {
            id: 'i-1',
            companyID: COMPANY,
            displayName: 'Acme',
            region: 'eu',
            state: 'Active',
            creatingService: 'EMA2',
            accessibleFrom: ['EMA2'],
            consoleURL: 'https://console.example/x',
            suspendAt: '2026-01-15T00:00:00Z',
            deleteAt: null,
            requestKey: 'uid-1',
          },
        ],
      },
    });
  });

  test.each(CALLS)('%s: a body that is none of the contract is a failure', async (_name, path, call) => {
    for (const json of [
      {},
      { instances: [] },
      { companyID: COMPANY },
      { error: 'canary' },
      instance({ state: 'Odd' }),
    ]) {
      const server = await serve({ [path]: () => ({ json }) });
      const result = await call(clientOf(server));
      expect(told(result)).toBe('failed InvalidResponse');
      expect(JSON.stringify(result)).not.toContain('canary');
    }
  });

  test.each(CHANGES)('%s: an answer about something else is a failure', async (name, path, call) => {
    const other = {
      create: { requestKey: 'uid-2' },
      grant: { accessibleFrom: ['EMA2'] },
      remove: { state: 'Active' },
    }[name];
    const wrong =
      name === 'create' ? [other] : [other, { id: 'i-2', state: 'Deleting', accessibleFrom: ['EMA2', 'EBA'] }];
    for (const over of wrong) {
      const server = await serve({ [path]: () => ({ json: instance(over) }) });
      expect(told(await call(clientOf(server)))).toBe('failed InvalidResponse');
    }
  });

  test('a creating service that we do not know is not told', async () => {
    const server = await serve({ '/v1/instances': list(instance({ creatingService: 'ema2' })) });
    expect(await clientOf(server).list(never())).toMatchObject({ value: { instances: [{ creatingService: null }] } });
  });

  const refusal = (code: string, more = {}): unknown => ({ code, message: 'canary', ...more });
  test.each([
    ['create', 400, refusal('InvalidRequest'), 'refused InvalidRequest'],
    ['create', 403, refusal('ServiceNotOfAccount'), 'refused ServiceNotOfAccount'],
    ['create', 409, refusal('InstanceExists'), 'refused InstanceExists'],
    ['grant', 403, refusal('ServiceNotOfAccount'), 'refused ServiceNotOfAccount'],
    ['grant', 404, refusal('InstanceNotFound'), 'refused InstanceNotFound'],
    ['remove', 403, refusal('NotCreatingService'), 'refused NotCreatingService'],
    ['remove', 404, refusal('InstanceNotFound'), 'refused InstanceNotFound'],
    // Not of the contract, so nobody knows.
    ['list', 404, refusal('InstanceNotFound'), 'failed NotFound'],
    ['list', 403, refusal('NotCreatingService'), 'failed Forbidden'],
    ['create', 404, refusal('InstanceNotFound'), 'failed NotFound'],
    ['create', 403, refusal('NotCreatingService'), 'failed Forbidden'],
    ['create', 500, refusal('InstanceExists'), 'failed ServerError'],
    ['create', 409, refusal('Other'), 'failed BadRequest'],
    ['create', 409, ['InstanceExists'], 'failed BadRequest'],
    ['remove', 404, 'InstanceNotFound', 'failed NotFound'],
    ['remove', 403, refusal('InstanceNotFound'), 'failed Forbidden'],
    ['remove', 401, refusal('Unauthorized'), 'failed Unauthorized'],
    ['remove', 429, refusal('TooManyRequests'), 'failed RateLimited'],
    ['remove', 302, refusal('InstanceNotFound'), 'failed Moved'],
  ])('%s, HTTP %i %j: %s', async (name, status, json, expected) => {
    const [, path, call] = CALLS.find(([each]) => each === name) ?? CALLS[0]!;
    const server = await serve({ [path]: () => ({ status, json }) });
    const result = await call(clientOf(server));
    expect(told(result)).toBe(expected);
    expect(JSON.stringify(result)).not.toMatch(/canary|Hub|MSP Administrator/);
  });

  test('what a refusal tells is passed on if we know it', async () => {
    const answer =
      (more: object): Script =>
      () => ({ status: 409, json: { code: 'InstanceExists', message: 'x', ...more } });
    const known = await serve({ '/v1/instances': answer({ creatingService: 'EBA', instanceID: 'i-9' }) });
    expect(await clientOf(known).create(REQUEST, never())).toMatchObject({ creatingService: 'EBA', instanceID: 'i-9' });
    const odd = await serve({ '/v1/instances': answer({ creatingService: 'PSA', instanceID: '../x' }) });
    const result = await clientOf(odd).create(REQUEST, never());
    expect(Object.keys(result).sort()).toEqual(['code', 'kind', 'message']);
  });
});

describe('once', () => {
  test.each(CHANGES)('%s is sent once, whatever happens', async (_name, path, call) => {
    for (const script of [
      reset,
      () => ({ status: 503 }),
      () => ({ status: 502 }),
      () => ({ status: 429 }),
    ] as Script[]) {
      const server = await serve({ [path]: script });
      expect((await call(clientOf(server))).kind).toBe('failed');
      expect(server.seen).toHaveLength(1);
    }
  });

  test('a list is tried twice on a broken connection, and only then', async () => {
    const broken = await serve({ '/v1/instances': (seen, nth) => (nth === 1 ? reset(seen, nth) : list()(seen, nth)) });
    expect(told(await clientOf(broken).list(never()))).toBe('ok');
    const down = await serve({ '/v1/instances': reset });
    expect(told(await clientOf(down).list(never()))).toBe('failed ConnectionFailed');
    expect(down.seen).toHaveLength(2);
    const busy = await serve({ '/v1/instances': () => ({ status: 503 }) });
    expect(told(await clientOf(busy).list(never()))).toBe('failed Maintenance');
    expect(busy.seen).toHaveLength(1);
  });

  test('time-out, abort and close end a call', async () => {
    const server = await serve({ '/v1/instances': () => () => {} });
    expect(told(await clientOf(server, { requestTimeoutMs: 50 }).create(REQUEST, never()))).toBe('failed Timeout');
    const control = new AbortController();
    const aborted = clientOf(server).create(REQUEST, control.signal);
    control.abort();
    expect(told(await aborted)).toBe('failed Aborted');
    const client = clientOf(server);
    const running = client.list(never());
    await client.close();
    expect((await running).kind).toBe('failed');
    expect((await client.list(never())).kind).toBe('failed');
  });

  test('each exchange is reported', async () => {
    const answers: Script = (_seen, nth) =>
      [{ json: { companyID: COMPANY, instances: [] } }, { json: {} }, { status: 503 }, { status: 401 }][nth - 1] ?? {};
    const server = await serve({ '/v1/instances': answers });
    const reports: string[] = [];
    const client = clientOf(server, { onRequest: ({ operation, code }) => reports.push(`${operation} ${code}`) });
    for (let n = 0; n < 4; n++) await client.list(never());
    expect(reports).toEqual(['200', 'InvalidResponse', '503', '401'].map((code) => `Lifecycle/List ${code}`));
  });
});
