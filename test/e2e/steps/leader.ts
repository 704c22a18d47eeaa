// Two replicas: the Deployment is rolled, the leader crashes, its pod is deleted. Meanwhile there is work to do (traffic.ts). One
// pod writes at a time, and none for longer than the Lease is left without a renewal.

import { readAuditLog } from '../../controlplane/audit.ts';
import { until } from '../until.ts';
import type { Login } from './needs.ts';
import { kubectl, NAMESPACE, PROGRAM, RELEASE, type Stage } from './stage.ts';
import { startTraffic } from './traffic.ts';
import { createdTwice, leaders, leaseWrites, longestGapMs, objectWrites, returned } from './writes.ts';

/** The chart's default. */
const LEASE_MS = 15_000;
/** For the renewal to be seen, and the Lease to be taken. */
const SLOW_MS = 1_500;
const USER = `system:serviceaccount:${NAMESPACE}:${RELEASE}`;

/** The pod that leads; `identity` is another one after each start of its process. */
interface Leader {
  readonly identity: string;
  readonly pod: string;
}

/** `undefined`: nobody. */
async function leader(stage: Stage): Promise<Leader | undefined> {
  const holder = ['get', 'lease', RELEASE, '-o', 'jsonpath={.spec.holderIdentity}'];
  const identity = await kubectl(stage, holder, { namespace: NAMESPACE });
  return identity === '' ? undefined : { identity, pod: identity.replace(/_[^_]*$/, '') };
}

async function theLeader(stage: Stage): Promise<Leader> {
  return until('somebody leads', 60_000, () => leader(stage));
}

/** Another process; in most cases of another pod. */
async function anotherThan(stage: Stage, before: Leader): Promise<void> {
  const after = await until('another one leads', 60_000, async () => {
    const now = await leader(stage);
    return now?.identity === before.identity ? undefined : now;
  });
  stage.report.say(`${before.identity} → ${after.identity}`);
}

/** Who comes only after the last renewal counts from then on. */
async function standsBy(stage: Stage, { pod: leading }: Leader): Promise<true | undefined> {
  const names = ['get', 'pods', '--selector', `app.kubernetes.io/instance=${RELEASE}`, '-o', 'name'];
  const others = (await kubectl(stage, names, { namespace: NAMESPACE }))
    .split('\n')
    .filter((name) => name !== '' && name !== `pod/${leading}`);
  const logs = await Promise.all(others.map((name) => kubectl(stage, ['logs', name], { namespace: NAMESPACE })));
  return logs.some((log) => log.includes('"standing by"')) ? true : undefined;
}

function rolledOut(stage: Stage): Promise<string> {
  const status = ['rollout', 'status', `deployment/${RELEASE}`, '--timeout=110s'];
  return kubectl(stage, status, { namespace: NAMESPACE, timeoutMs: 120_000 });
}

/** Both pods are new, and the leader is one of them. */
export async function roll(stage: Stage, login: Login): Promise<void> {
  await underTraffic(stage, login, LEASE_MS, async () => {
    const before = await theLeader(stage);
    await kubectl(stage, ['rollout', 'restart', `deployment/${RELEASE}`], { namespace: NAMESPACE });
    await rolledOut(stage);
    await anotherThan(stage, before);
  });
}

/** Nothing is given back: the other pod, and the new process of this one, wait until the Lease has run out. */
export async function crashLeader(stage: Stage, login: Login): Promise<void> {
  const { crash } = stage;
  if (crash === undefined) throw new Error('this cluster lets nobody kill a process of a pod');
  await underTraffic(stage, login, LEASE_MS + SLOW_MS, async () => {
    const before = await theLeader(stage);
    await until('another one stands by', 60_000, () => standsBy(stage, before));
    await crash(before.pod, PROGRAM);
    await anotherThan(stage, before);
    const restarts = ['get', 'pod', before.pod, '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'];
    await until(
      'kubelet starts it again',
      60_000,
      async () => (await kubectl(stage, restarts, { namespace: NAMESPACE })) === '1',
    );
    await rolledOut(stage);
  });
}

/** It is told to stop, and gives the Lease back. */
export async function deleteLeader(stage: Stage, login: Login): Promise<void> {
  await underTraffic(stage, login, LEASE_MS, async () => {
    const before = await theLeader(stage);
    await kubectl(stage, ['delete', 'pod', before.pod, '--timeout=50s'], { namespace: NAMESPACE });
    await anotherThan(stage, before);
    await rolledOut(stage);
  });
}

async function underTraffic(stage: Stage, login: Login, gapMs: number, work: () => Promise<void>): Promise<void> {
  const from = Date.now();
  const traffic = await startTraffic(stage, login);
  await work().catch((error: unknown) => {
    traffic.stop();
    throw error;
  });
  const renames = await traffic.settle();
  stage.report.say(`${renames} renames upstream meanwhile, the last of which arrived`);
  // Only an API server of our own shows its audit log.
  if (stage.cluster.auditLog === undefined) return;
  const events = await readAuditLog(stage.cluster);
  const writes = objectWrites(events, USER, from);
  const order = leaders(writes);
  const gap = longestGapMs(leaseWrites(events, USER, from), from, Date.now());
  stage.report.say(
    `${writes.length} writes by ${order.length} pods in turn; the Lease went at most ${gap} ms without a renewal`,
  );
  if (writes.length === 0) throw new Error('nobody has written: this shows nothing');
  const back = returned(writes);
  if (back !== undefined) throw new Error(`${back} wrote after its successor had written: ${order.join(' → ')}`);
  const twice = createdTwice(writes);
  if (twice.length > 0) throw new Error(`created twice: ${twice.join(', ')}`);
  if (gap > gapMs) throw new Error(`nobody renewed the Lease for ${gap} ms, longer than ${gapMs} ms`);
}
