import { describe, expect, test } from 'vitest';
import type { CrawlProgress } from './client.ts';
import { CANARY, clientOf, id, never, serve, tree, type Reply, type Script } from './scripted.ts';
import { ROOT, serveBut, shape, snapshot } from './scripted-tree.ts';

const compare = (a: string, b: string): number => (a < b ? -1 : 1);

describe('a crawl', () => {
  test('reads every level, parents before children, by parent and id', async () => {
    const server = await serve(tree(ROOT));
    const result = await clientOf(server).crawl(never());
    const read = snapshot(result);
    expect(shape(read)).toEqual([
      [id(1), null],
      [id(2), id(1)],
      [id(3), id(1)],
      [id(21), id(2)],
      [id(22), id(2)],
      [id(31), id(3)],
      [id(221), id(22)],
      [id(311), id(31)],
    ]);
    expect(read.gaps).toEqual([]);
    expect(read.root).toBe(read.companies[0]);
    expect(read.companies[3]).toEqual({
      id: id(21),
      parentID: id(2),
      type: 'Customer',
      name: 'Company 21',
      status: 'Active',
    });
    // Customers are leaves: they are not asked for children.
    expect(
      server
        .of('Company/Children')
        .map(({ body }) => String(body['companyId']))
        .sort(compare),
    ).toEqual([id(1), id(2), id(3), id(22), id(31)]);
    expect(result).toMatchObject({ requests: server.seen.length });
  });

  test('reads pages of 100 to the short one, one after the other', async () => {
    const many = Array.from({ length: 200 }, (_, i) => ({ n: 100 + i, type: 1007 }));
    const server = await serve(tree({ n: 1, type: 1005, children: many }));
    const read = snapshot(await clientOf(server).crawl(never()));
    expect(read.companies).toHaveLength(201);
    expect(read.gaps).toEqual([]);
    expect(server.of('Company/Children').map(({ body }) => [body['skip'], body['take']])).toEqual([
      [0, 100],
      [100, 100],
      [200, 100],
    ]);
  });

  test.each(['companyId', 'id', 'CompanyId'])('finds the own company under company.%s', async (key) => {
    const server = await serve({
      ...tree(ROOT),
      'User/Current': () => ({ json: { Company: { [key]: id(1).toUpperCase(), Name: 'Own', Type: 1002 } } }),
    });
    expect(snapshot(await clientOf(server).crawl(never())).root).toMatchObject({
      id: id(1),
      name: 'Own',
      type: 'Distributor',
    });
    expect(server.count('Company/Detail')).toBe(0);
    expect(server.of('User/Current')[0]?.method).toBe('GET');
  });

  test('asks Detail where User/Current does not tell the type', async () => {
    const server = await serve({
      ...tree(ROOT),
      'User/Current': () => ({ json: { company: { companyId: id(1), name: 'Own' } } }),
      'Company/Detail': () => ({ json: { id: id(1), type: 1002, status: 1 } }),
    });
    expect(snapshot(await clientOf(server).crawl(never())).root).toMatchObject({
      type: 'Distributor',
      name: 'Own',
      status: 'Active',
    });
  });

  test.each<[string, Record<string, Script>, string]>([
    ['no company', { 'User/Current': () => ({ json: { id: id(9) } }) }, 'InvalidResponse'],
    ['no id', { 'User/Current': () => ({ json: { company: { companyId: 'x', type: 1002 } } }) }, 'InvalidResponse'],
    [
      'headquarters',
      { 'User/Current': () => ({ json: { company: { companyId: id(1), type: 1001 } } }) },
      'UnknownType',
    ],
    [
      'another Detail',
      {
        'User/Current': () => ({ json: { company: { id: id(1) } } }),
        'Company/Detail': () => ({ json: { id: id(2), type: 1002 } }),
      },
      'InvalidResponse',
    ],
    [
      'a failing Detail',
      { 'User/Current': () => ({ json: { company: { id: id(1) } } }), 'Company/Detail': () => ({ status: 403 }) },
      'Forbidden',
    ],
    ['a failing first listing', { 'Company/Children': () => ({ status: 403 }) }, 'Forbidden'],
    ['a first listing without a list', { 'Company/Children': () => ({ json: { items: [] } }) }, 'InvalidResponse'],
    ['a list that is none', { 'Company/Children': () => ({ json: { companies: {} } }) }, 'InvalidResponse'],
    ['a redirect', { 'User/Current': () => ({ status: 302, headers: { location: '/' } }) }, 'Moved'],
  ])('%s: nothing is known', async (_name, scripts, cause) => {
    const result = await clientOf(await serve({ ...tree(ROOT), ...scripts })).crawl(never());
    expect(result).toMatchObject({ kind: 'failed', failure: { cause } });
  });

  test('a login below which nothing lies is a snapshot of one', async () => {
    const read = snapshot(await clientOf(await serve(tree({ n: 1, type: 1005 }))).crawl(never()));
    expect([read.companies.length, read.gaps]).toEqual([1, []]);
  });

  test('progress is told after each page', async () => {
    const told: CrawlProgress[] = [];
    await clientOf(await serve(tree(ROOT)), { concurrency: 1 }).crawl(never(), (progress) => told.push(progress));
    expect(told[0]).toEqual({ companiesRead: 3, requests: 3, pending: 3 });
    expect(told.map(({ companiesRead }) => companiesRead)).toEqual([3, 4, 6, 7, 8]);
    expect(told.at(-1)?.pending).toBe(1);
  });

  test('what the progress callback throws ends the crawl and is thrown on', async () => {
    const server = await serve(tree(ROOT));
    const client = clientOf(server);
    await expect(
      client.crawl(never(), () => {
        throw new Error('mine');
      }),
    ).rejects.toThrow('mine');
    expect((await client.crawl(never())).kind).toBe('snapshot');
  });
});

