// The way to upstream: through the administrator's proxy, trusting the administrator's authorities beside the public ones, and
// never to an address inside the network, whatever a name leads to when the connection is made.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Ema2Client } from '../../operator/upstream/client.ts';
import type { Egress } from '../../operator/upstream/egress.ts';
import { checkEndpoint } from '../../operator/upstream/endpoint.ts';
import { HttpClient, type HttpOptions, type HttpResult } from '../../operator/upstream/http.ts';
import { LifecycleClient } from '../../operator/upstream/lifecycle.ts';
import { Trust } from '../../operator/upstream/trust.ts';
import { createAuthority, type Authority } from '../harness/x509.ts';
import { startTestProxy } from './proxy.ts';

const request = { operation: 'X', method: 'POST', path: '/api/X', body: { a: 1 }, token: 'canary-token' } as const;
const company = createAuthority('company');
let dir: string;
let caFile: string;
let time: number;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'egress-test-'));
  caFile = join(dir, 'ca.crt');
  await writeFile(caFile, company.cert);
  time = 0;
});
afterEach(() => rm(dir, { recursive: true }));

function trust(file: string | undefined = caFile, onTrouble: (message: string) => void = () => {}): Trust {
  return new Trust({ file, monotonic: () => time, onTrouble });
}

interface Upstream {
  readonly port: number;
  readonly seen: string[];
}

