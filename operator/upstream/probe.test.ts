import { describe, expect, test } from 'vitest';
import { Places } from './places.ts';
import { clientOf, id, never, serve, tree, type Script } from './scripted.ts';

const ROOT = { n: 1, type: 1005, children: [{ n: 2, type: 1007 }] };
const silent: Script = () => () => {};

describe('the probe of an upstream that did not answer lately', () => {
  test.each(['Token/Get', 'User/Current'])(
    'is one request, once, with a short time, where %s hangs',
    async (operation) => {
      const server = await serve({ ...tree(ROOT), [operation]: silent });
      const client = clientOf(server, { probe: true, probeTimeoutMs: 100 });
      const result = await client.crawl(never());
      expect(result).toMatchObject({ kind: 'failed', failure: { cause: 'Timeout', operation } });
      expect(server.count(operation)).toBe(1);
      expect(server.count('Company/Children')).toBe(0);
    },
  );

  test('a 503 is not repeated either', async () => {
    const server = await serve({ ...tree(ROOT), 'User/Current': () => ({ status: 503 }) });
    expect((await clientOf(server, { probe: true }).crawl(never())).kind).toBe('failed');
    expect(server.count('User/Current')).toBe(1);
  });

  test('once it is answered all goes on with the usual patience', async () => {
    const scripts = tree(ROOT);
    const children = scripts['Company/Children'] as Script;
    const server = await serve({
      ...scripts,
      'Company/Children': async (seen, nth) => {
        if (nth === 1) return { status: 503 };
        await new Promise((done) => setTimeout(done, 300));
        return children(seen, nth);
      },
    });
    const result = await clientOf(server, { probe: true, probeTimeoutMs: 150 }).crawl(never());
    expect(result).toMatchObject({ kind: 'snapshot', gaveUp: false, snapshot: { gaps: [] } });
    expect(server.count('Company/Children')).toBe(2);
  });
});

describe('a crawl among others', () => {
  test('waits where it is told to, when its own company is known and nothing else is', async () => {
    const server = await serve(tree(ROOT));
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const crawl = clientOf(server).crawl(never(), undefined, () => {
      asked.resolve();
      return gate.promise;
    });
    await asked.promise;
    expect([server.count('User/Current'), server.count('Company/Children')]).toEqual([1, 0]);
    gate.resolve();
    expect((await crawl).kind).toBe('snapshot');
  });

  test('shares the requests in flight with other clients; a silent upstream takes none away', async () => {
    const inFlight = new Places({ places: 2, patienceMs: 100 });
    const dead = await serve({ ...tree(ROOT), 'Token/Get': silent });
    const control = new AbortController();
    const hanging = Array.from({ length: 6 }, () => clientOf(dead, { inFlight }).crawl(control.signal));
    const wide = { n: 1, type: 1005, children: Array.from({ length: 20 }, (_, n) => ({ n: n + 2, type: 1006 })) };
    const scripts = tree(wide);
    const server = await serve({
      ...scripts,
      'Company/Children': async (seen, nth) => {
        await new Promise((done) => setTimeout(done, 10));
        return (scripts['Company/Children'] as Script)(seen, nth);
      },
    });
    const started = performance.now();
    const crawls = await Promise.all(Array.from({ length: 3 }, () => clientOf(server, { inFlight }).crawl(never())));
    expect(crawls.map(({ kind }) => kind)).toEqual(['snapshot', 'snapshot', 'snapshot']);
    expect(server.mostAtOnce).toBe(2);
    expect(performance.now() - started).toBeLessThan(10_000); // a request to the dead one has 30 s
    control.abort();
    await Promise.all(hanging);
    expect(inFlight.taken).toBe(0);
  });

  test('that gave up says so', async () => {
    const children = Array.from({ length: 30 }, (_, n) => ({ n: n + 2, type: 1006 }));
    const scripts = tree({ n: 1, type: 1005, children });
    const listing = scripts['Company/Children'] as Script;
    const server = await serve({
      ...scripts,
      'Company/Children': (seen, nth) => (seen.body['companyId'] === id(1) ? listing(seen, nth) : { status: 503 }),
    });
    expect(await clientOf(server).crawl(never())).toMatchObject({ kind: 'snapshot', gaveUp: true });
    expect(await clientOf(await serve(scripts), { maxCompanies: 5 }).crawl(never())).toMatchObject({ gaveUp: false });
  });
});
