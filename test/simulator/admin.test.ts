// The admin port: every route, and a plain error for every mistake.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSimulator } from './simulator.ts';
import type { Simulator } from './simulator.ts';
import { ask, login, lower, str } from './test-client.ts';
import type { Answer, Json } from './test-client.ts';

let sim: Simulator;

beforeEach(async () => {
  sim = await startSimulator();
});
afterEach(() => sim.stop());

const admin = (path: string, body?: unknown, method?: string): Promise<Answer> =>
  ask(`${sim.adminURL}/${path}`, body, method === undefined ? {} : { method });

const addDemo = (): Promise<Answer> =>
  admin('accounts', { username: 'a/b@msp.example', password: 'secret', shape: 'demo' });
const account = 'a/b@msp.example';
const accountPath = `accounts/${encodeURIComponent(account)}`;

test('accounts: generated, explicit, into the tree of another', async () => {
  expect((await addDemo()).json).toMatchObject({ username: account, companies: 61 });
  const root = '11111111-1111-4111-8111-111111111111';
  const tree = [
    { id: root, name: 'Own', type: 'MSP' },
    { name: 'First', parentId: root, status: 'suspended', customIdentifier: 'X' },
  ];
  expect(await admin('accounts', { username: 'explicit', password: 'secret', tree })).toMatchObject({ status: 200 });
  const session = await login(sim.url, 'explicit');
  const rows = await session.all('Company/Children', { companyId: root }, 'companies');
  expect(rows).toMatchObject([{ name: 'First', type: 1007, status: 'Suspended' }]);
  const companyId = sim.account(account).find('Karpaty Cloud')?.id;
  const lowerAccount = await admin('accounts', { username: 'karpaty', password: 'secret', treeOf: account, companyId });
  expect(lowerAccount.json['company']).toMatchObject({ name: 'Karpaty Cloud', children: 9 });
  const big = await admin('accounts', { username: 'big', password: 'x', companies: 5000, shape: 'msp', seed: 7 });
  expect(big.json['companies']).toBe(5000);
  expect(await admin('accounts/big', undefined, 'DELETE')).toMatchObject({ status: 200 });
  expect(await admin('accounts/big')).toMatchObject({ status: 404 });
});

test('an account can be changed: password, rights, own company, tokens, quirks', async () => {
  await addDemo();
  const session = await login(sim.url, account);
  const karpaty = sim.account(account).find('Karpaty Cloud')?.id ?? '';
  const changed = await admin(accountPath, { password: 'new', hide: [karpaty], quirks: { paging: 'absent' } });
  expect(changed.json).toMatchObject({ hidden: [karpaty], quirks: { paging: 'absent' } });
  await expect(login(sim.url, account)).rejects.toThrow('401');
  expect(await session.post('Company/Detail', { companyId: karpaty })).toMatchObject({ status: 403 });
  await admin(accountPath, { showAll: true, companyId: karpaty });
  expect(lower((await session.get('User/Current')).json['company']?.['companyId'])).toBe(karpaty);
  await admin(accountPath, { revokeTokens: true });
  expect(await session.get('User/Current')).toMatchObject({ status: 401 });
});

test('the tree: add, update, rename, move, suspend, unsuspend, remove, restore', async () => {
  await addDemo();
  const find = async (name: string): Promise<Json | undefined> =>
    (await admin(`${accountPath}/companies?name=${encodeURIComponent(name)}`)).json['companies']?.[0];
  const karpaty = str((await find('karpaty'))?.['id']);
  const added = (await admin('tree/add', { account, name: 'New One', parentId: karpaty })).json;
  const id = str(added['id']);
  expect(added).toMatchObject({ type: 1007, parentId: karpaty, status: 'active' });
  expect((await admin('tree/rename', { account, id, name: 'Newer One' })).json).toMatchObject({ name: 'Newer One' });
  expect((await admin('tree/update', { account, id, email: 'x@y.example' })).json).toMatchObject({
    email: 'x@y.example',
  });
  expect((await admin('tree/suspend', { account, id })).json).toMatchObject({ status: 'suspended' });
  expect((await admin('tree/unsuspend', { account, id })).json).toMatchObject({ status: 'active' });
  const rootId = sim.account(account).company.id;
  expect((await admin('tree/move', { account, id, parentId: rootId })).json).toMatchObject({ parentId: rootId });
  expect((await admin('tree/remove', { account, id: karpaty })).json).toEqual({ removed: 10 });
  expect(await find('karpaty')).toBeUndefined();
  expect((await admin('tree/restore', { account, id: karpaty })).json).toMatchObject({ id: karpaty, children: 9 });
  const page = (await admin(`${accountPath}/companies?skip=60&take=5`)).json['companies'] as unknown as unknown[];
  expect(page).toHaveLength(2);
});