describe('custom identifiers', () => {
  const search = (rows: unknown[]): Record<string, Script> => ({
    ...tree(ROOT),
    'Search/Companies': ({ body }) => ({
      json: { Search: rows.slice(Number(body['skip']), Number(body['skip']) + 100) },
    }),
  });

  test('are read from Search, in whatever case, for companies of the tree', async () => {
    const server = await serve(
      search([
        { CompanyId: id(21).toUpperCase(), CustomIdentifier: 'K-21' },
        { CompanyId: id(311), customIdentifier: '' },
        { CompanyId: id(221), CustomIdentifier: null },
        { CompanyId: id(31), CustomIdentifier: 7 },
        { CompanyId: id(3) },
        { CompanyId: id(999), CustomIdentifier: 'elsewhere' },
        { CompanyId: 'x', CustomIdentifier: 'bad' },
        null,
      ]),
    );
    const read = snapshot(await clientOf(server).crawl(never()));
    expect([...read.customIdentifiers]).toEqual([
      [id(21), 'K-21'],
      [id(311), ''],
      [id(221), ''],
    ]);
    expect(server.of('Search/Companies')[0]?.body).toEqual({ search: {}, skip: 0, take: 100 });
  });

  test('all pages are read, unless the first one has no such property', async () => {
    const rows = Array.from({ length: 250 }, (_, i) => ({ CompanyId: id(i), CustomIdentifier: `K-${i}` }));
    const all = await serve(search(rows));
    expect(snapshot(await clientOf(all).crawl(never())).customIdentifiers.get(id(221))).toBe('K-221');
    expect(all.count('Search/Companies')).toBe(3);
    const none = await serve(search(rows.map(({ CompanyId }) => ({ CompanyId }))));
    expect(snapshot(await clientOf(none).crawl(never())).customIdentifiers.size).toBe(0);
    expect(none.count('Search/Companies')).toBe(1);
  });

  test.each<Reply>([{ status: 500 }, { status: 403 }, { json: {} }, { text: '<html>' }])(
    'a failure (%j) is no gap and keeps what was read',
    async (reply) => {
      const rows = Array.from({ length: 100 }, (_, i) => ({ CompanyId: id(i), CustomIdentifier: `K-${i}` }));
      const server = await serve({
        ...tree(ROOT),
        'Search/Companies': ({ body }) => (body['skip'] === 0 ? { json: { Search: rows } } : reply),
      });
      const read = snapshot(await clientOf(server).crawl(never()));
      expect(read.gaps).toEqual([]);
      expect(read.customIdentifiers.get(id(21))).toBe('K-21');
    },
  );

  test('a search that repeats itself ends', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({ CompanyId: id(i), CustomIdentifier: `K-${i}` }));
    const server = await serve({ ...tree(ROOT), 'Search/Companies': () => ({ json: { Search: rows } }) });
    await clientOf(server).crawl(never());
    expect(server.count('Search/Companies')).toBe(2);
  });
});

describe('the end of a crawl', () => {
  test('a refused login: nothing else is sent, and no secret is told', async () => {
    const server = await serve({
      ...tree(ROOT),
      'Token/Get': () => ({ status: 401, json: { message: CANARY.password } }),
    });
    const client = clientOf(server);
    const results = [await client.crawl(never()), await client.crawl(never())];
    expect(results.map(({ kind }) => kind)).toEqual(['refused', 'refused']);
    expect(JSON.stringify(results)).not.toContain('canary');
    expect(server.seen.map(({ operation }) => operation)).toEqual(['Token/Get']);
    expect(await client.confirm([id(1)], never())).toEqual(new Map([[id(1), 'NoAnswer']]));
    expect(server.seen).toHaveLength(1);
  });

  test('called off midway: nothing is known, and requests cease', async () => {
    const control = new AbortController();
    const server = await serveBut({
      2: () => {
        control.abort();
        return () => {};
      },
    });
    expect(await clientOf(server).crawl(control.signal)).toMatchObject({
      kind: 'failed',
      failure: { cause: 'Aborted' },
    });
    const before = server.seen.length;
    await new Promise((done) => setTimeout(done, 50));
    expect(server.seen).toHaveLength(before);
  });

  test('called off before it began', async () => {
    const server = await serve(tree(ROOT));
    expect(await clientOf(server).crawl(AbortSignal.abort())).toMatchObject({
      kind: 'failed',
      failure: { cause: 'Aborted' },
      requests: 0,
    });
    expect(server.seen).toEqual([]);
  });

  test('a closed client calls off what runs and sends nothing more', async () => {
    const server = await serveBut({ 2: () => () => {} });
    const client = clientOf(server);
    const running = client.crawl(never());
    await expect.poll(() => server.count('Company/Children')).toBeGreaterThan(1);
    await client.close();
    await client.close();
    expect(await running).toMatchObject({ kind: 'failed', failure: { cause: 'Aborted' } });
    const before = server.seen.length;
    expect(await client.crawl(never())).toMatchObject({ kind: 'failed', failure: { cause: 'Aborted' } });
    expect(server.seen).toHaveLength(before);
  });

  test('an endpoint that is not allowed is never contacted', async () => {
    const server = await serve(tree(ROOT));
    const client = clientOf(server, { allow: { hosts: ['mspapi.eset.com'], allowLoopbackHTTP: true } });
    expect(await client.crawl(never())).toMatchObject({ kind: 'failed', failure: { cause: 'HostNotAllowed' } });
    expect(await client.confirm([id(1)], never())).toEqual(new Map([[id(1), 'NoAnswer']]));
    expect(server.seen).toEqual([]);
  });
});
