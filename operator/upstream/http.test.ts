import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { directEgress } from './egress.ts';
import { HttpClient, type HttpOptions, type HttpResult } from './http.ts';
import { CANARY, never, serve, type Reply } from './scripted.ts';

function client(url: string, options: Partial<HttpOptions> = {}): HttpClient {
  const http = new HttpClient({
    url: new URL(url),
    connections: 2,
    timeoutMs: 5000,
    maxBodyBytes: 1024 * 1024,
    allowPrivate: true,
    egress: directEgress(),
    now: () => Date.parse('2026-01-01T00:00:00Z'),
    ...options,
  });
  onTestFinished(() => http.close());
  return http;
}

const request = { operation: 'X', method: 'POST', path: '/api/X', body: { a: 1 }, token: 'tok' } as const;

async function ask(reply: Reply, options: Partial<HttpOptions> = {}): Promise<HttpResult> {
  const server = await serve({ X: () => reply });
  return client(server.url, options).exchange(request, never());
}

const cause = (result: HttpResult): unknown => (result.kind === 'failed' ? result.failure.cause : result.kind);

describe('HttpClient', () => {
  test('sends JSON with a bearer, asks for JSON, and for no compression', async () => {
    const server = await serve({ X: () => ({ json: { Ok: true } }) });
    const result = await client(server.url).exchange(request, never());
    expect(result).toEqual({ kind: 'ok', value: { ok: true } });
    const headers = server.seen[0]?.headers;
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: 'Bearer tok',
    });
    expect(headers).not.toHaveProperty('accept-encoding');
  });

  test.each([301, 302, 307, 308])('does not follow a %i', async (status) => {
    const server = await serve({
      X: () => ({ status, headers: { location: '/api/Y' } }),
      Y: () => ({ json: {} }),
    });
    const result = await client(server.url).exchange(request, never());
    expect(result).toMatchObject({ kind: 'failed', failure: { cause: 'Moved', status } });
    expect(result.kind === 'failed' && result.failure.message).toContain('ESET PROTECT Hub');
    expect(server.count('Y')).toBe(0);
  });

  test.each<[string, Reply, string, RegExp]>([
    [
      'HTML',
      { text: '<!doctype html><p>canary-body</p>', headers: { 'content-type': 'text/html' } },
      'InvalidResponse',
      /HTML/,
    ],
    ['HTML in disguise', { text: ' \n<html>canary-body' }, 'InvalidResponse', /HTML/],
    ['no JSON', { text: 'canary-body' }, 'InvalidResponse', /not a JSON object/],
    ['half JSON', { text: '{"canary-body": ' }, 'InvalidResponse', /not a JSON object/],
    ['an array', { text: '["canary-body"]' }, 'InvalidResponse', /not a JSON object/],
    ['null', { text: 'null' }, 'InvalidResponse', /not a JSON object/],
    ['nothing', { text: '' }, 'InvalidResponse', /empty/],
    ['204', { status: 204 }, 'InvalidResponse', /empty/],
    ['deep JSON', { text: `{"canary-body":${'['.repeat(99)}${']'.repeat(99)}}` }, 'InvalidResponse', /deep|nest/],
    ['HTML with 404', { status: 404, text: '<html>canary-body' }, 'InvalidResponse', /HTML/],
    ['404', { status: 404, json: { message: 'canary-body' } }, 'NotFound', /404/],
    ['403', { status: 403, json: { code: 1, subCode: 1, message: 'canary-body' } }, 'Forbidden', /403/],
    ['403 page not found', { status: 403, json: { Code: '99', SubCode: 1 } }, 'NotFound', /endpoint/],
    ['400', { status: 400, json: { take: ['canary-body'] } }, 'BadRequest', /400/],
    ['401', { status: 401 }, 'Unauthorized', /401/],
    ['408', { status: 408 }, 'Timeout', /408/],
    ['500', { status: 500, text: 'canary-body' }, 'ServerError', /500/],
    ['503', { status: 503, json: { code: 99, subCode: 2 } }, 'Maintenance', /maintenance/],
  ])('%s', async (_name, reply, expected, words) => {
    const result = await ask(reply);
    expect(cause(result)).toBe(expected);
    if (result.kind === 'failed') expect(result.failure.message).toMatch(words);
    expect(JSON.stringify(result)).not.toContain('canary-body');
  });

  test.each([
    ['7', 7000],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['99999999999', 86_400_000],
    ['soon', null],
  ])('Retry-After: %s', async (value, ms) => {
    const result = await ask({ status: 429, headers: { 'retry-after': value } });
    expect(result).toMatchObject({ failure: { cause: 'RateLimited', retryAfterMs: ms } });
  });

  test('a byte-order mark is no obstacle', async () => {
    expect(await ask({ text: '\ufeff{"a":1}' })).toEqual({ kind: 'ok', value: { a: 1 } });
  });

  test('a compressed body is refused, not inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
    const result = await ask((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' }).end(bomb);
    });
    expect(result).toMatchObject({
      failure: { cause: 'InvalidResponse', message: expect.stringContaining('compressed') as string },
    });
  });

  test('an announced body beyond the limit is not read', async () => {
    const result = await ask(
      (response) => {
        response.writeHead(200, { 'content-length': '5000000' });
        response.write('{"canary":');
      },
      { maxBodyBytes: 1000, timeoutMs: 10_000 },
    );
    expect(cause(result)).toBe('TooLarge');
  });

  test('nor does one that is announced and cannot come end the process', async () => {
    const unheard: unknown[] = [];
    const listen = (error: unknown): void => void unheard.push(error);
    process.on('uncaughtException', listen);
    onTestFinished(() => void process.off('uncaughtException', listen));
    const raw = 'HTTP/1.1 204 No Content\r\ncontent-length: 99999999999\r\n\r\n';
    const result = await ask((response) => void response.socket?.end(raw));
    expect(cause(result)).toBe('TooLarge');
    await new Promise((done) => setTimeout(done, 50));
    expect(unheard).toEqual([]);
  });

  test('an endless body is cut at the limit: neither memory nor connection stays', async () => {
    let written = 0;
    let closed = false;
    const result = await ask(
      (response) => {
        response.on('close', () => (closed = true));
        response.writeHead(200);
        const chunk = Buffer.alloc(64 * 1024, ' ');
        const more = (): void => {
          while (!response.destroyed && response.write(chunk)) written += chunk.length;
        };
        response.on('drain', more);
        more();
      },
      { maxBodyBytes: 1024 * 1024, timeoutMs: 10_000 },
    );
    expect(cause(result)).toBe('TooLarge');
    await expect.poll(() => closed).toBe(true);
    expect(written).toBeLessThan(32 * 1024 * 1024); // the kernel's buffers, not an endless stream
  });

  test('slow bytes do not stretch the time limit', async () => {
    const start = performance.now();
    const result = await ask(
      (response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      },
      { timeoutMs: 300 },
    );
    expect(cause(result)).toBe('Timeout');
    expect(performance.now() - start).toBeLessThan(3000);
  });

  test('slow headers and silence neither', async () => {
    expect(cause(await ask(() => {}, { timeoutMs: 200 }))).toBe('Timeout');
  });

  test('large headers are refused', async () => {
    expect(cause(await ask({ json: {}, headers: { 'x-canary': 'y'.repeat(40_000) } }))).toBe('TooLarge');
  });

  test('a connection that breaks off, is refused, or speaks no HTTP', async () => {
    expect(cause(await ask((response) => void response.destroy()))).toBe('ConnectionFailed');
    expect(
      cause(
        await ask((response) => {
          response.writeHead(200, { 'content-length': '100' }).write('{');
          setTimeout(() => response.destroy(), 20);
        }),
      ),
    ).toBe('ConnectionFailed');
    const tcp = createTcpServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end('SSH-2.0-canary\r\n\r\n'));
    });
    await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done));
    const { port } = tcp.address() as AddressInfo;
    const garbled = await client(`http://127.0.0.1:${port}`).exchange(request, never());
    expect(cause(garbled)).toBe('InvalidResponse');
    expect(JSON.stringify(garbled)).not.toContain('canary');
    await new Promise((done) => tcp.close(done));
    const refused = await client(`http://127.0.0.1:${port}`).exchange(request, never());
    expect(refused).toMatchObject({ failure: { cause: 'ConnectionFailed', status: null } });
    expect(refused.kind === 'failed' && refused.failure.message).toContain('ECONNREFUSED');
  });

  test('the caller can leave at any time', async () => {
    const server = await serve({ X: () => () => {} });
    const http = client(server.url);
    const control = new AbortController();
    const running = http.exchange(request, control.signal);
    await expect.poll(() => server.count('X')).toBe(1);
    control.abort();
    expect(cause(await running)).toBe('Aborted');
    expect(cause(await http.exchange(request, control.signal))).toBe('Aborted');
    expect(server.count('X')).toBe(1);
  });

  test('a name that leads to a private address is refused before anything is sent', async () => {
    const server = await serve({ X: () => ({ json: {} }) });
    const http = client(server.url.replace('127.0.0.1', 'localhost'), { allowPrivate: false });
    expect(cause(await http.exchange({ ...request, token: CANARY.password }, never()))).toBe('HostNotAllowed');
    expect(server.seen).toEqual([]);
  });
});
