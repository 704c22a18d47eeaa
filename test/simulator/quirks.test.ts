// Every quirk, in each of its settings.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultQuirks, parseQuirks } from './quirks.ts';
import { startSimulator } from './simulator.ts';
import type { Account, Simulator } from './simulator.ts';
import { ask, login, lower, str } from './test-client.ts';
import type { Answer, Json, Session } from './test-client.ts';

let sim: Simulator;
let account: Account;
let msp: Session;

beforeEach(async () => {
  sim = await startSimulator();
  account = sim.addAccount({ username: 'msp', password: 'secret', shape: 'demo' });
  msp = await login(sim.url);
});
afterEach(() => sim.stop());

const list = (json: Json, key = 'companies'): Json[] => json[key] as unknown as Json[];
const children = (skip = 0, take = 100): Promise<Answer> =>
  msp.post('Company/Children', { companyId: account.company.id, skip, take });
const detail = (): Promise<Answer> =>
  msp.post('Company/Detail', { companyId: account.find('Bergsee Hotel & Spa')?.id });

test('badCredentialsStatus, also for a user nobody knows', async () => {
  sim.setQuirks({ badCredentialsStatus: 400 });
  for (const username of ['msp', 'nobody']) {
    expect(await ask(`${sim.url}/api/Token/Get`, { username, password: 'wrong' })).toMatchObject({ status: 400 });
  }
});

test('tokenLifetimeSeconds, sessionSeconds, renewNeedsBearer, expiresIn, tokenCasing', async () => {
  account.setQuirks({ tokenLifetimeSeconds: 60, renewNeedsBearer: true, expiresIn: true, tokenCasing: 'pascal' });
  const { json } = await ask(`${sim.url}/api/Token/Get`, { username: 'msp', password: 'secret' });
  expect(Object.keys(json)).toEqual(['AccessToken', 'RefreshToken', 'ExpiresIn']);
  expect(json['ExpiresIn']).toBe(60);
  const token = str(json['AccessToken']);
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    nbf: number;
    exp: number;
  };
  expect(claims.exp - claims.nbf).toBe(60);
  const refreshToken = json['RefreshToken'];
  expect(await ask(`${sim.url}/api/Token/Renew`, { refreshToken })).toMatchObject({ status: 401 });
  expect(await ask(`${sim.url}/api/Token/Renew`, { refreshToken }, { token })).toMatchObject({ status: 200 });
});

test('unknownPage', async () => {
  account.setQuirks({ unknownPage: 403 });
  expect(await msp.get('Nothing')).toMatchObject({ status: 403, json: { code: 99, subCode: 1 } });
});

test('removed: 404, 403, 500 or an empty 200', async () => {
  const companyId = account.find('Bergsee Hotel & Spa')?.id ?? '';
  account.remove(companyId);
  for (const removed of [404, 403, 500] as const) {
    account.setQuirks({ removed });
    expect(await msp.post('Company/Detail', { companyId })).toMatchObject({ status: removed });
  }
  account.setQuirks({ removed: 'empty' });
  expect(await msp.post('Company/Detail', { companyId })).toMatchObject({ status: 200, text: '' });
});

test('casing of each group', async () => {
  account.setQuirks({ userCasing: 'pascal', companyCasing: 'pascal', searchCasing: 'camel' });
  expect((await msp.get('User/Current')).json['Company']?.['Type']).toBe(1004);
  const page = (await children()).json;
  expect([list(page, 'Companies')[0]?.['PublicId'] === undefined, page['Paging']]).toEqual([false, { TotalCount: 13 }]);
  expect((await detail()).json['Ancestor']?.['Id']).toBeDefined();
  const search = (await msp.post('Search/Companies', { take: 1 })).json;
  expect([list(search, 'search')[0]?.['companyId'] === undefined, search['paging']]).toEqual([
    false,
    { totalCount: 61 },
  ]);
});

test('guidCase: upper, lower, and mixed within a call and between calls, always the same', async () => {
  const ids = async (): Promise<string[]> => list((await children()).json).map((row) => str(row['publicId']));
  account.setQuirks({ guidCase: 'upper' });
  expect((await ids()).every((id) => id === id.toUpperCase())).toBe(true);
  account.setQuirks({ guidCase: 'lower' });
  expect((await ids()).every((id) => id === id.toLowerCase())).toBe(true);
  account.setQuirks({ guidCase: 'mixed' });
  const mixed = await ids();
  expect(mixed.some((id) => id === id.toUpperCase()) && mixed.some((id) => id === id.toLowerCase())).toBe(true);
  expect(await ids()).toEqual(mixed);
  const rows = await msp.all('Search/Companies', { search: {} }, 'Search');
  const found = rows
    .map((row) => str(row['CompanyId']))
    .filter((id) => mixed.some((each) => lower(each) === lower(id)));
  expect(found).toHaveLength(13);
  expect(found.filter((id) => mixed.includes(id)).length).toBeLessThan(13);
});

