// The lifecycle service as a client meets it: steps in time, refusals, `enforce: false`, lost, late and repeated requests.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSimulator } from './simulator.ts';
import type { Account, LedgerEntry, Simulator } from './simulator.ts';
import { ask, str } from './test-client.ts';
import type { Answer, Json } from './test-client.ts';

let sim: Simulator;
let account: Account;
let time: number;

beforeEach(async () => {
  time = Date.parse('2026-01-01T00:00:00Z');
  sim = await startSimulator({ now: () => time });
  account = sim.addAccount({ username: 'msp', password: 'x', companies: 3, services: ['EMA2', 'EBA'] });
});
afterEach(() => sim.stop());

const call = async (
  method: string,
  path = '',
  body?: object,
  key?: string,
  token = account.lifecycle.token,
): Promise<Answer> => {
  const response = await fetch(`${sim.lifecycleURL}/v1/instances${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(key !== undefined && { 'idempotency-key': key }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: (text.startsWith('{') ? JSON.parse(text) : {}) as Json,
  };
};
const create = (key: string, service = 'EMA2'): Promise<Answer> =>
  call('POST', '', { service, displayName: 'Acme', region: 'eu' }, key);
const remove = (id: string, service = 'EMA2'): Promise<Answer> => call('DELETE', `/${id}?service=${service}`);
const states = async (): Promise<string[]> =>
  ((await call('GET')).json['instances'] as unknown as Json[]).map((each) => str(each['state']));
const actions = (): string[] => account.lifecycle.ledger.map(({ by, action }) => `${by} ${action}`);
const made = async (): Promise<string> => str((await create('uid-1')).json['id']);

describe('an instance in time', () => {
  test('by reads: Activating, Active; Deleting seen once, Deleted and still listed', async () => {
    const created = await create('uid-1');
    expect(created).toMatchObject({
      status: 201,
      json: { state: 'Activating', consoleURL: null, requestKey: 'uid-1' },
    });
    expect(await states()).toEqual(['Active']);
    const id = str(created.json['id']);
    expect((await call('GET', `/${id}`)).json['consoleURL']).toMatch(/^https:/);
    expect(await remove(id)).toMatchObject({ status: 202, json: { state: 'Deleting' } });
    expect(await states()).toEqual(['Deleting']);
    expect(await states()).toEqual(['Deleted']);
    expect(await remove(id)).toMatchObject({ status: 202, json: { state: 'Deleted' } });
    expect(await create('uid-2')).toMatchObject({ status: 201 });
    expect(account.lifecycle.violations()).toEqual([]);
    const seen = ['created', 'changed', 'removed', 'gone', 'repeated', 'created'].map((action) => `operator ${action}`);
    expect(actions()).toEqual(seen);
  });

  test('by the clock, never, and at once', async () => {
    const slow = sim.addAccount({
      username: 'slow',
      password: 'x',
      companies: 1,
      lifecycle: { activates: { ms: 5000 }, deletes: 'never', token: 'own' },
    }).lifecycle;
    expect(slow.token).toBe('own');
    const { id } = slow.portalCreate('EMA2');
    slow.read();
    expect(slow.read()[0]?.state).toBe('Activating');
    time += 5000;
    expect(slow.instances()[0]?.state).toBe('Active');
    slow.portalRemove(id, 'EMA2');
    for (let n = 0; n < 5; n++) expect(slow.read()[0]?.state).toBe('Deleting');
    expect(slow.finish(id).state).toBe('Deleted');
  });

  test('expiry: 14 days of grace, 30 days suspended, and back', async () => {
    const id = await made();
    const { lifecycle } = account;
    lifecycle.expire(id, 'GracePeriod');
    expect((await call('GET', `/${id}`)).json).toMatchObject({
      state: 'GracePeriod',
      suspendAt: '2026-01-15T00:00:00.000Z',
    });
    lifecycle.expire(id, 'Suspended');
    const suspended = (await call('GET', `/${id}`)).json;
    expect(suspended).toMatchObject({ state: 'Suspended', deleteAt: '2026-01-31T00:00:00.000Z' });
    expect(suspended).not.toHaveProperty('suspendAt');
    lifecycle.expire(id, 'Active');
    expect(await states()).toEqual(['Active']);
    lifecycle.expire(id, 'Deleted');
    expect(await states()).toEqual(['Deleted']);
    expect(() => lifecycle.expire(id, 'Active')).toThrow(RangeError);
  });
});

describe('what is refused', () => {
  test('a second one, a service that the account lacks, a removal as another service', async () => {
    const id = await made();
    expect(await create('uid-2', 'EBA')).toMatchObject({
      status: 409,
      json: { code: 'InstanceExists', instanceID: id, creatingService: 'EMA2' },
    });
    expect(await create('uid-3', 'Hub')).toMatchObject({ status: 403, json: { code: 'ServiceNotOfAccount' } });
    expect(await call('PUT', `/${id}/access/Hub`)).toMatchObject({
      status: 403,
      json: { code: 'ServiceNotOfAccount' },
    });
    expect(await call('PUT', `/${id}/access/EBA`)).toMatchObject({ json: { accessibleFrom: ['EMA2', 'EBA'] } });
    expect(await remove(id, 'EBA')).toMatchObject({
      status: 403,
      json: { code: 'NotCreatingService', creatingService: 'EMA2' },
    });
    account.lifecycle.setCreatingService(id, null);
    expect(await remove(id)).toMatchObject({
      status: 403,
      json: { code: 'NotCreatingService', creatingService: null },
    });
    await remove(id);
    expect(await states()).toEqual(['Active']);
    expect(() => account.lifecycle.portalCreate('EMA2')).toThrow(/InstanceExists/);
    expect(() => account.lifecycle.portalRemove(id, 'EBA')).toThrow(/NotCreatingService/);
  });

  test('one that is being deleted still lives', async () => {
    await remove(await made());
    expect(await create('uid-2')).toMatchObject({ status: 409 });
  });

  test('the same key is the same create, also when it is gone; a refused one is not used up', async () => {
    const id = await made();
    expect(await create('uid-2')).toMatchObject({ status: 409 });
    await remove(id);
    account.lifecycle.finish(id);
    expect(await create('uid-1')).toMatchObject({ status: 200, json: { id, state: 'Deleted' } });
    expect(await create('uid-2')).toMatchObject({ status: 201 });
  });

  test('enforce false: everything is let through but a key used twice', async () => {
    account.lifecycle.enforce = false;
    const id = await made();
    expect(await create('uid-1')).toMatchObject({ status: 200, json: { id } });
    expect(await create('uid-2', 'Hub')).toMatchObject({ status: 201 });
    expect(await call('PUT', `/${id}/access/Hub`)).toMatchObject({ status: 200 });
    expect(await remove(id, 'EBA')).toMatchObject({ status: 202 });
    expect(account.lifecycle.violations()).toEqual([
      expect.stringMatching(/^operator created \S+ for company \S+ while \S+ lives/),
      expect.stringMatching(/^operator gave Hub access/),
      expect.stringMatching(/^operator removed \S+ as EBA; EMA2 created it/),
    ]);
  });

  test('requests that are none', async () => {
    const id = await made();
    expect(await call('GET', '', undefined, undefined, 'wrong')).toMatchObject({
      status: 401,
      json: { code: 'Unauthorized' },
    });
    expect(await call('POST', '', { service: 'EMA2', displayName: 'A', region: 'eu' })).toMatchObject({ status: 400 });
    for (const body of [{ service: 'PSA' }, { displayName: '' }, { region: 'mars' }, { more: 1 }]) {
      const whole = { service: 'EMA2', displayName: 'A', region: 'eu', ...body };
      expect(await call('POST', '', whole, 'k')).toMatchObject({ status: 400, json: { code: 'InvalidRequest' } });
    }
    expect(await remove(id, 'PSA')).toMatchObject({ status: 400 });
    expect(await call('DELETE', `/${id}`)).toMatchObject({ status: 400 });
    expect(await call('GET', '/none')).toMatchObject({ status: 404, json: { code: 'InstanceNotFound' } });
    expect(await call('GET', '/%ff')).toMatchObject({ status: 404 });
    expect(await call('PATCH', `/${id}`)).toMatchObject({ status: 404, json: { code: 'PageNotFound' } });
  });
});

describe('faults', () => {
  test('lost-answer: carried out, then a reset or the status of a gateway', async () => {
    sim.faults.add({ kind: 'lost-answer', operation: 'Lifecycle/Create', times: 1 });
    await expect(create('uid-1')).rejects.toThrow();
    expect(await states()).toEqual(['Active']);
    sim.faults.add({ kind: 'lost-answer', operation: 'Lifecycle/Remove', status: 504 });
    expect(await remove(account.lifecycle.instances()[0]?.id ?? '')).toMatchObject({ status: 504 });
    expect(await states()).toEqual(['Deleting']);
    const operations = sim.counts().accounts['msp']?.operations;
    expect(operations).toEqual({ 'Lifecycle/Create': 1, 'Lifecycle/List': 2, 'Lifecycle/Remove': 1 });
  });

  test('late: cut off at once, carried out afterwards', async () => {
    sim.faults.add({ kind: 'late', ms: 60, operation: 'Lifecycle/Create', times: 1 });
    await expect(create('uid-1')).rejects.toThrow();
    expect(account.lifecycle.heldBack).toBe(1);
    expect(await states()).toEqual([]);
    time += 1000;
    await expect.poll(() => account.lifecycle.heldBack).toBe(0);
    const [entry] = account.lifecycle.ledger as [LedgerEntry];
    expect([entry.action, entry.time - entry.askedAt]).toEqual(['created', 1000]);
  });

  test('late: dropped when the simulator stops', async () => {
    sim.faults.add({ kind: 'late', ms: 50 });
    await expect(create('uid-1')).rejects.toThrow();
    await sim.stop();
    await new Promise((done) => setTimeout(done, 80));
    expect(account.lifecycle.instances()).toEqual([]);
  });

  test('repeat: carried out twice, at once or later', async () => {
    sim.faults.add({ kind: 'repeat', operation: 'Lifecycle/Create', times: 1 });
    expect(await create('uid-1')).toMatchObject({ status: 200 });
    expect(actions()).toEqual(['operator created', 'operator repeated']);
    sim.faults.add({ kind: 'repeat', operation: 'Lifecycle/Remove', afterMs: 30, times: 1 });
    expect(await remove(account.lifecycle.instances()[0]?.id ?? '')).toMatchObject({ json: { state: 'Deleting' } });
    expect(account.lifecycle.heldBack).toBe(1);
    await expect.poll(() => account.lifecycle.heldBack).toBe(0);
    expect(actions().slice(2)).toEqual(['operator removed', 'operator repeated']);
  });

  test.each(['status', 'html', 'empty', 'reset'] as const)('%s never reaches the service', async (kind) => {
    sim.faults.add(kind === 'status' ? { kind, status: 503, retryAfter: 3 } : { kind });
    const answer = await create('uid-1').catch(() => null);
    if (kind === 'status') expect(answer).toMatchObject({ status: 503, json: { code: 'Unavailable' } });
    expect(account.lifecycle.ledger).toEqual([]);
  });

  test.each(['truncated', 'invalid-json'] as const)('%s does', async (kind) => {
    sim.faults.add({ kind });
    await create('uid-1').catch(() => null);
    expect(actions()).toEqual(['operator created']);
  });

  test('rows of the list can be corrupted, and faults be aimed at one account', async () => {
    await made();
    sim.faults.add({ kind: 'patch-rows', set: { state: 'Odd' }, operation: 'lifecycle/list', account: 'msp' });
    sim.faults.add({ kind: 'hang', account: 'someone else' });
    expect(await states()).toEqual(['Odd']);
  });

  test('an EMA 2 call is cut off too', async () => {
    sim.faults.add({ kind: 'lost-answer', operation: 'User/Current' });
    await expect(ask(`${sim.url}/api/User/Current`)).rejects.toThrow();
  });
});

describe('admin port', () => {
  const admin = (path: string, body?: object): Promise<Answer> => ask(`${sim.adminURL}${path}`, body);

  test('a demo: set up, look, expire, corrupt, remove', async () => {
    const target = { account: 'msp' };
    const id = str((await admin('/lifecycle/create', { ...target, service: 'EBA', region: 'us' })).json['id']);
    expect((await admin('/lifecycle/grant', { ...target, id, service: 'EMA2' })).json).toMatchObject({ region: 'us' });
    expect((await admin('/lifecycle/expire', { ...target, id, state: 'Suspended' })).json['state']).toBe('Suspended');
    expect((await admin('/lifecycle/creating-service', { ...target, id })).json['creatingService']).toBeNull();
    await admin('/lifecycle/creating-service', { ...target, id, service: 'EBA' });
    expect(await admin('/lifecycle/remove', { ...target, id, service: 'EMA2' })).toMatchObject({ status: 400 });
    expect((await admin('/lifecycle/remove', { ...target, id, service: 'EBA' })).json['state']).toBe('Deleting');
    expect((await admin('/lifecycle/finish', { ...target, id })).json['state']).toBe('Deleted');
    const seen = (await admin('/accounts/msp/lifecycle')).json;
    expect(seen).toMatchObject({ endpoint: sim.lifecycleURL, token: 'lifecycle-msp', instances: [{ id }] });
    expect(seen['violations']).toEqual([expect.stringMatching(/^portal asked to remove/)]);
    expect((await admin('/lifecycle/settings', { ...target, enforce: false, services: ['Hub'] })).json).toEqual({
      enforce: false,
      services: ['Hub'],
    });
  });

  test('mistakes are answered with what is allowed', async () => {
    const bad = async (path: string, body: object): Promise<string> => {
      const { status, json } = await admin(path, body);
      return `${status} ${str(json['error'])}`;
    };
    expect(await bad('/lifecycle/create', { account: 'nobody', service: 'EBA' })).toMatch(/^404 no account/);
    expect(await bad('/lifecycle/create', { account: 'msp', service: 'PSA' })).toMatch(/^400 .*EMA2, EBA or Hub/);
    expect(await bad('/lifecycle/create', { account: 'msp', service: 'EBA', region: 'x' })).toMatch(/^400 .*region/);
    expect(await bad('/lifecycle/expire', { account: 'msp', id: 'x', state: 'x' })).toMatch(/^400 .*GracePeriod/);
    expect(await bad('/lifecycle/finish', { account: 'msp', id: 'x' })).toMatch(/^400 no instance x/);
    expect(await bad('/accounts', { username: 'u', password: 'p', services: ['x'] })).toMatch(/^400 .*EMA2/);
  });
});
