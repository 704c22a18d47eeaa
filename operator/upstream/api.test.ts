import { describe, expect, test } from 'vitest';
import type { RequestReport } from './client.ts';
import { CANARY, clientOf, id, never, serve, tree, type Reply, type Script } from './scripted.ts';

const ROOT = { n: 1, type: 1005, children: [{ n: 2, type: 1007 }] };

/** The tree above, whose first answers to Children are these. */
function after(...replies: Reply[]): Record<string, Script> {
  const scripts = tree(ROOT);
  return {
    ...scripts,
    'Company/Children': (seen, nth) => replies[nth - 1] ?? (scripts['Company/Children'] as Script)(seen, nth),
  };
}

describe('retries inside a crawl', () => {
  test.each([
    [429, 2],
    [502, 2],
    [503, 2],
    [504, 2],
    [408, 2],
    [500, 1],
    [501, 0],
    [400, 0],
    [403, 0],
    [404, 0],
  ])('HTTP %i is repeated %i times', async (status, retries) => {
    const server = await serve(after(...Array.from({ length: 5 }, () => ({ status }))));
    const result = await clientOf(server).crawl(never());
    expect(result).toMatchObject({ kind: 'failed', failure: { status, operation: 'Company/Children' } });
    expect(server.count('Company/Children')).toBe(1 + retries);
  });

  test('a passing failure leaves no gap', async () => {
    const broken: Reply = (response) => void response.destroy();
    const server = await serve(after({ status: 503 }, broken));
    const result = await clientOf(server).crawl(never());
    expect(result).toMatchObject({ kind: 'snapshot', snapshot: { gaps: [] } });
    expect(server.count('Token/Get')).toBe(1);
  });

  test('a time-out is repeated', async () => {
    const server = await serve(after(() => {}));
    const result = await clientOf(server, { requestTimeoutMs: 150 }).crawl(never());
    expect(result).toMatchObject({ kind: 'snapshot', snapshot: { gaps: [] } });
  });

  test('redirects, HTML and large bodies are not', async () => {
    for (const reply of [
      { status: 302, headers: { location: 'https://protecthub.eset.com/' } },
      { text: '<html>' },
      { text: `{"companies":["${'x'.repeat(2000)}"]}` },
    ]) {
      const server = await serve(after(reply, reply, reply));
      expect((await clientOf(server, { maxBodyBytes: 1000 }).crawl(never())).kind).toBe('failed');
      expect(server.count('Company/Children')).toBe(1);
    }
  });

  test('Retry-After is waited for, by everybody', async () => {
    const server = await serve(after({ status: 429, headers: { 'retry-after': '1' } }));
    const start = performance.now();
    const client = clientOf(server);
    const crawl = client.crawl(never());
    await expect.poll(() => server.count('Company/Children')).toBe(1);
    const confirm = client.confirm([id(2)], never()).then(() => performance.now() - start);
    expect((await crawl).kind).toBe('snapshot');
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
    expect(await confirm).toBeGreaterThanOrEqual(990);
  });

  test('the wait between repeats is a random part of a growing time', async () => {
    const server = await serve(after({ status: 503 }, { status: 503 }));
    const start = performance.now();
    await clientOf(server, { random: () => 0.4 }).crawl(never());
    const took = performance.now() - start; // 0.4 × 500 + 0.4 × 1000
    expect(took).toBeGreaterThanOrEqual(590);
    expect(took).toBeLessThan(1500);
  });

  test('the caller can leave during the wait', async () => {
    const server = await serve(after({ status: 503, headers: { 'retry-after': '20' } }));
    const control = new AbortController();
    const crawl = clientOf(server).crawl(control.signal);
    await expect.poll(() => server.count('Company/Children')).toBe(1);
    control.abort();
    expect(await crawl).toMatchObject({ kind: 'failed', failure: { cause: 'Aborted' } });
  });

  test('a 500 of Token/Get is not repeated: it may be bad credentials', async () => {
    const server = await serve({
      ...tree(ROOT),
      'Token/Get': () => ({ status: 500, json: { message: CANARY.password } }),
    });
    const result = await clientOf(server).crawl(never());
    expect(result).toMatchObject({ kind: 'failed', failure: { cause: 'ServerError', operation: 'Token/Get' } });
    expect(server.count('Token/Get')).toBe(1);
    expect(JSON.stringify(result)).not.toContain('canary');
  });

  test('a Token/Get that is down is', async () => {
    const server = await serve({
      ...tree(ROOT),
      'Token/Get': (_seen, nth) => (nth < 3 ? { status: 503 } : { json: { accessToken: 't' } }),
    });
    expect((await clientOf(server).crawl(never())).kind).toBe('snapshot');
  });
});

describe('limits of a client', () => {
  const wide = { n: 1, type: 1004, children: Array.from({ length: 12 }, (_, i) => ({ n: 10 + i, type: 1006 })) };

  test.each([1, 3])('no more than %i requests in flight, the login included', async (concurrency) => {
    const scripts = tree(wide);
    const server = await serve({
      ...scripts,
      'Company/Children': async (seen, nth) => {
        await new Promise((done) => setTimeout(done, 10));
        if (nth === 5) return { status: 401 };
        return (scripts['Company/Children'] as Script)(seen, nth);
      },
    });
    const result = await clientOf(server, { concurrency }).crawl(never());
    expect(result).toMatchObject({ kind: 'snapshot', snapshot: { gaps: [] } });
    expect(server.mostAtOnce).toBe(concurrency);
    expect(server.count('Token/Get')).toBe(2);
  });

  test('no faster than asked for, logins included', async () => {
    const server = await serve(tree(wide)); // 16 requests in all
    const start = performance.now();
    await clientOf(server, { requestsPerSecond: 20, concurrency: 2 }).crawl(never());
    expect(server.seen).toHaveLength(16);
    expect(performance.now() - start).toBeGreaterThanOrEqual(((16 - 2) / 20) * 1000 - 50);
  });

  test('a login counts like any request', async () => {
    const server = await serve(tree(ROOT)); // Token/Get, User/Current, Children, Search: the first one is free
    const start = performance.now();
    await clientOf(server, { requestsPerSecond: 10, concurrency: 1 }).crawl(never());
    expect(server.seen).toHaveLength(4);
    expect(performance.now() - start).toBeGreaterThanOrEqual(280);
  });

  test('each exchange is reported with its operation, its code and its time', async () => {
    const reports: RequestReport[] = [];
    const server = await serve(after({ status: 503 }, { text: '<html>' }));
    await clientOf(server, { onRequest: (report) => reports.push(report) }).crawl(never());
    expect(reports.map(({ operation, code }) => `${operation} ${code}`)).toEqual([
      'Token/Get 200',
      'User/Current 200',
      'Company/Children 503',
      'Company/Children InvalidResponse',
    ]);
    expect(reports.every(({ seconds }) => seconds > 0 && seconds < 10)).toBe(true);
  });
});
