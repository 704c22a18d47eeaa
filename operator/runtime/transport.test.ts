// What is repeated and what is not, and answers that are not what was asked for: against a server on loopback that misbehaves
// as no API server can be made to.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeClient } from './client.ts';
import type { Connection } from './connection.ts';
import type { KubeError } from './errors.ts';
import type { Resource } from './object.ts';
import { realDeps } from './testing.ts';
import { Transport } from './transport.ts';

const things: Resource = { group: 'x.io', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };
const key = { namespace: 'ns', name: 'a' };
const object = JSON.stringify({ metadata: { name: 'a', resourceVersion: '1' } });

let answers: ((response: ServerResponse) => void)[];
let calls: string[];
let server: Server;
let transport: Transport;
let client: KubeClient;
const deps = realDeps();

beforeEach(async () => {
  answers = [];
  calls = [];
  server = createServer((request, response) => {
    calls.push(request.method ?? '');
    request.resume();
    request.on('end', () => (answers.shift() ?? ok)(response));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const connection: Connection = {
    server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    namespace: null,
    verifiesServer: true,
    credentials: () => Promise.resolve({ tls: {}, headers: {} }),
    refresh: () => false,
  };
  transport = new Transport({ ...deps, connection, timeoutMs: 2_000, retry: { attempts: 3, baseMs: 1, maxMs: 1_000 } });
  client = new KubeClient(transport);
});

afterEach(async () => {
  await transport.close(100);
  server.closeAllConnections();
  server.close();
});

function ok(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(object);
}

function status(code: number, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(code, headers).end(JSON.stringify({ kind: 'Status', message: 'says the server', code }));
  };
}

function lose(response: ServerResponse): void {
  response.destroy();
}

async function failure(promise: Promise<unknown>): Promise<KubeError> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as KubeError,
  );
}

describe('a call that was turned away (429)', () => {
  it('is repeated whatever it is, after the time that the server asks for', async () => {
    answers = [status(429, { 'retry-after': '1' })];
    const started = performance.now();
    await client.create(things, 'ns', { metadata: { name: 'a' } });
    expect(performance.now() - started).toBeGreaterThan(950);
    expect(calls).toEqual(['POST', 'POST']);
  });

  it('is not repeated past its time limit or its attempts', async () => {
    answers = [
      status(429, { 'retry-after': '1' }),
      status(429, { 'retry-after': '1' }),
      status(429, { 'retry-after': '1' }),
    ];
    const started = performance.now();
    expect(await failure(client.get(things, key))).toMatchObject({ status: 429, retryAfterMs: 1_000 });
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(calls).toHaveLength(2);
  });
});

describe('a server that is away', () => {
  it('is asked by one call at a time, however much there is to do, and what waits is done when it is back', async () => {
    let away = true;
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      calls.push(request.method ?? '');
      if (away) request.socket.destroy();
      else ok(response);
    });
    setTimeout(() => {
      away = false;
    }, 1_000);
    let lost = 0;
    const todo = Array.from({ length: 300 }, (_, i) => `a-${i}`).values();
    const work = async (): Promise<void> => {
      for (const name of todo) await client.create(things, 'ns', { metadata: { name } }).catch(() => lost++);
    };
    await Promise.all(Array.from({ length: 10 }, work));
    // One of each worker, and a look now and then.
    expect(lost).toBeLessThanOrEqual(10 + 8);
    expect(calls).toHaveLength(300);
  });
});

