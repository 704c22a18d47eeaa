// The client of the lifecycle contract and the simulator's server say the same thing: docs/lifecycle-api.yaml is the judge of both.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseJson, type JsonObject } from '../../operator/upstream/json.ts';
import { readInstance, readList, readRefusal } from '../../operator/upstream/lifecycle-decode.ts';
import { LifecycleClient } from '../../operator/upstream/lifecycle.ts';
import { startSimulator, type Account, type Simulator } from '../simulator/simulator.ts';
import { OpenApi, object, type Json } from './openapi.ts';
import { record, type Recorder } from './recorder.ts';

const api = new OpenApi(new URL('../../docs/lifecycle-api.yaml', import.meta.url));
const EXAMPLES = api.examples();
const never = (): AbortSignal => new AbortController().signal;

/** An example as it comes off the wire. */
function wire(value: unknown): JsonObject {
  const parsed = parseJson(JSON.stringify(value));
  if (parsed.kind !== 'ok') throw new Error('no JSON');
  return parsed.value as JsonObject;
}

const isInstance = (value: unknown): boolean => api.check('#/components/schemas/Instance', value) === null;
const INSTANCES = EXAMPLES.map(({ value }) => value).filter(isInstance) as Json[];
const LISTS = EXAMPLES.map(({ value }) => value).filter(
  (value) => api.check('#/components/schemas/InstanceList', value) === null,
) as (Json & { instances: Json[] })[];
const REFUSED = EXAMPLES.filter(({ value }) =>
  ['InstanceExists', 'NotCreatingService', 'ServiceNotOfAccount', 'InstanceNotFound', 'InvalidRequest'].includes(
    String(object(value)['code']),
  ),
);

