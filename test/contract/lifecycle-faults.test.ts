// The client against requests that get lost, come late or come twice: what it says, and that what really happened can be found
// by the key. The ledger of the simulator is the judge.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { LifecycleClient } from '../../operator/upstream/lifecycle.ts';
import { startSimulator, type Account, type Fault, type Simulator } from '../simulator/simulator.ts';

let sim: Simulator;
let account: Account;
let client: LifecycleClient;
const never = (): AbortSignal => new AbortController().signal;
const REQUEST = { service: 'EMA2', displayName: 'Acme', region: 'eu', key: 'uid-1' } as const;

beforeEach(async () => {
  sim = await startSimulator({ admin: false });
  account = sim.addAccount({ username: 'acme', password: 'x', companies: 3, quirks: { guidCase: 'mixed' } });
  client = new LifecycleClient({
    endpoint: sim.lifecycleURL,
    token: account.lifecycle.token,
    allow: { hosts: [new URL(sim.url).host], allowLoopbackHTTP: true },
    requestTimeoutMs: 300,
    now: Date.now,
  });
});
afterEach(async () => {
  await client.close();
  await sim.stop();
});

const asked = (operation: string): number => sim.counts().operations[`Lifecycle/${operation}`] ?? 0;
const known = async (): Promise<string[]> => {
  const result = await client.list(never());
  if (result.kind !== 'ok') throw new Error(result.kind);
  return result.value.instances.map(({ requestKey, state }) => `${requestKey} ${state}`);
};

const LOST: Fault[] = [
  { kind: 'lost-answer' },
  { kind: 'lost-answer', status: 502 },
  { kind: 'truncated' },
  { kind: 'invalid-json' },
  { kind: 'reset', when: 'middle' },
  { kind: 'delay', ms: 600 },
  { kind: 'huge', megabytes: 4 },
  { kind: 'slow', everyMs: 50 },
  { kind: 'patch-rows', set: { state: 'Odd' } },
  { kind: 'late', ms: 20 },
];

test.each(LOST)('a create with %j: not known, asked for once, found by its key', async (fault) => {
  sim.faults.add({ ...fault, operation: 'Lifecycle/Create', times: 1 });
  expect((await client.create(REQUEST, never())).kind).toBe('failed');
  await expect.poll(known).toEqual(['uid-1 Active']);
  expect(asked('Create')).toBe(1);
  expect(account.lifecycle.ledger.filter(({ action }) => action === 'created')).toHaveLength(1);
  // Another try with the key is the same instance.
  expect(await client.create(REQUEST, never())).toMatchObject({ kind: 'ok', value: { requestKey: 'uid-1' } });
  expect(account.lifecycle.violations()).toEqual([]);
});

test.each(LOST)('a removal with %j: not known, asked for once', async (fault) => {
  const made = await client.create(REQUEST, never());
  if (made.kind !== 'ok') throw new Error(made.kind);
  sim.faults.add({ ...fault, operation: 'Lifecycle/Remove', times: 1 });
  expect((await client.remove(made.value.id, 'EMA2', never())).kind).toBe('failed');
  expect(asked('Remove')).toBe(1);
  await expect.poll(known).toEqual(['uid-1 Deleted']);
  expect(account.lifecycle.violations()).toEqual([]);
});

test.each<Fault>([
  { kind: 'status', status: 503 },
  { kind: 'status', status: 404 },
  { kind: 'html' },
  { kind: 'empty' },
  { kind: 'hang' },
  { kind: 'reset' },
  { kind: 'wrong-shape' },
  { kind: 'wrong-shape', list: 'null' },
  { kind: 'wrong-shape', list: 'object' },
  { kind: 'invalid-json' },
  { kind: 'truncated' },
  { kind: 'patch-rows', set: { state: null } },
])('a list with %j is a failure and never an empty list', async (fault) => {
  await client.create(REQUEST, never());
  sim.faults.add({ ...fault, operation: 'Lifecycle/List' });
  expect((await client.list(never())).kind).toBe('failed');
});

test('a middlebox that tries again makes no second instance and no second removal', async () => {
  sim.faults.add({ kind: 'repeat' });
  const made = await client.create(REQUEST, never());
  if (made.kind !== 'ok') throw new Error(made.kind);
  expect((await client.remove(made.value.id, 'EMA2', never())).kind).toBe('ok');
  expect(account.lifecycle.ledger.map(({ action }) => action)).toEqual(['created', 'repeated', 'removed', 'repeated']);
  expect(account.lifecycle.violations()).toEqual([]);
});

test('hostile keys in an answer are no part of it', async () => {
  await client.create(REQUEST, never());
  sim.faults.add({ kind: 'proto' });
  expect(await known()).toEqual(['uid-1 Active']);
});