describe('a call whose answer is lost', () => {
  it('is repeated if it is a read or a write under a lock', async () => {
    answers = [lose];
    await client.get(things, key);
    answers = [lose];
    await client.patch(things, key, { metadata: { resourceVersion: '1' }, spec: {} });
    answers = [status(503)];
    await client.delete(things, key, { uid: 'u' });
    expect(calls).toEqual(['GET', 'GET', 'PATCH', 'PATCH', 'DELETE', 'DELETE']);
  });

  it('is not repeated otherwise', async () => {
    for (const call of [
      () => client.create(things, 'ns', { metadata: { name: 'a' } }),
      () => client.patch(things, key, { spec: {} }),
      () => client.delete(things, key),
    ]) {
      calls = [];
      answers = [lose];
      expect(await failure(call())).toMatchObject({ status: 0, reason: 'NoAnswer' });
      expect(calls).toHaveLength(1);
    }
  });

  it('is counted', async () => {
    answers = [lose];
    await client.get(things, key);
    const text = await deps.metrics.text();
    expect(text).toMatch(/rest_client_requests_total\{code="<error>",method="GET",host="127.0.0.1:\d+"\}/);
    expect(text).toMatch(/rest_client_requests_total\{code="200",method="GET"/);
    expect(text).toMatch(/rest_client_request_duration_seconds_count\{verb="GET"/);
  });
});

it('a hanging call ends at its time limit, or with the caller’s own reason', async () => {
  answers = [() => {}, () => {}];
  const { signal } = new AbortController();
  const limited = transport.request({ method: 'GET', path: '/', timeoutMs: 100, signal });
  expect(await failure(limited)).toMatchObject({ status: 0, reason: 'TimedOut' });
  const caller = new AbortController();
  const waiting = failure(client.get(things, key, { signal: caller.signal }));
  setTimeout(() => caller.abort(new Error('my reason')), 50);
  expect(await waiting).toMatchObject({ message: 'my reason' });
});

describe('an answer that is not what was asked for is an error, never "nothing is there"', () => {
  const bodies = [
    '',
    '{}',
    'null',
    '<html>',
    '{"kind":"ThingList","metadata":{"resourceVersion":"5"}}',
    '{"kind":"ThingList","items":[]}',
    '{"kind":"Status","items":[],"metadata":{"resourceVersion":"5"}}',
    '{"kind":"ThingList","items":[null],"metadata":{"resourceVersion":"5"}}',
    '{"kind":"ThingList","items":[],"metadata":{"resourceVersion":"5"',
  ];

  it.each(bodies)('LIST: %s', async (body) => {
    answers = [(response) => response.writeHead(200).end(body)];
    expect(await failure(client.list(things).next())).toMatchObject({ status: 0, reason: 'UnreadableAnswer' });
  });

  const added = '{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"7"}}}';

  it.each([
    ['cut off in an event', `${added}\n${added.slice(0, 30)}`],
    ['without the last newline', `${added}\n${added}`],
    ['not JSON', `${added}\n<html>\n`],
    ['an event without version', `${added}\n{"type":"ADDED","object":{}}\n`],
    ['an unknown event', `${added}\n{"type":"X","object":{"metadata":{"name":"a","resourceVersion":"8"}}}\n`],
  ])('WATCH: %s', async (_name, body) => {
    answers = [(response) => response.writeHead(200).end(body)];
    const watch = client.watch(things, { timeoutSeconds: 5 }, new AbortController().signal);
    expect((await watch.next()).value).toMatchObject({ type: 'ADDED' });
    expect(await failure(watch.next())).toMatchObject({ status: 0, reason: 'UnreadableAnswer' });
  });

  it('WATCH: events in any pieces are whole again', async () => {
    const line = added.replace('"a"', '"ä€😀"');
    answers = [
      (response): void => {
        response.writeHead(200);
        const bytes = Buffer.from(`${line}\n${line}\n`);
        const send = (at: number): void => {
          if (at >= bytes.length) response.end();
          else response.write(bytes.subarray(at, at + 7), () => setImmediate(send, at + 7));
        };
        send(0);
      },
    ];
    const names: string[] = [];
    const watch = client.watch(things, { timeoutSeconds: 5 }, new AbortController().signal);
    for await (const event of watch) names.push(event.object.metadata.name);
    expect(names).toEqual(['ä€😀', 'ä€😀']);
  });

  it('WATCH: an ERROR event is the error it carries', async () => {
    const error = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } };
    answers = [(response) => response.writeHead(200).end(`${JSON.stringify(error)}\n`)];
    const watch = client.watch(things, { timeoutSeconds: 5 }, new AbortController().signal);
    expect(await failure(watch.next())).toMatchObject({ status: 410, reason: 'Expired' });
  });
});

describe('behind a closed write gate', () => {
  let leads: boolean;
  let gated: Transport;

  beforeEach(() => {
    leads = false;
    const connection: Connection = {
      server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      namespace: null,
      verifiesServer: true,
      credentials: () => Promise.resolve({ tls: {}, headers: {} }),
      refresh: () => false,
    };
    gated = new Transport({ ...deps, connection, connections: 1, timeoutMs: 2_000, mayWrite: () => leads });
  });
  afterEach(() => gated.close(100));

  it('nothing that changes something is sent, and all that asks is', async () => {
    const through = new KubeClient(gated);
    for (const call of [
      () => through.create(things, 'ns', { metadata: { name: 'a' } }),
      () => through.patch(things, key, { metadata: { resourceVersion: '1' } }),
      () => through.delete(things, key, { uid: 'u' }),
    ]) {
      expect(await failure(call())).toMatchObject({ status: 0, reason: 'NotLeading' });
    }
    expect(calls).toEqual([]);
    await through.get(things, key);
    await gated.request({ method: 'POST', path: '/reviews', body: {}, changes: false });
    expect(calls).toEqual(['GET', 'POST']);
    leads = true;
    await through.patch(things, key, {});
    expect(calls).toEqual(['GET', 'POST', 'PATCH']);
  });

  it('what waits for a connection is not sent either, though the gate was open when it was asked for', async () => {
    leads = true;
    const through = new KubeClient(gated);
    const held = Promise.withResolvers<ServerResponse>();
    answers = [held.resolve];
    const first = through.patch(things, key, {});
    const waiting = failure(through.patch(things, key, { metadata: { resourceVersion: '1' } }));
    const response = await held.promise;
    leads = false;
    ok(response);
    await first;
    expect(await waiting).toMatchObject({ reason: 'NotLeading' });
    expect(calls).toEqual(['PATCH']);
    // The connection is as good as before.
    await through.get(things, key);
  });

  it('no repetition of a call is sent', async () => {
    leads = true;
    answers = [
      (response) => {
        leads = false;
        status(429)(response);
      },
    ];
    expect(await failure(new KubeClient(gated).patch(things, key, {}))).toMatchObject({ reason: 'NotLeading' });
    expect(calls).toEqual(['PATCH']);
  });
});
