// Every call of the API as the reference describes it: tokens, users, companies, search, paging, errors.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSimulator } from './simulator.ts';
import type { Account, Company, Simulator } from './simulator.ts';
import { ask, login, lower, str } from './test-client.ts';
import type { Session } from './test-client.ts';

let sim: Simulator;
let account: Account;
let msp: Session;
let now: number;

const child = (name: string): Company => {
  const company = account.find(name);
  if (!company) throw new Error(`no ${name}`);
  return company;
};

beforeEach(async () => {
  now = Date.UTC(2026, 0, 10);
  sim = await startSimulator({ now: () => now });
  account = sim.addAccount({ username: 'msp', password: 'secret', shape: 'demo' });
  msp = await login(sim.url);
});
afterEach(() => sim.stop());

describe('tokens', () => {
  const claims = (token: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

  test('the access token is a JWT with the claims of the sample, the refresh token is opaque', async () => {
    const { json } = await ask(`${sim.url}/api/Token/Get`, { username: 'msp', password: 'secret' });
    expect(Object.keys(json)).toEqual(['accessToken', 'refreshToken']);
    const seen = claims(str(json['accessToken']));
    expect(seen).toMatchObject({
      nbf: now / 1000,
      exp: now / 1000 + 3600,
      client_id: 'Eset.EMA.API',
      auth_time: now / 1000,
    });
    expect(seen['aud']).toContain('ema2_api');
    expect(lower(seen['sub'])).toBe(account.userId);
    expect(str(json['refreshToken']).split('.')).toHaveLength(2);
  });

  test('property names are bound without regard to case', async () => {
    const { status } = await ask(`${sim.url}/api/Token/Get`, { Username: 'msp', Password: 'secret' });
    expect(status).toBe(200);
  });

  test.each([
    ['wrong password', { username: 'msp', password: 'wrong' }, 401],
    ['wrong user', { username: 'nobody', password: 'secret' }, 401],
    ['no password', { username: 'msp' }, 400],
    ['password not a text', { username: 'msp', password: 7 }, 400],
    ['not JSON', '{"username"', 400],
    ['a list', '[]', 400],
  ])('%s', async (_, body, status) => {
    expect(await ask(`${sim.url}/api/Token/Get`, body)).toMatchObject({ status });
  });

  test('logins and failed logins are counted per account, an unknown name apart', async () => {
    await ask(`${sim.url}/api/Token/Get`, { username: 'msp', password: 'wrong' });
    await ask(`${sim.url}/api/Token/Get`, { username: 'nobody', password: 'wrong' });
    const counts = sim.counts();
    expect(counts).toMatchObject({ logins: 1, failedLogins: 2, requests: 3 });
    expect(counts.accounts['msp']).toMatchObject({ logins: 1, failedLogins: 1 });
    expect(counts.accounts['(unknown)']).toMatchObject({ failedLogins: 1 });
    expect(JSON.stringify([counts, sim.log()])).not.toContain('wrong');
  });

  test('a token is good until exp, not a second longer', async () => {
    now += 3_599_000;
    expect(await msp.get('User/Current')).toMatchObject({ status: 200 });
    now += 1000;
    const { status, json } = await msp.get('User/Current');
    expect(status).toBe(401);
    expect(json['message']).toMatch(/expired/);
    expect(Object.keys(json)).toEqual(['code', 'subCode', 'message']);
  });

  test.each(['', 'x', 'a.b.c', 'ey.ey'])('a bad token "%s" is 401', async (token) => {
    expect(await ask(`${sim.url}/api/User/Current`, undefined, { token })).toMatchObject({ status: 401 });
  });

  test('a token with another signature, or none, is 401', async () => {
    const [head, payload] = msp.token.split('.');
    const forged = `${head}.${payload}.${'A'.repeat(43)}`;
    expect(await ask(`${sim.url}/api/User/Current`, undefined, { token: forged })).toMatchObject({ status: 401 });
    expect(await ask(`${sim.url}/api/User/Current`)).toMatchObject({ status: 401 });
  });

  test('Renew gives new tokens once per refresh token, and none past the session', async () => {
    const first = (await ask(`${sim.url}/api/Token/Get`, { username: 'msp', password: 'secret' })).json;
    now += 60_000;
    const renew = (token: unknown): Promise<{ status: number; json: typeof first }> =>
      ask(`${sim.url}/api/Token/Renew`, { refreshToken: token });
    const second = await renew(first['refreshToken']);
    expect(second.status).toBe(200);
    expect(second.json['refreshToken']).not.toBe(first['refreshToken']);
    // The session ends 30 minutes after Get, whatever was renewed.
    expect(claims(str(second.json['accessToken']))['exp']).toBe((now - 60_000) / 1000 + 1800);
    expect(await renew(first['refreshToken'])).toMatchObject({ status: 401 });
    now += 1_740_000;
    expect(await renew(second.json['refreshToken'])).toMatchObject({ status: 401 });
    expect(await renew(undefined)).toMatchObject({ status: 400 });
    expect(sim.counts().renewals).toBe(1);
  });

  test('a changed password works at once and leaves tokens alone; revoked tokens are refused', async () => {
    account.setPassword('new');
    expect(await ask(`${sim.url}/api/Token/Get`, { username: 'msp', password: 'secret' })).toMatchObject({
      status: 401,
    });
    expect(await msp.get('User/Current')).toMatchObject({ status: 200 });
    account.revokeTokens();
    expect(await msp.get('User/Current')).toMatchObject({ status: 401 });
    expect(await (await login(sim.url, 'msp', 'new')).get('User/Current')).toMatchObject({ status: 200 });
  });
});

test('User/Current names the own company', async () => {
  const { json } = await msp.get('User/Current');
  expect(json).toMatchObject({ email: 'msp', status: 1, company: { name: account.company.name, type: 1004 } });
  expect(lower(json['company']?.['companyId'])).toBe(account.company.id);
});

test('Children lists the first level, camelCase, with the codes 1006 and 1007', async () => {
  const { json } = await msp.post('Company/Children', { companyId: account.company.id, skip: 0, take: 100 });
  expect(Object.keys(json)).toEqual(['companies', 'paging']);
  const rows = json['companies'] as unknown as Record<string, unknown>[];
  expect(rows).toHaveLength(13);
  expect(json['paging']).toEqual({ totalCount: 13 });
  expect(Object.keys(rows[0] ?? {})).toEqual(['publicId', 'name', 'type', 'email', 'status']);
  expect(new Set(rows.map((row) => row['type']))).toEqual(new Set([1006, 1007]));
});

test('walking Children finds every company of the tree exactly once', async () => {
  const seen: string[] = [];
  const walk = async (id: string): Promise<void> => {
    seen.push(id);
    for (const row of await msp.all('Company/Children', { companyId: id }, 'companies', 7)) {
      await walk(lower(row['publicId']));
    }
  };
  await walk(account.company.id);
  expect(seen.sort()).toEqual([...account.tree.companies()].map((company) => company.id).sort());
});

test('Descendants goes all the way down, by type, and names no parent', async () => {
  const all = await msp.all(
    'Company/Descendants',
    { companyId: account.company.id, entityType: 'Any' },
    'companies',
    20,
  );
  expect(all).toHaveLength(account.tree.size - 1);
  for (const row of all) expect(Object.keys(row)).toEqual(['publicId', 'name', 'type', 'email', 'status']);
  for (const entityType of [1006, '1006', 'ManagedMSP']) {
    const managed = await msp.all('Company/Descendants', { companyId: account.company.id, entityType }, 'companies');
    expect(managed).toHaveLength(5);
  }
  expect(
    await msp.post('Company/Descendants', { companyId: account.company.id, entityType: 'Nonsense', take: 1 }),
  ).toMatchObject({ status: 400, json: { entityType: ['The input was not valid.'] } });
});

test('Detail gives id, ancestor and customIdentifier', async () => {
  const company = child('Bergsee Hotel & Spa');
  account.update(company.id, { customIdentifier: 'X-1' });
  const { json } = await msp.post('Company/Detail', { companyId: company.id.toUpperCase() });
  expect(lower(json['id'])).toBe(company.id);
  expect(lower(json['ancestor']?.['id'])).toBe(child('Alpenblick IT-Service').id);
  expect(json).toMatchObject({ name: 'Bergsee Hotel & Spa', customIdentifier: 'X-1', type: 1007, status: 1 });
  const own = await msp.post('Company/Detail', { companyId: account.company.id });
  expect(lower(own.json['ancestor']?.['id'])).toBe(account.tree.outerParentId);
});

test('a removed company is 404 in Detail and Children, and gone from the lists', async () => {
  const company = child('Alpenblick IT-Service');
  account.remove(company.id);
  expect(await msp.post('Company/Detail', { companyId: company.id })).toMatchObject({ status: 404 });
  expect(await msp.post('Company/Children', { companyId: company.id, take: 1 })).toMatchObject({ status: 404 });
  const rows = await msp.all('Company/Descendants', { companyId: account.company.id }, 'companies');
  expect(rows).toHaveLength(61 - 1 - 12);
});

describe('Search/Companies', () => {
  const search = async (search: object): Promise<string[]> =>
    (await msp.all('Search/Companies', { search }, 'Search', 10)).map((row) => str(row['Name']));

  test('{} finds everything, PascalCase, with CustomIdentifier', async () => {
    const { json } = await msp.post('Search/Companies', { search: {}, skip: 0, take: 50 });
    expect(json['Paging']).toEqual({ TotalCount: 61 });
    const row = (json['Search'] as unknown as Record<string, unknown>[])[1];
    const names = [
      'CompanyId',
      'Name',
      'Email',
      'Description',
      'CompanyTypeId',
      'StatusId',
      'VatId',
      'CustomIdentifier',
    ];
    expect(Object.keys(row ?? {})).toEqual(names);
    expect((await search({})).length).toBe(61);
  });

  test('keywords look into their columns, and all must be found', async () => {
    const company = child('Tallow Street Theatre');
    account.update(company.id, { customIdentifier: 'TH-77' });
    expect(await search({ 'tallow street': [0] })).toEqual(['Tallow Street Theatre']);
    expect(await search({ 'H-77': [5] })).toEqual(['Tallow Street Theatre']);
    expect(await search({ [company.id.toUpperCase()]: [1] })).toEqual(['Tallow Street Theatre']);
    expect(await search({ 'TH-77': [0, 1, 5] })).toEqual(['Tallow Street Theatre']);
    expect(await search({ 'TH-77': [0] })).toEqual([]);
    expect(await search({ 'TH-77': [5], Seathorpe: [0] })).toEqual([]);
    expect(await search({ 'Dental Clinic Aurora': [0] })).toHaveLength(2);
    expect(await search({ '2026-01-10': [3] })).toHaveLength(61);
    expect(await search({ 5: [6] })).toHaveLength(5);
  });

  test.each([[{ x: [4] }], [{ x: 'name' }], [[]], ['x']])('%j is not a search', async (search) => {
    expect(await msp.post('Search/Companies', { search, take: 1 })).toMatchObject({ status: 400 });
  });
});

test('GetDirectAccessibleChildren lists the first level in PascalCase', async () => {
  const rows = await msp.all('User/GetDirectAccessibleChildren', {}, 'Companies', 5);
  expect(rows).toHaveLength(13);
  expect(Object.keys(rows[0] ?? {})).toEqual(['Name', 'CompanyId', 'CompanyTypeId', 'Email', 'Status']);
});

describe('paging', () => {
  const page = (paging: object): Promise<{ status: number; text: string }> =>
    msp.post('Company/Children', { companyId: account.company.id, ...paging });

  test.each([
    [{ skip: 0, take: 0 }, 'take'],
    [{ skip: 0, take: 101 }, 'take'],
    [{ skip: 0, take: -1 }, 'take'],
    [{ skip: 0, take: 1.5 }, 'take'],
    [{ skip: 0, take: '10' }, 'take'],
    [{ skip: 0 }, 'take'],
    [{ skip: -1, take: 1 }, 'skip'],
  ])('%j is refused', async (paging, field) => {
    const { status, text } = await page(paging);
    expect({ status, text }).toEqual({ status: 400, text: `{"${field}":["The input was not valid."]}` });
  });

  test('the edges: 1, 100, exactly at the end, past the end', async () => {
    const rows = async (paging: object): Promise<number> => {
      const { json } = await msp.post('Company/Children', { companyId: account.company.id, ...paging });
      return (json['companies'] as unknown as unknown[]).length;
    };
    expect(await rows({ take: 1 })).toBe(1);
    expect(await rows({ skip: 0, take: 100 })).toBe(13);
    expect(await rows({ skip: 12, take: 1 })).toBe(1);
    expect(await rows({ skip: 13, take: 1 })).toBe(0);
    expect(await rows({ skip: 1_000_000, take: 100 })).toBe(0);
  });
});

test.each([
  ['GET', 'Company/Children', undefined],
  ['POST', 'Company/Nonsense', {}],
  ['POST', 'User/Current', {}],
  ['POST', 'Company/Create/customer', {}],
])('%s %s is not there: 404, 99/1', async (method, path, body) => {
  const answer = await ask(`${sim.url}/api/${path}`, body, { token: msp.token, method });
  expect(answer).toMatchObject({ status: 404, json: { code: 99, subCode: 1 } });
});

test('a company id that is no GUID is a validation error', async () => {
  for (const companyId of ['x', 7, null, undefined]) {
    const { status, json } = await msp.post('Company/Children', { companyId, take: 1 });
    expect({ status, json }).toEqual({ status: 400, json: { companyId: ['The input was not valid.'] } });
  }
});

test('the log holds what was asked, in order, within its bound', async () => {
  await using small = await startSimulator({ logSize: 3 });
  small.addAccount({ username: 'msp', password: 'secret', companies: 5 });
  const session = await login(small.url);
  const companyId = small.account('msp').company.id;
  for (const skip of [0, 1, 2]) await session.post('Company/Children', { companyId, skip, take: 2 });
  await session.get('Nothing/Here');
  expect(small.log().map((entry) => [entry.operation, entry.companyId, entry.skip, entry.take, entry.status])).toEqual([
    ['Company/Children', companyId, 1, 2, 200],
    ['Company/Children', companyId, 2, 2, 200],
    ['(other)', null, null, null, 404],
  ]);
  expect(small.counts()).toMatchObject({ requests: 5, inFlight: 0, maxInFlight: 1, statuses: { 200: 4, 404: 1 } });
  small.clearLog();
  expect(small.log()).toEqual([]);
  expect(small.counts().requests).toBe(0);
});
