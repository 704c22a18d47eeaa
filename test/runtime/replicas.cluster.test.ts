// Two replicas of the built operator, under the rights that the chart ships: who works, how one follows the other, and what the
// writes of a leader that stood still come to. Injected: SIGSTOP for longer than the lease, a proxy that holds the old leader's
// requests back and delivers them when the new one has long been at work.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isWrite, readAuditLog } from '../controlplane/client.ts';
import { OPERATOR_NAME, OPERATOR_NAMESPACE, OPERATOR_USER, type RunningOperator } from '../harness/operator.ts';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';
import { PASS } from '../proxy/action.ts';
import type { ProxyRequest } from '../proxy/request.ts';
import { when } from '../proxy/rules.ts';

const LEASE_MS = 4_000;
const ELECT = [
  '--leader-elect',
  `--lease-namespace=${OPERATOR_NAMESPACE}`,
  `--leader-elect-lease-duration=${LEASE_MS}ms`,
  '--leader-elect-renew-deadline=2500ms',
  '--leader-elect-retry-period=400ms',
];

let world: World;
beforeEach(async () => {
  world = await World.create({
    operator: false,
    proxy: {},
    accounts: [{ username: USERNAME, password: PASSWORD, shape: 'demo', services: ['EMA2', 'EBA'] }],
  });
  await world.apply(world.lifecycleSecret());
});
afterEach(async () => {
  const problems = world.upstream.lifecycle.violations();
  await world.end();
  await world.cluster.kubectl(['delete', 'lease', OPERATOR_NAME], { namespace: OPERATOR_NAMESPACE });
  if (problems.length > 0) throw new Error(`the ledger shows:\n${problems.join('\n')}`);
});

async function lease(): Promise<Thing> {
  const args = ['get', 'lease', OPERATOR_NAME, '-o', 'json'];
  return JSON.parse(await world.cluster.kubectlOk(args, { namespace: OPERATOR_NAMESPACE })) as Thing;
}

async function said(replica: RunningOperator, msg: string): Promise<boolean> {
  return (await replica.lines()).some((line) => line['msg'] === msg);
}

async function until(what: string, check: () => boolean | Promise<boolean>, ms = 20_000): Promise<number> {
  const from = performance.now();
  while (!(await check())) {
    if (performance.now() - from > ms) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(20);
  }
  return performance.now() - from;
}

async function leading(replica: RunningOperator): Promise<number> {
  const text = await replica.metrics();
  return Number(/^leader_election_master_status\{name="eset-msp-operator"\} (\d)$/m.exec(text)?.[1]);
}

/** Objects of the operator's kinds, as stored, with their resourceVersions. */
async function everything(): Promise<Map<string, string>> {
  const things = await world.list('mspa,sg,cust,pi');
  return new Map(things.map((thing) => [`${thing.kind}/${thing.metadata.name}`, JSON.stringify(thing)]));
}

const own = ({ group, isWrite }: ProxyRequest): boolean => isWrite && group === 'mspoperator.dev';

/** Operators that wrote to the world's objects, by user agent, with the time of the API server. */
async function writes(since: number): Promise<readonly { readonly uri: string; readonly code: number }[]> {
  return (await readAuditLog(world.cluster))
    .filter((event) => isWrite(event) && event.user.username === OPERATOR_USER)
    .filter(({ objectRef }) => objectRef?.namespace === world.namespace && objectRef.apiGroup === 'mspoperator.dev')
    .filter(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp) >= since)
    .map(({ requestURI, responseStatus }) => ({ uri: requestURI, code: responseStatus?.code ?? 0 }));
}

test('one works, the other stands by, ready; at a stop it takes over at once', async () => {
  const first = await world.startReplica(ELECT);
  await until('the first leads', () => said(first, 'leading'));
  const second = await world.startReplica(ELECT);
  await until('the second stands by', () => said(second, 'standing by'));
  await world.synchronized();
  expect(await second.probe('/readyz')).toBe(200);
  expect([await leading(first), await leading(second)]).toEqual([1, 0]);
  expect((await lease()).spec).toMatchObject({ leaseDurationSeconds: 4, leaseTransitions: 0 });
  const events = await world.cluster.kubectlOk(['get', 'events.events.k8s.io', '-o', 'json'], {
    namespace: OPERATOR_NAMESPACE,
  });
  expect(events).toContain('became leader');

  const asked = performance.now();
  const stopped = first.stop();
  const took = await until('the second leads', () => said(second, 'leading'));
  expect((await stopped).code).toBe(0);
  // Nothing is left that would hold the process.
  expect(performance.now() - asked).toBeLessThan(10_000);
  // It is told of the release, and does not wait for its next look. Most of this is the first one's orderly end.
  expect(took).toBeLessThan(1_500);
  expect((await lease()).spec).toMatchObject({ leaseTransitions: 1 });
  await world.sync();
  await second.stop();
  expect((await lease()).spec.holderIdentity).toBe('');
});

