import { describe, expect, test } from 'vitest';
import { clientOf, id, never, row, serve, tree, type Node, type Reply, type Script } from './scripted.ts';
import { children, ROOT, serveBut, shape, snapshot } from './scripted-tree.ts';

describe('gaps', () => {
  test.each<[Reply, string]>([
    [{ status: 403 }, 'HTTP403'],
    [{ status: 500 }, 'HTTP500'],
    [{ status: 404 }, 'HTTP404'],
    [{ text: '<html>' }, 'InvalidResponse'],
    [{ json: {} }, 'InvalidResponse'],
    [(response) => void response.destroy(), 'ConnectionFailed'],
    [{ status: 302 }, 'Moved'],
    [{ json: { companies: [{ publicId: 'x', type: 1007 }] } }, 'InvalidRow'],
    [{ json: { companies: [null, 5, 'x', {}] } }, 'InvalidRow'],
  ])('a listing with %j is the gap %s, and the rest is read', async (reply, cause) => {
    const server = await serveBut({ 2: () => reply });
    const read = snapshot(await clientOf(server).crawl(never()));
    expect(read.gaps).toEqual([{ companyID: id(2), cause, message: expect.any(String) as string }]);
    expect(shape(read).map(([id]) => id)).toEqual([id(1), id(2), id(3), id(31), id(311)]);
  });

  test('a page that fails later keeps what came before, on the root too', async () => {
    const many = Array.from({ length: 150 }, (_, i) => ({ n: 100 + i, type: 1007 }));
    const root = { n: 1, type: 1005, children: many };
    const server = await serveBut(
      { 1: (seen, nth) => (seen.body['skip'] === 0 ? children(tree(root))(seen, nth) : { status: 500 }) },
      root,
    );
    const read = snapshot(await clientOf(server).crawl(never()));
    expect(read.companies).toHaveLength(101);
    expect(read.gaps).toMatchObject([{ companyID: id(1), cause: 'HTTP500' }]);
  });

  test('a type that has no place names the company', async () => {
    const rows = [
      row({ n: 21, type: 1001 }),
      row({ n: 22, type: 1008 }),
      row({ n: 23, type: 6 }),
      row({ n: 24, type: 1007 }),
    ];
    const read = snapshot(await clientOf(await serveBut({ 2: () => ({ json: { companies: rows } }) })).crawl(never()));
    expect(read.gaps.map(({ companyID, cause }) => [companyID, cause])).toEqual(
      [21, 22, 23].map((n) => [id(n), 'UnknownType']),
    );
    expect(shape(read)).toContainEqual([id(24), id(2)]);
  });

  test('a full page in which nothing is new ends the listing', async () => {
    const same = Array.from({ length: 100 }, (_, i) => row({ n: 100 + i, type: 1007 }));
    const server = await serveBut({ 2: () => ({ json: { companies: same, paging: { totalCount: 1_000_000 } } }) });
    const read = snapshot(await clientOf(server).crawl(never()));
    expect(read.gaps).toMatchObject([{ companyID: id(2), cause: 'RepeatedPage' }]);
    expect(server.of('Company/Children').filter(({ body }) => body['companyId'] === id(2))).toHaveLength(2);
    expect(read.companies.filter(({ parentID }) => parentID === id(2))).toHaveLength(100);
  });

  test('rows that repeat within and across pages count once, in whatever case', async () => {
    const first = Array.from({ length: 100 }, (_, i) => row({ n: 100 + (i % 60), type: 1007 }));
    const second = [
      ...first.slice(0, 30).map((r) => ({ ...r, publicId: String(r['publicId']).toUpperCase() })),
      row({ n: 900, type: 1007 }),
    ];
    const server = await serveBut({ 2: ({ body }) => ({ json: { companies: body['skip'] === 0 ? first : second } }) });
    const read = snapshot(await clientOf(server).crawl(never()));
    expect(read.gaps).toEqual([]);
    expect(read.companies.filter(({ parentID }) => parentID === id(2))).toHaveLength(61);
  });

  test('more companies than allowed', async () => {
    const server = await serve(tree(ROOT));
    const read = snapshot(await clientOf(server, { maxCompanies: 4, concurrency: 1 }).crawl(never()));
    expect(read.companies).toHaveLength(4);
    expect(read.gaps[0]).toMatchObject({ companyID: null, cause: 'TooManyCompanies' });
    expect(read.gaps.every(({ cause }) => cause === 'TooManyCompanies')).toBe(true);
    expect(server.count('Search/Companies')).toBe(0);
  });

  test('an upstream that makes up companies without end is left at the limit', async () => {
    let n = 1000;
    const endless: Script = () => ({
      json: { companies: Array.from({ length: 100 }, () => row({ n: n++, type: n % 3 === 0 ? 1005 : 1007 })) },
    });
    const server = await serve({ ...tree(ROOT), 'Company/Children': endless });
    const read = snapshot(await clientOf(server, { maxCompanies: 1000 }).crawl(never()));
    expect(read.companies).toHaveLength(1000);
    expect(server.count('Company/Children')).toBeLessThan(20);
  });

  test('an upstream that shows the same companies everywhere is left at a bound of rows', async () => {
    const all = Array.from({ length: 900 }, (_, i) => row({ n: 10 + i, type: 1003 }));
    const server = await serve({
      ...tree(ROOT),
      'Company/Children': ({ body }) => ({
        json: { companies: all.slice(Number(body['skip']), Number(body['skip']) + 100) },
      }),
    });
    const read = snapshot(await clientOf(server, { maxCompanies: 1000 }).crawl(never()));
    expect(read.gaps.length).toBeGreaterThan(0);
    expect(server.count('Company/Children')).toBeLessThan(140);
  });

  test('a dead upstream is left alone after five failures in a row', async () => {
    const msps = Array.from({ length: 40 }, (_, i) => ({ n: 100 + i, type: 1006 }));
    const root = { n: 1, type: 1004, children: msps };
    const server = await serveBut(Object.fromEntries(msps.map(({ n }) => [n, (): Reply => ({ status: 503 })])), root);
    const read = snapshot(await clientOf(server, { concurrency: 2 }).crawl(never()));
    expect(read.companies).toHaveLength(41);
    expect(read.gaps.map(({ companyID }) => companyID)).toEqual(msps.map(({ n }) => id(n)));
    expect(new Set(read.gaps.map(({ cause }) => cause))).toEqual(new Set(['HTTP503']));
    expect(server.count('Company/Children')).toBeLessThanOrEqual(1 + 6 * 3);
    expect(server.count('Search/Companies')).toBe(0);
  });

  test('failures that are not in a row do not stop it', async () => {
    const msps = Array.from({ length: 20 }, (_, i) => ({ n: 100 + i, type: 1006 }));
    const server = await serveBut(
      Object.fromEntries(msps.filter(({ n }) => n % 2 === 0).map(({ n }) => [n, (): Reply => ({ status: 503 })])),
      { n: 1, type: 1004, children: msps },
    );
    const read = snapshot(await clientOf(server, { concurrency: 1 }).crawl(never()));
    expect(read.gaps).toHaveLength(10);
    expect(server.of('Company/Children').map(({ body }) => body['companyId'])).toContain(id(119));
  });
});