test('faults and quirks', async () => {
  await addDemo();
  const { json } = await admin('faults', { kind: 'status', status: 500, operation: 'Token/Get', times: 1 });
  expect((await admin('faults')).json['faults']).toMatchObject([{ id: json['id'], hits: 0 }]);
  await expect(login(sim.url, account)).rejects.toThrow('500');
  await login(sim.url, account);
  await admin('faults', { kind: 'hang' });
  expect(
    (await admin(`faults?id=${String(json['id'] as unknown as number)}`, undefined, 'DELETE')).json['faults'],
  ).toHaveLength(1);
  expect((await admin('faults', undefined, 'DELETE')).json).toEqual({ faults: [] });
  expect((await admin('quirks', { guidCase: 'upper' })).json).toMatchObject({ guidCase: 'upper', paging: 'present' });
  expect((await admin('quirks')).json['guidCase']).toBe('upper');
});

test('state, counts and log', async () => {
  await addDemo();
  await login(sim.url, account);
  const state = (await admin('state')).json;
  expect(state).toMatchObject({ url: sim.url, adminURL: sim.adminURL, faults: [], accounts: [{ username: account }] });
  expect(JSON.stringify(state)).not.toContain('secret');
  expect((await admin('counts')).json).toMatchObject({ logins: 1, operations: { 'Token/Get': 1 } });
  await login(sim.url, account);
  expect((await admin('log')).json['requests']).toHaveLength(2);
  const [entry] = (await admin('log?last=1')).json['requests'] as unknown as Json[];
  expect(entry).toMatchObject({
    account,
    operation: 'Token/Get',
    companyId: null,
    skip: null,
    status: 200,
    faults: [],
  });
  await admin('log', undefined, 'DELETE');
  expect((await admin('log')).json).toEqual({ requests: [] });
});

test.each([
  ['nonsense', undefined, 404, /no such page.*POST \/faults/],
  ['state', {}, 405, /GET \/state/],
  ['constructor', undefined, 404, /no such page/],
  ['faults', '{', 400, /one JSON object/],
  ['faults', '[]', 400, /one JSON object/],
  ['faults', {}, 400, /no fault kind/],
  ['faults', { kind: 'slow', ms: 1 }, 400, /has no "ms"/],
  ['quirks', { guidCase: 'x' }, 400, /one of "mixed"/],
  ['accounts', { username: 'x' }, 400, /"password" is missing/],
  ['accounts', { username: 'x', password: 'y', shape: 'z' }, 400, /no shape "z"/],
  ['accounts', { username: 'x', password: 'y', companies: 0 }, 400, /companies/],
  ['accounts', { username: 'x', password: 'y', companies: '5' }, 400, /whole number/],
  ['accounts', { username: 'x', password: 'y', tree: [] }, 400, /at least one/],
  ['accounts', { username: 'x', password: 'y', tree: [{ name: 'R', type: 9 }] }, 400, /"type"/],
  ['accounts', { username: 'x', password: 'y', colour: 1 }, 400, /unknown field "colour"/],
  ['accounts', { username: 'x', password: 'y', treeOf: 'z' }, 404, /no account "z"/],
  ['accounts/nobody', {}, 404, /no account "nobody"/],
  ['accounts/%', {}, 400, /URI/],
  ['tree/rename', { account: 'nobody', id: 'x', name: 'y' }, 404, /no account/],
  [`tree/rename`, { account, id: 'x', name: 'y' }, 404, /no company x/],
  [`tree/add`, { account, name: 'Karpaty Cloud' }, 409, /already has/],
  [`tree/add`, { account, name: 'x', status: 'y' }, 400, /"status"/],
  [`${accountPath}/companies?take=x`, undefined, 400, /whole number/],
])('%s %j is refused: %i', async (path, body, status, message) => {
  await addDemo();
  const answer = await admin(path, body);
  expect(answer.status).toBe(status);
  expect(answer.json['error']).toMatch(message);
});

test('an account is added once; a refused change changes nothing', async () => {
  await addDemo();
  expect(await addDemo()).toMatchObject({ status: 409 });
  expect(await admin(accountPath, { password: 'new', quirks: { nonsense: 1 } })).toMatchObject({ status: 400 });
  await login(sim.url, account);
  expect(sim.accounts()).toHaveLength(1);
});