test('a leader that is killed is followed when its lease has run out', async () => {
  const first = await world.startReplica(ELECT);
  await until('the first leads', () => said(first, 'leading'));
  const second = await world.startReplica(ELECT);
  await until('the second stands by', () => said(second, 'standing by'));
  await first.kill();
  const took = await until('the second leads', () => said(second, 'leading'));
  expect(took).toBeGreaterThan(LEASE_MS - 1_000);
  // Not by a pause between two looks longer than the lease.
  expect(took).toBeLessThan(LEASE_MS + 400);
  await world.synchronized();
});

test('a leader that stood still changes nothing that the new one wrote, neither at once nor by what was under way', async () => {
  const old = await world.startReplica(ELECT, 'proxy');
  await until('the old one leads', () => said(old, 'leading'));
  const next = await world.startReplica(ELECT);
  await world.synchronized('acme', { services: ['EMA2', 'EBA'] });

  // In the middle of a sync with creates, renames and an instance to be made: some of it answered, much of it under way.
  const companies = (await world.customers()).map(({ spec, status }) => ({
    id: spec.companyID,
    name: status.displayName,
  }));
  for (const { id, name } of companies) world.upstream.rename(id, `${name} old`);
  let held = 0;
  const hold = when(own, () => (++held <= 5 ? PASS : { do: 'freeze', at: 'request' }));
  world.proxy.setRules([hold]);
  await world.apply(world.instance('console', 'EMA2'));
  const mark = `${Date.now()}`;
  await world.cluster.kubectlOk(['annotate', 'mspa', 'acme', '--overwrite', `mspoperator.dev/requestedAt=${mark}`], {
    namespace: world.namespace,
  });
  await until('writes are under way', () => held > 12);
  old.freeze(true);
  const took = await until('the next one leads', () => said(next, 'leading'));
  expect(took).toBeGreaterThan(1_000);

  for (const { id, name } of companies) world.upstream.rename(id, `${name} new`);
  await world.sync();
  await world.until('pi', 'console', (pi) => conditionOf(pi, 'Ready')?.reason === 'Active');
  await sleep(1_000);
  const before = await everything();
  const since = Date.now();

  // What the old one had sent arrives now, and then it wakes.
  const late = world.proxy.exchanges(own).length;
  expect(late).toBeGreaterThan(5);
  world.proxy.setRules([]);
  world.proxy.release();
  await until('the late writes were answered', async () => (await writes(since)).length >= late);
  expect((await writes(since)).map(({ code }) => code)).toEqual(Array.from({ length: late }, () => 409));
  const counted = world.proxy.counts().writes;
  old.freeze(false);
  await until('the old one has ended', () => old.exit() !== undefined);
  expect(old.exit()).toEqual({ code: 1, signal: null });
  expect(await old.log()).toMatch(/the lease was lost/);
  expect(world.proxy.counts().writes).toBe(counted);
  expect(await everything()).toEqual(before);
  const { ledger } = world.upstream.lifecycle;
  expect(ledger.filter(({ action }) => action === 'created' || action === 'repeated')).toHaveLength(1);
  expect(await leading(next)).toBe(1);
});

test('a leader that wakes right before it would create an instance does not', async () => {
  const old = await world.startReplica(ELECT, 'proxy');
  await until('the old one leads', () => said(old, 'leading'));
  await world.synchronized('acme', { services: ['EMA2', 'EBA'] });
  // Its note that it begins is stored, and the answer waits in the socket.
  let stored = false;
  const note = (request: ProxyRequest): boolean => own(request) && request.resource === 'protectinstances';
  world.proxy.setRules([
    when(
      (request) => note(request) && request.subresource === 'status',
      () => {
        stored = true;
        return { do: 'freeze', at: 'answer' };
      },
    ),
  ]);
  await world.apply(world.instance('console', 'EMA2'));
  await until('the note is under way', () => stored);
  await world.until('pi', 'console', ({ status }) => status?.createStartedAt !== undefined);
  old.freeze(true);
  world.proxy.setRules([]);
  world.proxy.release();
  await sleep(3_000);
  old.freeze(false);
  await until('the old one has ended', () => old.exit() !== undefined);
  expect(old.exit()).toEqual({ code: 1, signal: null });
  expect(world.simulator.counts().operations['Lifecycle/Create'] ?? 0).toBe(0);
  // For the end of the world.
  await world.startReplica(ELECT);
});