describe('a tree that changes or contradicts itself', () => {
  test('a company that moves during the crawl is kept where it was seen last, and read once', async () => {
    const moving: Node = { n: 500, type: 1005, children: [{ n: 501, type: 1007 }] };
    const scripts = tree(moving);
    const server = await serveBut({
      2: () => ({ json: { companies: [row(moving)] } }),
      3: async () => {
        await new Promise((done) => setTimeout(done, 60));
        return { json: { companies: [{ ...row(moving), name: 'Later' }] } };
      },
      500: (seen, nth) => children(scripts)(seen, nth),
    });
    const read = snapshot(await clientOf(server).crawl(never()));
    expect(read.gaps).toEqual([]);
    expect(read.companies.find((company) => company.id === id(500))).toMatchObject({ parentID: id(3), name: 'Later' });
    expect(shape(read)).toContainEqual([id(501), id(500)]);
    expect(server.of('Company/Children').filter(({ body }) => body['companyId'] === id(500))).toHaveLength(1);
  });

  test('a customer that turns up again as an MSP is listed after all', async () => {
    const server = await serveBut(
      {
        2: () => ({ json: { companies: [row({ n: 500, type: 1007 })] } }),
        3: () => ({ json: { companies: [row({ n: 500, type: 1005 })] } }),
        500: () => ({ json: { companies: [row({ n: 501, type: 1007 })] } }),
      },
      ROOT,
    );
    const read = snapshot(await clientOf(server, { concurrency: 1 }).crawl(never()));
    expect(shape(read)).toContainEqual([id(501), id(500)]);
  });

  test('cycles end, leave a gap, and everything stays below the root', async () => {
    const server = await serveBut({
      22: () => ({
        json: { companies: [row({ n: 2, type: 1004 }), row({ n: 1, type: 1002 }), row({ n: 221, type: 1007 })] },
      }),
    });
    const read = snapshot(await clientOf(server).crawl(never()));
    expect(read.gaps.map(({ companyID, cause }) => [companyID, cause])).toEqual([
      [id(1), 'Cycle'],
      [id(2), 'Cycle'],
    ]);
    expect(shape(read)).toContainEqual([id(2), id(1)]);
    expect(read.companies).toHaveLength(8);
  });

  test('a company listed among its own children is no contradiction', async () => {
    const server = await serveBut({
      2: () => ({ json: { companies: [row({ n: 2, type: 1004 }), row({ n: 21, type: 1007 })] } }),
    });
    const read = snapshot(await clientOf(server).crawl(never()));
    expect(read.gaps).toEqual([]);
    expect(shape(read)).toContainEqual([id(21), id(2)]);
  });

  test('a chain without end is cut', async () => {
    let n = 1000;
    const server = await serve({
      ...tree(ROOT),
      'Company/Children': () => ({ json: { companies: [row({ n: n++, type: 1003 })] } }),
    });
    const read = snapshot(await clientOf(server).crawl(never()));
    expect(read.gaps).toMatchObject([{ cause: 'Cycle' }]);
    expect(server.count('Company/Children')).toBeLessThan(70);
  });
});