describe("the client's own schemas", () => {
  test('accept every instance and list of the examples', () => {
    expect(INSTANCES.length).toBeGreaterThan(4);
    expect(LISTS.length).toBe(2);
    for (const example of INSTANCES) {
      expect(readInstance(wire(example))).toMatchObject({
        id: example['id'],
        state: example['state'],
        creatingService: example['creatingService'],
        accessibleFrom: example['accessibleFrom'],
        requestKey: example['requestKey'] ?? null,
        suspendAt: example['suspendAt'] ?? null,
        deleteAt: example['deleteAt'] ?? null,
        consoleURL: example['consoleURL'],
      });
    }
    for (const example of LISTS) expect(readList(wire(example))?.instances.length).toBe(example.instances.length);
  });

  test('read every refusal of the examples', () => {
    const statuses = {
      InstanceExists: 409,
      NotCreatingService: 403,
      ServiceNotOfAccount: 403,
      InstanceNotFound: 404,
      InvalidRequest: 400,
    } as const;
    expect(new Set(REFUSED.map(({ value }) => object(value)['code'])).size).toBe(Object.keys(statuses).length);
    for (const { value } of REFUSED) {
      const code = object(value)['code'] as keyof typeof statuses;
      expect(readRefusal(statuses[code], wire(value), [code])).toMatchObject({ code });
      expect(readRefusal(500, wire(value), [code])).toBeNull();
      expect(readRefusal(statuses[code], wire(value), [])).toBeNull();
    }
  });

  const whole = (): Json => structuredClone(INSTANCES.find((each) => each['requestKey'] !== undefined) ?? {});
  const REQUIRED = ['id', 'companyID', 'displayName', 'region', 'state', 'creatingService', 'accessibleFrom'];
  test.each<[string, Json]>([
    ...REQUIRED.map((field): [string, Json] => [`no ${field}`, { [field]: undefined }]),
    ['an unknown state', { state: 'Paused' }],
    ['a state in another case', { state: 'active' }],
    ['an id that is a path', { id: '../../v2' }],
    ['an id that is a number', { id: 7 }],
    ['a company that is no GUID', { companyID: 'acme' }],
    ['a creating service that is a number', { creatingService: 1 }],
    ['access that is a text', { accessibleFrom: 'EMA2' }],
    ['a time that is a number', { suspendAt: 5 }],
    ['a time that is a word', { suspendAt: 'soon' }],
    ['a key with a line break', { requestKey: 'a\nb' }],
  ])('refuse an instance with %s, as the document does', (_, broken) => {
    expect(readInstance(wire(whole()))).not.toBeNull();
    const instance = { ...whole(), ...broken };
    expect(readInstance(wire(instance))).toBeNull();
    expect(readList(wire({ companyID: whole()['companyID'], instances: [whole(), instance] }))).toBeNull();
    expect(isInstance(JSON.parse(JSON.stringify(instance)))).toBe(false);
  });

  test('refuse a day that is none, which a pattern cannot tell', () => {
    expect(readInstance(wire({ ...whole(), deleteAt: '2026-99-99T00:00:00Z' }))).toBeNull();
    expect(readInstance(wire({ ...whole(), deleteAt: '2026-03-01T01:30:00.25+02:00' }))).toMatchObject({
      deleteAt: '2026-02-28T23:30:00Z',
    });
  });

  test('refuse a list that is no list, or contradicts itself', () => {
    const companyID = whole()['companyID'];
    const other = { ...whole(), id: 'other', requestKey: 'other' };
    expect(readList(wire({ companyID, instances: [whole(), other] }))).not.toBeNull();
    for (const broken of [
      {},
      { instances: [] },
      { companyID },
      { companyID, instances: null },
      { companyID, instances: {} },
      { companyID: null, instances: [] },
      { companyID: '00000000-0000-0000-0000-000000000000', instances: [] },
      { companyID, instances: [null] },
      { companyID, instances: [whole(), whole()] },
      { companyID, instances: [whole(), { ...other, requestKey: whole()['requestKey'] }] },
      { companyID, instances: [{ ...whole(), companyID: '11111111-1111-4111-8111-111111111111' }] },
    ]) {
      expect({ broken, read: readList(wire(broken)) }).toEqual({ broken, read: null });
    }
  });

  test('what only informs does no harm', () => {
    const odd = {
      ...whole(),
      creatingService: 'PSA',
      accessibleFrom: ['EMA2', 'PSA'],
      consoleURL: 'javascript:alert(1)',
      more: {},
    };
    const read = readInstance(wire(odd));
    expect(read).toMatchObject({ creatingService: null, accessibleFrom: ['EMA2'], consoleURL: null });
  });
});