test('pageOrder: page shuffles rows, request shuffles the list, stable neither', async () => {
  const page = async (skip: number): Promise<string[]> =>
    list((await children(skip, 6)).json).map((row) => lower(row['publicId']));
  const stable = [...(await page(0)), ...(await page(6)), ...(await page(12))];
  expect(stable).toEqual(account.company.children?.map((child) => child.id));
  account.setQuirks({ pageOrder: 'page' });
  expect((await page(0)).sort()).toEqual(stable.slice(0, 6).sort());
  const shuffled = await Promise.all(Array.from({ length: 5 }, () => page(0)));
  expect(shuffled.some((rows) => rows.join() !== stable.slice(0, 6).join())).toBe(true);
  account.setQuirks({ pageOrder: 'request' });
  const loose: string[] = [];
  for (let i = 0; i < 5; i++) loose.push(...(await page(0)));
  expect(new Set(loose).size).toBeGreaterThan(6);
  expect(new Set(await page(0)).size).toBe(6);
});

test('totalCount and paging', async () => {
  account.setQuirks({ totalCount: 'pages' });
  expect((await children(0, 6)).json['paging']).toEqual({ totalCount: 3 });
  account.setQuirks({ totalCount: 'absent' });
  expect((await children()).json['paging']).toEqual({});
  account.setQuirks({ paging: 'absent' });
  expect(Object.keys((await children()).json)).toEqual(['companies']);
});

test('currentCompanyKey', async () => {
  account.setQuirks({ currentCompanyKey: 'id' });
  expect(Object.keys((await msp.get('User/Current')).json['company'] ?? {})).toEqual(['id', 'name', 'type']);
});

test('suspendedStatus and waitingStatus; 1 is active', async () => {
  const [first, second] = account.company.children ?? [];
  account.suspend(first?.id ?? '');
  account.update(second?.id ?? '', { status: 'waiting' });
  const statuses = async (): Promise<unknown[]> => list((await children(0, 3)).json).map((row) => row['status']);
  expect(await statuses()).toEqual(['Suspended', 'Waiting for confirmation', 1]);
  account.setQuirks({ suspendedStatus: 3, waitingStatus: 2 });
  expect(await statuses()).toEqual([3, 2, 1]);
});

test('descendantsIncludeSuspended', async () => {
  account.setQuirks({ descendantsIncludeSuspended: false });
  const rows = (): Promise<Json[]> => msp.all('Company/Descendants', { companyId: account.company.id }, 'companies');
  expect(await rows()).toHaveLength(57);
  account.suspend(account.find('Bergsee Hotel & Spa')?.id ?? '');
  expect(await rows()).toHaveLength(56);
});

test('ancestor and detailCustomIdentifier', async () => {
  account.setQuirks({ ancestor: 'own', detailCustomIdentifier: false });
  const { json } = await detail();
  expect(lower(json['ancestor']?.['id'])).toBe(account.company.id);
  expect(json).not.toHaveProperty('customIdentifier');
  account.setQuirks({ ancestor: 'absent' });
  expect((await detail()).json).not.toHaveProperty('ancestor');
});

test('items of Search/Companies', async () => {
  const item = async (): Promise<Json | undefined> =>
    list((await msp.post('Search/Companies', { search: { Bergsee: [0] }, take: 1 })).json, 'Search')[0];
  expect(await item()).toMatchObject({ CompanyTypeId: 6, StatusId: 1 });
  account.setQuirks({ searchTypes: 'entity', searchParentId: true });
  expect((await item())?.['CompanyTypeId']).toBe(1007);
  expect(lower((await item())?.['ParentId'])).toBe(account.find('Alpenblick IT-Service')?.id);
  account.setQuirks({ searchItems: 'names', searchCustomIdentifier: false });
  expect(await item()).toMatchObject({ Type: 'Customer', State: 'Active' });
  expect(await item()).not.toHaveProperty('CustomIdentifier');
  account.setQuirks({ searchIncludesOwn: false });
  expect(await msp.all('Search/Companies', { search: {} }, 'Search')).toHaveLength(60);
});

test('directChildrenKey', async () => {
  account.setQuirks({ directChildrenKey: 'Children' });
  expect(await msp.all('User/GetDirectAccessibleChildren', {}, 'Children')).toHaveLength(13);
});

test('an account keeps its own quirks over those of the simulator', async () => {
  account.setQuirks({ paging: 'absent' });
  sim.setQuirks({ paging: 'present', currentCompanyKey: 'id' });
  expect((await children()).json).not.toHaveProperty('paging');
  expect((await msp.get('User/Current')).json['company']).toHaveProperty('id');
  expect(sim.addAccount({ username: 'later', password: 'x' }).quirks.currentCompanyKey).toBe('id');
});

test('quirks from outside are checked', () => {
  expect(parseQuirks({ ...defaultQuirks })).toEqual(defaultQuirks);
  for (const bad of [
    { guidCase: 'x' },
    { removed: 200 },
    { expiresIn: 1 },
    { sessionSeconds: 0 },
    { nonsense: 1 },
    { constructor: 1 },
  ]) {
    expect(() => parseQuirks(bad)).toThrow(RangeError);
  }
});
