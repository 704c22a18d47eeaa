// The API server dies and comes back, and etcd forgets its history, in the middle of a first sync: the operator comes to the state
// of an undisturbed run, carries no write out twice, and does not storm the server, neither while it is away nor when it is back.
// On a control plane of its own; counted at the proxy and by the audit log.
// MSPOPERATOR_LONG=1: more companies, and the server stays away longer.

import { env } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startControlPlane, type ControlPlane } from '../controlplane/client.ts';
import { differences, fingerprintWorld, type Fingerprint } from '../harness/fingerprint.ts';
import { shipped } from '../harness/shipped.ts';
import { LOST_AT_ONCE, LOST_LATER, MORE_READS, Trial, tell } from './trial.ts';

const LONG = (env['MSPOPERATOR_LONG'] ?? '') !== '';
const COMPANIES = LONG ? 600 : 300;
const AWAY_MS = LONG ? 30_000 : 2_500;
/** From the return on. A sync that could not write everything is repeated after 10 s; watches pause up to 30 s by then. */
const BACK_MS = 90_000;

let cluster: ControlPlane;
let undisturbed: { readonly state: Fingerprint; readonly writes: ReadonlyMap<string, number>; readonly reads: number };

beforeAll(async () => {
  const manifests = shipped('definitions', 'rights');
  cluster = await startControlPlane({ alwaysStart: true, auditLog: true, controllers: [], manifests });
  const trial = await Trial.start(cluster, COMPANIES);
  try {
    await trial.apply();
    await trial.ready(BACK_MS);
    await sleep(1_500);
    const { reads } = trial.traffic(Infinity);
    undisturbed = { state: await fingerprintWorld(trial.world), writes: await trial.successes(), reads };
  } finally {
    await trial.world.end();
  }
}, 180_000);
afterAll(() => cluster.stop());

test('the API server dies in the middle of a first sync', () => disturbed(false), 240_000);

test('the API server dies and etcd forgets its history, in the middle of a first sync', () => disturbed(true), 240_000);

async function disturbed(forgets: boolean): Promise<void> {
  const trial = await Trial.start(cluster, COMPANIES);
  try {
    await trial.apply();
    await trial.written(COMPANIES);
    if (forgets) await cluster.forgetHistory();
    const diedAt = trial.now();
    await cluster.killAPIServer();
    await sleep(AWAY_MS);
    if (forgets) await cluster.forgetHistory();
    await cluster.startAPIServer();
    const took = await trial.ready(BACK_MS);
    await trial.watching();
    await sleep(1_500);

    const traffic = trial.traffic(diedAt);
    tell(`with${forgets ? '' : 'out'} compaction`, traffic, `Ready ${Math.round(took)} ms after its return`);
    // Else nothing was disturbed.
    expect(traffic.lost).toBeGreaterThan(0);
    expect(differences(undisturbed.state, await fingerprintWorld(trial.world))).toEqual([]);
    const writes = await trial.successes();
    expect([...writes].filter(([write, n]) => n > (undisturbed.writes.get(write) ?? 0))).toEqual([]);
    expect(traffic.lostAtOnce).toBeLessThanOrEqual(LOST_AT_ONCE);
    expect(traffic.lostLater).toBeLessThanOrEqual(LOST_LATER);
    expect(traffic.refusedReads).toBeLessThanOrEqual(LOST_LATER);
    expect(traffic.reads).toBeLessThanOrEqual(undisturbed.reads + MORE_READS);
    // A server that has just come up knows no roles yet, and refuses what it is asked: each object at most once.
    expect(traffic.refused).toBeLessThanOrEqual(2 * COMPANIES);
  } finally {
    await trial.world.end();
  }
}