describe('client and simulator over the wire', () => {
  let sim: Simulator;
  let recorder: Recorder;
  let account: Account;
  let client: LifecycleClient;
  const clients: LifecycleClient[] = [];

  const connect = (token: string): LifecycleClient => {
    const allow = { hosts: [new URL(recorder.url).host], allowLoopbackHTTP: true };
    const made = new LifecycleClient({ endpoint: recorder.url, token, allow, now: Date.now });
    clients.push(made);
    return made;
  };

  beforeEach(async () => {
    sim = await startSimulator({ admin: false });
    recorder = await record(sim.lifecycleURL);
    account = sim.addAccount({ username: 'acme', password: 'x', companies: 3, services: ['EMA2', 'EBA'] });
    client = connect(account.lifecycle.token);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((each) => each.close()));
    await recorder.close();
    await sim.stop();
  });

  const get = (id: string, token = account.lifecycle.token): Promise<Response> =>
    fetch(`${recorder.url}/v1/instances/${id}`, { headers: { authorization: `Bearer ${token}` } });

  test('every operation with every status that the document names, and nothing else', async () => {
    const { lifecycle } = account;
    const request = { service: 'EMA2', displayName: 'Acme', region: 'eu', key: 'uid-1' } as const;
    await client.list(never());
    await client.create(request, never());
    await client.create(request, never());
    await client.create({ ...request, key: 'uid-2' }, never());
    await client.create({ ...request, key: 'uid-3', service: 'Hub' }, never());
    const id = lifecycle.instances()[0]?.id ?? '';
    await client.create({ ...request, key: 'uid-4', displayName: '' }, never());
    await client.list(never());
    await get(id);
    await get('none');
    await client.grant(id, 'EBA', never());
    await client.grant(id, 'Hub', never());
    await client.grant('none', 'EBA', never());
    await client.remove(id, 'EBA', never());
    await client.remove('none', 'EMA2', never());
    for (const state of ['GracePeriod', 'Suspended', 'Active'] as const) {
      lifecycle.expire(id, state);
      await client.list(never());
    }
    lifecycle.setCreatingService(id, null);
    await client.remove(id, 'EMA2', never());
    lifecycle.setCreatingService(id, 'EMA2');
    await client.remove(id, 'EMA2', never());
    await client.remove(id, 'EMA2', never());
    await client.list(never());
    await client.list(never());
    await client.remove(id, 'EMA2', never());
    lifecycle.portalCreate('EBA');
    await client.list(never());
    const all = async (who: LifecycleClient, token?: string): Promise<void> => {
      await who.list(never());
      await who.create(request, never());
      await get(id, token);
      await who.grant(id, 'EBA', never());
      await who.remove(id, 'EMA2', never());
    };
    await all(connect('wrong'), 'wrong');
    for (const status of [429, 503]) {
      const fault = sim.faults.add({ kind: 'status', status, retryAfter: 7 });
      await all(client);
      sim.faults.remove(fault);
    }
    // The client never makes these two: a service that is none, and the empty name above.
    const bearer = { authorization: `Bearer ${lifecycle.token}` };
    await fetch(`${recorder.url}/v1/instances/${id}?service=PSA`, { method: 'DELETE', headers: bearer });
    await fetch(`${recorder.url}/v1/instances/${id}/access/PSA`, { method: 'PUT', headers: bearer });

    const seen = new Set<string>();
    for (const exchange of recorder.exchanges) {
      const { operation, problems } = api.judge(exchange);
      seen.add(`${operation} ${exchange.status}`);
      const ofTheRequest = exchange.status === 400 ? /^(request body|service):/ : /^$/;
      const told = `${exchange.method} ${exchange.path} ${exchange.status} ${exchange.responseBody}`;
      const others = problems.filter((problem) => !ofTheRequest.test(problem));
      expect({ told, others, ofTheRequest: problems.length - others.length }).toEqual({
        told,
        others: [],
        ofTheRequest: exchange.status === 400 ? 1 : 0,
      });
    }
    const named = api.operations().flatMap(({ id, responses }) => responses.map((status) => `${id} ${status}`));
    expect([...seen].sort()).toEqual(named.sort());
    expect(lifecycle.violations()).toEqual([
      expect.stringMatching(/^operator asked to remove .* as EBA/),
      expect.stringMatching(/^operator asked to remove .* as EMA2/),
    ]);
  });

  test('the judge sees what is wrong', async () => {
    await client.list(never());
    const [list] = recorder.exchanges;
    if (list === undefined) throw new Error('nothing recorded');
    const problems = (change: Partial<typeof list>): string => api.judge({ ...list, ...change }).problems.join('; ');
    expect(problems({})).toBe('');
    expect(problems({ path: '/v2' })).toMatch(/unknown/);
    expect(problems({ path: '/v1/instances?all=1' })).toMatch(/all is unknown/);
    expect(problems({ requestHeaders: {} })).toMatch(/bearer/);
    expect(problems({ requestBody: '{}' })).toMatch(/body/);
    expect(problems({ status: 418 })).toMatch(/418/);
    expect(problems({ responseBody: '{"instances":[]}' })).toMatch(/companyID/);
    expect(problems({ status: 429, responseBody: '{"code":"TooManyRequests","message":"x"}' })).toMatch(/Retry-After/);
    expect(problems({ method: 'POST', requestBody: '{}' })).toMatch(/idempotency-key is missing.*request body/);
  });
});
