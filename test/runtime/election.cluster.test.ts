// Candidates on one Lease of the real API server: over wires that fail in every way, and with a main thread that is busy or
// stuck. The threads of all candidates share one clock with this test, so that "two at once" can be seen exactly.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { clientFor, type TestClient } from '../../operator/runtime/cluster-testing.ts';
import { loadConnection } from '../../operator/runtime/connection.ts';
import { LEASES, type Lease } from '../../operator/runtime/lease.ts';
import { Leadership } from '../../operator/runtime/leadership.ts';
import { Metrics } from '../../operator/runtime/metrics.ts';
import { realDeps } from '../../operator/runtime/testing.ts';
import { connect, type Cluster } from '../controlplane/client.ts';
import { startProxy, type ApiProxy } from '../proxy/proxy.ts';
import { oneOf, when } from '../proxy/rules.ts';

const TIMES = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 300 };

let cluster: Cluster;
let namespace: string;
let admin: TestClient;
let proxy: ApiProxy;
let kubeconfig: string;
let candidates: Leadership[];
let lost: Map<Leadership, string>;
let made = 0;
const seed = Date.now() % 1_000_000;

beforeEach(async () => {
  cluster = connect(inject('controlPlane'));
  namespace = await cluster.createNamespace('election');
  admin = clientFor(loadConnection({ kubeconfig: cluster.kubeconfig }));
  proxy = await startProxy(cluster, { seed });
  kubeconfig = await proxy.kubeconfig(cluster.kubeconfig);
  candidates = [];
  lost = new Map();
});
afterEach(async () => {
  proxy.setRules([]);
  proxy.release();
  await Promise.all(candidates.map((each) => each.resign(3_000)));
  await Promise.all([proxy.close(), admin.close()]);
  await cluster.deleteNamespace(namespace, { wait: false });
});

function candidate({ stuckAfterMs = 30_000, via = kubeconfig, metrics = new Metrics() } = {}): Leadership {
  const leadership = new Leadership({
    ...realDeps(),
    metrics,
    election: { ...TIMES, namespace, name: 'lease', identity: `candidate-${++made}` },
    connection: { kubeconfig: via },
    userAgent: 'election test',
    stuckAfterMs,
  });
  leadership.start().catch(() => {});
  leadership.lost.catch((error: unknown) => lost.set(leadership, String(error)));
  candidates.push(leadership);
  return leadership;
}

const lease = (): Promise<Lease> => admin.client.get<Lease>(LEASES, { namespace, name: 'lease' });

async function until(what: string, check: () => boolean, ms = 20_000): Promise<number> {
  const from = performance.now();
  while (!check()) {
    if (performance.now() - from > ms) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(5);
  }
  return performance.now() - from;
}

/** Blocks this thread as a long computation does. */
function busy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

test('over a wire that fails in every way the lead changes hands, and never two lead at once', async () => {
  const faults = oneOf({ resource: 'leases' }, [
    { do: 'delay', ms: 700 },
    { do: 'status', code: 500 },
    { do: 'status', code: 500, forward: true },
    { do: 'status', code: 429, retryAfterSeconds: 1 },
    { do: 'cut', at: 'request' },
    { do: 'cut', at: 'answer' },
    { do: 'halfOpen', at: 'answer' },
  ]);
  // Bad times, in which leaders fall, and good ones, in which others come.
  proxy.setRules([
    (request, random) => (Math.floor(performance.now() / 3_000) % 2 === 0 ? faults(request, random) : null),
  ]);
  for (let i = 0; i < 3; i++) candidate();
  let together = 0;
  let handovers = 0;
  let last: Leadership | undefined;
  const from = performance.now();
  for (let ms = 0; ms < 15_000 || (handovers < 3 && ms < 80_000); ms = performance.now() - from) {
    const leaders = candidates.filter((each) => each.mayWrite());
    if (leaders.length > 1) together++;
    if (leaders[0] !== undefined && leaders[0] !== last) {
      if (last !== undefined) handovers++;
      [last] = leaders;
    }
    while (candidates.length - lost.size < 3) candidate();
    await sleep(2);
  }
  expect(together, `seed ${seed}`).toBe(0);
  expect(handovers).toBeGreaterThanOrEqual(3);
}, 120_000);

test('the lease is renewed while the main thread is busy, for longer than the lease lasts', async () => {
  // Not through the proxy, which is busy too.
  const via = cluster.kubeconfig;
  const leader = candidate({ via });
  await until('it leads', () => leader.mayWrite());
  const other = candidate({ via });
  await sleep(500);
  const before = await lease();
  busy(TIMES.leaseDurationMs * 2);
  expect(leader.mayWrite()).toBe(true);
  await sleep(200);
  expect(leader.mayWrite()).toBe(true);
  expect(other.mayWrite()).toBe(false);
  const after = await lease();
  expect(after.spec).toMatchObject({ holderIdentity: before.spec?.holderIdentity, leaseTransitions: 0 });
  expect(after.spec?.renewTime).not.toBe(before.spec?.renewTime);
});

test('a main thread that is stuck loses the lease, and the gate is shut when it goes on', async () => {
  const leader = candidate({ stuckAfterMs: 1_500, via: cluster.kubeconfig });
  await until('it leads', () => leader.mayWrite());
  // While it turns, it is not.
  await sleep(1_500 + TIMES.renewDeadlineMs + 500);
  expect(leader.mayWrite()).toBe(true);
  busy(1_500 + TIMES.renewDeadlineMs + 500);
  expect(leader.mayWrite()).toBe(false);
  await until('it is told', () => lost.has(leader));
  expect(lost.get(leader)).toMatch(/does not get on/);
});

test('without a wire the gate shuts at the renew deadline by itself', async () => {
  const leader = candidate();
  await until('it leads', () => leader.mayWrite());
  await sleep(500);
  proxy.setRules([when({ resource: 'leases' }, { do: 'halfOpen', at: 'request' })]);
  const took = await until('the gate is shut', () => !leader.mayWrite());
  expect(took).toBeLessThan(TIMES.renewDeadlineMs + 50);
  await until('it is told', () => lost.has(leader), 1_000);
});

test('its calls are counted among those of the program', async () => {
  const metrics = new Metrics();
  const leader = candidate({ metrics });
  await until('it leads', () => leader.mayWrite());
  const renewals = async (): Promise<number> => {
    const metric = await metrics.registry.getSingleMetric('rest_client_requests_total')?.get();
    const found = metric?.values.filter(({ labels }) => labels['method'] !== 'GET' && labels['code'] === '200');
    return found?.reduce((sum, { value }) => sum + value, 0) ?? 0;
  };
  await expect.poll(renewals, { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
  expect(await metrics.text()).toMatch(/rest_client_requests_total\{code="\d+",method="\w+",host="127.0.0.1:\d+"\}/);
});

test('whoever has resigned may not write, and is not lost', async () => {
  const leader = candidate();
  await until('it leads', () => leader.mayWrite());
  await leader.resign(3_000);
  expect(leader.mayWrite()).toBe(false);
  expect((await lease()).spec).toMatchObject({ holderIdentity: '' });
  expect(lost.size).toBe(0);
});

test('a candidate that cannot reach the API server says so, and goes on trying', async () => {
  proxy.setRules([when({ resource: 'leases' }, { do: 'status', code: 503 })]);
  const late = candidate();
  await sleep(1_500);
  expect(late.mayWrite()).toBe(false);
  proxy.setRules([]);
  await until('it leads', () => late.mayWrite());
});
