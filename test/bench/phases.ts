// The phases of the bench, one after the other, with the raw client's rounds between them: whatever else the machine does
// meanwhile, it does to both.

import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startedAt as processStartedAt } from './processes.ts';
import { notAsPromised } from './promised.ts';
import { measureRawSpeed, type RawSpeed } from './raw-speed.ts';
import { describeMachine, medianSpeed, type Results } from './results.ts';
import type { Writes } from './server-writes.ts';
import { CONNECTIONS, type World } from './world.ts';

export interface PhaseOptions {
  readonly rawObjects: number;
  readonly idleSeconds: number;
  readonly say: (text: string) => void;
}

const WARM_UP_OBJECTS = 300;
const PROGRESS_MS = 5_000;
const ANNOTATED: Writes = { 'PATCH mspaccounts': 1 };

export async function runPhases(world: World, { rawObjects, idleSeconds, say }: PhaseOptions): Promise<Results> {
  const { upstream, meter, account, cluster } = world;
  const startedAt = new Date().toISOString();
  const machine = describeMachine(cluster.kubernetesVersion);
  const groups = upstream.companies.length;
  const customers = upstream.customers.length;
  const rounds: RawSpeed[] = [];
  const names = upstream.customers.map(({ name }) => name);
  const rawRound = async (objects: number): Promise<RawSpeed> => {
    const chosen = Array.from({ length: objects }, (_, index) => names[index % names.length] ?? '');
    return measureRawSpeed(world.raw, world.rawNamespace, chosen, CONNECTIONS, () => meter.cpu());
  };
  const measureRaw = async (): Promise<void> => {
    const speed = await rawRound(rawObjects);
    rounds.push(speed);
    const rates = [speed.createGroups, speed.createCustomers, speed.patchCustomers].map((rate) => rate.toFixed(0));
    say(`raw client, round ${rounds.length}: ${rates.join(', ')} writes/s`);
  };

  await world.startOperator();
  await rawRound(WARM_UP_OBJECTS);
  await measureRaw();

  say('first import');
  const wanted = groups + customers;
  const onWait = everyNow(say, async () => `  ${await account.children()} of ${wanted} objects`);
  const imported = await meter.measure(() => account.importFrom(upstream.url, onWait), { 'POST mspaccounts': 1 });
  say(`  Ready after ${imported.phase.seconds.toFixed(1)} s`);
  await measureRaw();

  say('sync without change');
  const unchanged = await meter.measure(() => account.sync(), ANNOTATED);
  const part = (share: number): number => Math.max(1, Math.round(groups * share));
  const changes = { renamed: part(0.01), added: part(0.005), suspended: part(0.005) };
  say(`sync with ${changes.renamed} renamed, ${changes.added} new, ${changes.suspended} suspended`);
  await upstream.change(changes);
  const changed = await meter.measure(() => account.sync(), ANNOTATED);

  say(`idle for ${idleSeconds} s`);
  const requestsBefore = await requestsOf(world);
  const idle = await meter.measure(() => sleep(idleSeconds * 1000), {}, 0);
  const idleCost = {
    objects: groups + changes.added + customers + changes.added,
    cpuMsPerSecond: ((idle.phase.cpuSeconds['operator'] ?? 0) * 1000) / idle.phase.observedSeconds,
    requestsPerMinute: (((await requestsOf(world)) - requestsBefore) * 60) / idle.phase.observedSeconds,
  };
  say(
    `  ${idleCost.cpuMsPerSecond.toFixed(1)} ms of CPU a second, ${idleCost.requestsPerMinute.toFixed(0)} requests a minute`,
  );
  say('restart');
  await world.stopOperator();
  const restart = await meter.measure(() => world.startOperator());
  const restartSeconds = (await readyAt(world)) - (await processStartedAt(world.operator.pid));
  await measureRaw();
  say(`load average at the end: ${(loadavg()[0] ?? 0).toFixed(1)}`);
  // Only a process that ends in peace writes its profile.
  await world.stopOperator();

  const median = medianSpeed(rounds);
  const phases = {
    import: imported.phase,
    unchanged: unchanged.phase,
    changed: changed.phase,
    idle: idle.phase,
    restart: restart.phase,
  };
  return {
    startedAt,
    machine,
    connections: CONNECTIONS,
    companies: groups,
    groups,
    customers,
    changes,
    requests: unchanged.result.status?.sync?.requests ?? 0,
    raw: { objects: rawObjects, rounds, median },
    ceilingSeconds:
      groups / median.createGroups + customers / median.createCustomers + customers / median.patchCustomers,
    phases,
    idleCost,
    restartSeconds: restartSeconds / 1000,
    problems: notAsPromised(phases, imported.result.status, { groups, customers, changes, idleCost }),
  };
}

/** Says what `text` tells, now and then. */
function everyNow(say: (text: string) => void, text: () => Promise<string>): () => Promise<void> {
  let next = performance.now() + PROGRESS_MS;
  return async () => {
    if (performance.now() < next) return;
    next += PROGRESS_MS;
    say(await text());
  };
}

/** Requests to the API server that the operator has counted, those of its lease among them. */
async function requestsOf({ operator }: World): Promise<number> {
  const lines = (await operator.metrics()).split('\n').filter((line) => line.startsWith('rest_client_requests_total{'));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** When the operator said that it is ready, in ms since the epoch. */
async function readyAt({ operator }: World): Promise<number> {
  const line = (await operator.lines()).find(({ msg }) => msg === 'ready');
  return Date.parse(String(line?.['time']));
}
