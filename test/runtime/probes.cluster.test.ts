// What the probes of the built operator say while its wire to the API server fails: it is ready when its caches have been filled, and
// not before; and no trouble of the API server makes kubelet restart it, since a restart mends nothing there.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { World } from '../harness/world.ts';
import type { RunningOperator } from '../harness/operator.ts';
import type { Action } from '../proxy/action.ts';
import type { ProxyRequest } from '../proxy/request.ts';
import { when } from '../proxy/rules.ts';

let world: World;
beforeEach(async () => {
  world = await World.create({ operator: false, proxy: {} });
});
afterEach(() => world.end());

const ofCustomers = ({ resource, isWrite }: ProxyRequest): boolean => resource === 'customers' && !isWrite;
const ofThisWorld = ({ namespace }: ProxyRequest): boolean => namespace === world.namespace;

async function probes(operator: RunningOperator): Promise<readonly [live: number, ready: number]> {
  return [await operator.probe('/healthz'), await operator.probe('/readyz')];
}

/** Fails if it ever says something else than these two meanwhile. */
async function stays(operator: RunningOperator, ms: number, wanted: readonly [number, number]): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(100)) {
    expect(await probes(operator)).toEqual(wanted);
  }
}

async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 40_000; !(await check()); await sleep(50)) {
    if (performance.now() > end) throw new Error(`not in time: ${what}`);
  }
}

const SPOILT: readonly (readonly [what: string, action: Action])[] = [
  ['is held back', { do: 'freeze', at: 'answer' }],
  ['is cut in the middle', { do: 'cut', at: { byte: 100 } }],
  ['is refused with 503', { do: 'status', code: 503 }],
  ['is refused with 429', { do: 'status', code: 429, retryAfterSeconds: 1 }],
];

test.for(SPOILT)('not ready while the first list of one kind %s, then ready on its own', async ([, action]) => {
  let asked = 0;
  world.proxy.setRules([when(ofCustomers, () => (asked++, action))]);
  const operator = await world.startReplica([], 'proxy', 'started');
  await until('the list was asked for', () => asked > 0);
  await stays(operator, 1_500, [200, 503]);
  expect(await operator.probeText('/readyz')).toBe('[-] caches-synced: still reading\n');

  world.proxy.setRules([]);
  world.proxy.release();
  await until('it is ready', async () => (await operator.probe('/readyz')) === 200);
  expect(await operator.probeText('/readyz')).toBe('[+] caches-synced ok\n');
  expect(operator.exit()).toBeUndefined();
});

test('live and ready while the API server is away: a restart would mend nothing, and lose the caches', async () => {
  const operator = await world.startReplica([], 'proxy');
  await world.synchronized();
  let lost = 0;
  world.proxy.setRules([when(ofThisWorld, () => (lost++, { do: 'cut', at: 'request' }))]);
  world.proxy.cutAll();
  await stays(operator, 4_000, [200, 200]);
  // Else nothing was away.
  expect(lost).toBeGreaterThan(0);
  world.proxy.setRules([]);
  await world.sync();
  expect(await probes(operator)).toEqual([200, 200]);
});

test('no answer while the process stands still, which is what kubelet restarts it for', async () => {
  const operator = await world.startReplica([], 'proxy');
  operator.freeze(true);
  const answer = operator.probe('/healthz');
  expect(await Promise.race([answer, sleep(2_000, 'none')])).toBe('none');
  operator.freeze(false);
  expect(await answer).toBe(200);
});