/** An upstream by https, known to a proxy as upstream.example. */
async function serve(authority: Authority = company, name = 'upstream.example'): Promise<Upstream> {
  const seen: string[] = [];
  const server = createServer({ ...authority.issue(name, { names: [name] }) }, (incoming, response) => {
    seen.push(`${incoming.method} ${incoming.headers.host}${incoming.url}`);
    incoming.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

function client(url: string, egress: Egress, more: Partial<HttpOptions> = {}): HttpClient {
  const http = new HttpClient({
    url: new URL(url),
    connections: 2,
    timeoutMs: 5_000,
    maxBodyBytes: 1024,
    allowPrivate: false,
    egress,
    now: Date.now,
    ...more,
  });
  onTestFinished(() => http.close());
  return http;
}

const ask = (url: string, egress: Egress, more: Partial<HttpOptions> = {}): Promise<HttpResult> =>
  client(url, egress, more).exchange(request, new AbortController().signal);
const cause = (result: HttpResult): string => (result.kind === 'failed' ? result.failure.cause : result.kind);
const words = (result: HttpResult): string => (result.kind === 'failed' ? result.failure.message : '');
/** Every name leads there. */
const leadingTo = (...answers: string[]): NonNullable<HttpOptions['resolver']> =>
  ((_name: string, _options: object, callback: (error: null, found: object[]) => void) => {
    const address = answers.length > 1 ? answers.shift() : answers[0];
    callback(null, [{ address, family: address?.includes(':') === true ? 6 : 4 }]);
  }) as never;

describe('through a proxy', () => {
  test('TLS ends at upstream: the proxy sees the host name and no byte of what is said', async () => {
    const upstream = await serve();
    const proxy = await startTestProxy({ names: { 'upstream.example:443': upstream.port } });
    const egress = { trust: trust(), proxy: { url: proxy.url, except: [] } };
    const http = client('https://upstream.example', egress, { connections: 1 });
    for (let call = 0; call < 3; call++) {
      expect(cause(await http.exchange(request, new AbortController().signal))).toBe('ok');
    }
    expect(upstream.seen).toEqual(Array(3).fill('POST upstream.example/api/X'));
    // One tunnel for all.
    expect(proxy.asked).toEqual(['upstream.example:443']);
    const passed = Buffer.concat(proxy.passed).toString('latin1');
    expect(passed).not.toContain('canary');
    expect(passed).not.toContain('POST');
  });

  test('that wants a login, and that is reached by TLS itself', async () => {
    const upstream = await serve();
    const names = { 'upstream.example:8443': upstream.port };
    const certificate = company.issue('proxy', { loopback: true });
    const proxy = await startTestProxy({ names, certificate, login: 'me:s3cret' });
    const egress = { trust: trust(), proxy: { url: proxy.url, except: [] } };
    expect(cause(await ask('https://upstream.example:8443', egress))).toBe('ok');
    const url = new URL(proxy.url);
    url.password = 'canary';
    const refused = await ask('https://upstream.example:8443', { ...egress, proxy: { url, except: [] } });
    expect(cause(refused)).toBe('ConnectionFailed');
    expect(words(refused)).toContain('refused by the egress proxy (--upstream-proxy) with 407');
    expect(words(refused)).not.toContain('canary');
  });

  test('both clients go through it', async () => {
    const upstream = await serve();
    const proxy = await startTestProxy({ names: { 'upstream.example:443': upstream.port } });
    const egress = { trust: trust(), proxy: { url: proxy.url, except: [] } };
    const allow = { hosts: ['upstream.example'], allowLoopbackHTTP: false };
    const common = { endpoint: 'https://upstream.example', allow, egress, now: Date.now };
    const credentials = { username: 'u', password: 'p' };
    const ema = new Ema2Client({ ...common, credentials, requestsPerSecond: 10, random: Math.random });
    await ema.crawl(AbortSignal.timeout(3_000));
    await ema.close();
    const lifecycle = new LifecycleClient({ ...common, token: 't' });
    await lifecycle.list(AbortSignal.timeout(3_000));
    await lifecycle.close();
    expect(upstream.seen).toContain('POST upstream.example/api/Token/Get');
    expect(upstream.seen).toContain('GET upstream.example/v1/instances');
    expect(new Set(proxy.asked)).toEqual(new Set(['upstream.example:443']));
  });

  test('an upstream that the proxy has forged is not believed', async () => {
    const forged = await serve(createAuthority('forger'));
    const proxy = await startTestProxy({ names: { 'upstream.example:443': forged.port } });
    const egress = { trust: trust(), proxy: { url: proxy.url, except: [] } };
    expect(words(await ask('https://upstream.example', egress))).toMatch(/UNABLE_TO_VERIFY|CERT|SELF_SIGNED/);
    expect(forged.seen).toEqual([]);
  });

  test.each<[string, Parameters<typeof startTestProxy>[0], RegExp]>([
    ['does not allow the host', { names: {} }, /with 403/],
    ['hangs up', { names: {}, misbehave: (socket) => socket.destroy() }, /broke off/],
    ['says nothing', { names: {}, misbehave: () => {} }, /in time|within/],
    ['talks no HTTP', { names: {}, misbehave: (socket) => socket.end('SSH-2.0-canary\r\n\r\n') }, /HTTP|broke off/],
    [
      'speaks for upstream',
      { names: {}, misbehave: (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{"canary":1}') },
      /with 200|broke off/,
    ],
    [
      'sends us elsewhere',
      {
        names: {},
        misbehave: (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/canary\r\n\r\n'),
      },
      /with 302/,
    ],
    [
      'never ends its answer',
      { names: {}, misbehave: (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'canary'.repeat(50_000)}`) },
      /./,
    ],
  ])('that %s is a failure like any other', async (_, options, message) => {
    const proxy = await startTestProxy(options);
    const egress = { trust: trust(), proxy: { url: proxy.url, except: [] } };
    const result = await ask('https://upstream.example', egress, { timeoutMs: 700 });
    expect(result.kind).toBe('failed');
    expect(words(result)).toMatch(message);
    expect(JSON.stringify(result)).not.toContain('canary');
  });

  test('and around it for the exceptions: with the guard, then', async () => {
    const upstream = await serve();
    const proxy = await startTestProxy({ names: {} });
    const egress = { trust: trust(), proxy: { url: proxy.url, except: ['.example'] } };
    const url = `https://upstream.example:${upstream.port}`;
    const direct = await ask(url, egress, { allowPrivate: true, resolver: leadingTo('127.0.0.1') });
    expect(cause(direct)).toBe('ConnectionFailed'); // allowPrivate takes no resolver: the name does not exist
    expect(cause(await ask(url, egress, { resolver: leadingTo('127.0.0.1') }))).toBe('HostNotAllowed');
    expect(proxy.asked).toEqual([]);
  });

  test('an address that is not on the list is not asked for, however it is written', async () => {
    const proxy = await startTestProxy({ names: {} });
    const egress = { trust: trust(), proxy: { url: proxy.url, except: [] } };
    const allow = { hosts: ['upstream.example'], allowLoopbackHTTP: false };
    for (const host of [
      '169.254.169.254',
      '2852039166',
      '0xa9fea9fe',
      '[fd00:ec2::254]',
      '10.0.0.1',
      '127.1',
      '[::ffff:7f00:1]',
    ]) {
      const endpoint = `https://${host}`;
      expect(checkEndpoint(endpoint, allow)).toMatchObject({ kind: 'refused', reason: 'HostNotAllowed' });
      const lifecycle = new LifecycleClient({ endpoint, token: 't', allow, egress, now: Date.now });
      expect(await lifecycle.list(AbortSignal.timeout(1_000))).toMatchObject({ failure: { cause: 'HostNotAllowed' } });
      await lifecycle.close();
    }
    expect(proxy.asked).toEqual([]);
  });
});

describe('a name that leads elsewhere when the connection is made', () => {
  test.each([
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    'fd00:ec2::254',
    '64:ff9b::7f00:1',
  ])('public when it was looked at, then %s: refused, and nothing is sent', async (address) => {
    const upstream = await serve();
    const asked: string[] = [];
    const there = leadingTo('192.0.2.1', address);
    const resolver = ((name: string, ...rest: never[]) => {
      asked.push(name);
      return (there as (...all: unknown[]) => void)(name, ...rest);
    }) as NonNullable<HttpOptions['resolver']>;
    // Whoever looks first sees a public address, which does not answer.
    const egress = { trust: trust(), proxy: null };
    const http = client(`https://upstream.example:${upstream.port}`, egress, { resolver, timeoutMs: 300 });
    expect(cause(await http.exchange(request, new AbortController().signal))).not.toBe('HostNotAllowed');
    expect(cause(await http.exchange(request, new AbortController().signal))).toBe('HostNotAllowed');
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(upstream.seen).toEqual([]);
  });
});

describe('the extra authorities', () => {
  test('count beside those that Node trusts, not instead of them', async () => {
    const publicOne = createAuthority('public');
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, publicOne.cert]);
    onTestFinished(() => setDefaultCACertificates(before));
    const egress = { trust: trust(), proxy: null };
    for (const authority of [publicOne, company]) {
      const { port } = await serve(authority, 'localhost');
      expect(cause(await ask(`https://localhost:${port}`, egress, { allowPrivate: true }))).toBe('ok');
    }
    const { port } = await serve(createAuthority('stranger'), 'localhost');
    expect(cause(await ask(`https://localhost:${port}`, egress, { allowPrivate: true }))).toBe('ConnectionFailed');
  });

  test('are read again without a restart, and stay when the file turns bad', async () => {
    const next = createAuthority('next');
    const upstream = await serve(next, 'localhost');
    const troubles: string[] = [];
    const egress = { trust: trust(caFile, (message) => troubles.push(message)), proxy: null };
    const outcome = async (): Promise<string> =>
      cause(await ask(`https://localhost:${upstream.port}`, egress, { allowPrivate: true }));
    expect(await outcome()).toBe('ConnectionFailed');
    await writeFile(caFile, `# both\n${company.cert}\n${next.cert}`);
    expect(await outcome()).toBe('ConnectionFailed');
    time += 11_000;
    expect(await outcome()).toBe('ok');
    await writeFile(caFile, 'nothing');
    for (let look = 0; look < 3; look++) {
      time += 11_000;
      expect(await outcome()).toBe('ok');
    }
    expect(troubles).toEqual([`${caFile} holds no certificate (PEM)`]);
  });

  test('a file that is of no use is said at the start', async () => {
    expect(() => trust(join(dir, 'none'))).toThrow(/ENOENT.*none/);
    await writeFile(caFile, 'nothing');
    expect(() => trust()).toThrow('holds no certificate (PEM)');
    await writeFile(caFile, `${company.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`);
    expect(() => trust()).toThrow('certificate 2 of');
  });
});
