// What an account may see: its own company and below, less what is hidden from it.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSimulator } from './simulator.ts';
import type { Account, Simulator } from './simulator.ts';
import { ask, login, lower } from './test-client.ts';
import type { Session } from './test-client.ts';

let sim: Simulator;
let account: Account;
let msp: Session;

const id = (name: string): string => account.find(name)?.id ?? name;
const alpen = 'Alpenblick IT-Service';

const names = async (session: Session, path: string, companyId: string): Promise<unknown[]> =>
  (await session.all(path, { companyId, search: {} }, path.startsWith('Search') ? 'Search' : 'companies')).map(
    (row) => row['name'] ?? row['Name'],
  );

beforeEach(async () => {
  sim = await startSimulator();
  account = sim.addAccount({ username: 'msp', password: 'secret', shape: 'demo' });
  msp = await login(sim.url);
});
afterEach(() => sim.stop());

test('another login stands lower in the same tree and sees nothing beside or above', async () => {
  const lowerAccount = sim.addAccount({ username: 'alpen', password: 'secret', treeOf: 'msp', companyId: id(alpen) });
  const alpenSession = await login(sim.url, 'alpen');
  const current = (await alpenSession.get('User/Current')).json['company'];
  expect([lower(current?.['companyId']), current?.['type']]).toEqual([id(alpen), 1006]);
  expect(await names(alpenSession, 'Company/Children', id(alpen))).toHaveLength(11);
  expect(await names(alpenSession, 'Search/Companies', '')).toHaveLength(12);
  for (const other of [account.company.id, id('Bluefinch Networks')]) {
    expect(await alpenSession.post('Company/Detail', { companyId: other })).toMatchObject({ status: 403 });
    expect(await alpenSession.post('Company/Children', { companyId: other, take: 1 })).toMatchObject({ status: 403 });
  }
  lowerAccount.rename(id('Gemeinde Oberlinden'), 'Gemeinde Unterlinden');
  expect(await names(msp, 'Company/Children', id(alpen))).toContain('Gemeinde Unterlinden');
});

test('two accounts have trees of their own', async () => {
  sim.addAccount({ username: 'other', password: 'secret', companies: 10 });
  const other = await login(sim.url, 'other');
  expect(await other.post('Company/Detail', { companyId: account.company.id })).toMatchObject({ status: 404 });
});

test('hidden companies are absent from every list and refused by Detail; showing brings them back', async () => {
  account.hide([id('Gemeinde Oberlinden').toUpperCase(), id('Bluefinch Networks')]);
  expect(await names(msp, 'Company/Children', id(alpen))).toHaveLength(10);
  expect(await names(msp, 'Company/Children', account.company.id)).not.toContain('Bluefinch Networks');
  expect(await names(msp, 'Company/Descendants', account.company.id)).toHaveLength(60 - 1 - 11);
  expect(await names(msp, 'Search/Companies', '')).toHaveLength(61 - 1 - 11);
  const detail = (): Promise<unknown> => msp.post('Company/Detail', { companyId: id('Captain Morrow Seafoods') });
  expect(await detail()).toMatchObject({ status: 403 });
  account.setQuirks({ notVisible: 500 });
  expect(await detail()).toMatchObject({ status: 500 });
  account.showAll();
  expect(await detail()).toMatchObject({ status: 200 });
  expect(await names(msp, 'Company/Children', id(alpen))).toHaveLength(11);
});

test('a hidden list is counted without what is hidden', async () => {
  account.hide([id(alpen)]);
  const { json } = await msp.post('Company/Children', { companyId: account.company.id, take: 100 });
  expect(json['paging']).toEqual({ totalCount: 12 });
});

test('no access to the own company, but to one customer: filtered, 403 or 500', async () => {
  account.hide([account.company.id]);
  account.show([id('Bluefinch Networks')]);
  expect(await names(msp, 'Company/Children', account.company.id)).toEqual(['Bluefinch Networks']);
  expect(await names(msp, 'Search/Companies', '')).toHaveLength(11);
  expect(await msp.post('Company/Detail', { companyId: account.company.id })).toMatchObject({ status: 403 });
  for (const partialRoot of [403, 500] as const) {
    account.setQuirks({ partialRoot });
    expect(await msp.post('Company/Children', { companyId: account.company.id, take: 1 })).toMatchObject({
      status: partialRoot,
    });
  }
});

test('the own company may change', async () => {
  account.setCompany(id(alpen));
  const current = (await msp.get('User/Current')).json['company'];
  expect(lower(current?.['companyId'])).toBe(id(alpen));
  expect(await names(msp, 'Search/Companies', '')).toHaveLength(12);
});

test('an own company that was removed is still named by User/Current, and is 404', async () => {
  sim.addAccount({ username: 'alpen', password: 'secret', treeOf: 'msp', companyId: id(alpen) });
  const session = await login(sim.url, 'alpen');
  const own = id(alpen);
  account.remove(own);
  expect(await session.get('User/Current')).toMatchObject({ status: 200 });
  expect(await session.post('Company/Children', { companyId: own, take: 1 })).toMatchObject({ status: 404 });
  expect(await names(session, 'Search/Companies', '')).toEqual([]);
});

test('a removed account can neither log in nor use its tokens, also not once it is added again', async () => {
  const { json } = await ask(`${sim.url}/api/Token/Get`, { username: 'msp', password: 'secret' });
  const renew = (): Promise<unknown> => ask(`${sim.url}/api/Token/Renew`, { refreshToken: json['refreshToken'] });
  sim.removeAccount('msp');
  expect(await msp.get('User/Current')).toMatchObject({ status: 401 });
  await expect(login(sim.url)).rejects.toThrow('401');
  sim.addAccount({ username: 'msp', password: 'secret', tree: account.tree });
  expect(await msp.get('User/Current')).toMatchObject({ status: 401 });
  expect(await renew()).toMatchObject({ status: 401 });
  expect(await (await login(sim.url)).get('User/Current')).toMatchObject({ status: 200 });
});
