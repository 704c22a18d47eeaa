// The operator idles, with its watches open, and is cut off from an API server that goes on without it, dies and comes back, or
// forgets what was between: what changed meanwhile is all seen, once, and acted upon; the watches are open again, and neither
// the time without a server nor the return is a storm. On control planes of its own; counted at the proxy.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startControlPlane, type ControlPlane } from '../controlplane/client.ts';
import { shipped } from '../harness/shipped.ts';
import type { Thing, World } from '../harness/world.ts';
import { LOST_AT_ONCE, LOST_LATER, MORE_READS, Trial, tell } from './trial.ts';

const COMPANIES = 40;
const AWAY_MS = 2_500;
const BACK_MS = 60_000;
const KINDS = ['mspa', 'sg', 'cust'] as const;

let cluster: ControlPlane;
/** What etcd has forgotten cannot be watched any more. With its watch cache an API server would remember it a while longer. */
let forgetful: ControlPlane;
beforeAll(async () => {
  const options = { alwaysStart: true, auditLog: true, controllers: [], manifests: shipped('definitions', 'rights') };
  [cluster, forgetful] = await Promise.all([
    startControlPlane(options),
    startControlPlane({ ...options, apiServerArgs: ['--watch-cache=false'] }),
  ]);
}, 180_000);
afterAll(() => Promise.all([cluster.stop(), forgetful.stop()]));

interface Meanwhile {
  /** Deleted by a person: comes back, with its setup. */
  readonly deleted: Thing;
  readonly skipped: Thing;
  readonly renamed: string;
  /** Made by a person, to be adopted. */
  readonly added: string;
}

/** What others do while the operator does not see it. */
async function change(world: World): Promise<Meanwhile> {
  const customers = (await world.customers()).sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  const [deleted, skipped, renamed] = customers;
  if (deleted === undefined || skipped === undefined || renamed === undefined) throw new Error('too few customers');
  const edit = (name: string, spec: object) =>
    world.cluster.kubectlOk(['patch', 'cust', name, '--type=merge', '-p', JSON.stringify({ spec })], {
      namespace: world.namespace,
    });
  await edit(deleted.metadata.name, { setup: { mode: 'Configured' } });
  await edit(skipped.metadata.name, { setup: { mode: 'Pending' } });
  await edit(skipped.metadata.name, { setup: { mode: 'Skip' } });
  await world.cluster.kubectlOk(['delete', 'cust', deleted.metadata.name], { namespace: world.namespace });
  const { upstream } = world;
  upstream.rename(renamed.spec.companyID, 'Renamed while nobody looked');
  const added = upstream.add({ name: 'Added while nobody looked', parentId: upstream.company.id }).id;
  await world.apply({
    apiVersion: 'mspoperator.dev/v1alpha1',
    kind: 'Customer',
    metadata: { name: 'by-hand' },
    spec: { accountRef: { name: 'acme' }, companyID: added, setup: { mode: 'Skip' } },
  });
  return { deleted, skipped, renamed: renamed.spec.companyID, added };
}

/** Everything that was changed has had its effect. @returns what has not, in words */
async function open({ world }: Trial, { deleted, skipped, renamed, added }: Meanwhile): Promise<string[]> {
  const customers = await world.customers();
  const of = (id: string): Thing[] => customers.filter(({ spec }) => spec.companyID.toLowerCase() === id.toLowerCase());
  const is = (id: string, what: string, wanted: (customer: Thing) => boolean): string[] => {
    const found = of(id);
    return found.length === 1 && found.every(wanted)
      ? []
      : [`${what}: ${JSON.stringify(found.map((each) => each.status))}`];
  };
  return [
    ...is(deleted.spec.companyID, 'restored', ({ metadata }) => metadata.uid !== deleted.metadata.uid),
    ...is(skipped.spec.companyID, 'skipped', ({ status }) => status.setup === 'Skipped'),
    ...is(renamed, 'renamed', ({ status }) => status.displayName === 'Renamed while nobody looked'),
    ...is(added, 'adopted', ({ metadata, status }) => metadata.name === 'by-hand' && status?.setup === 'Skipped'),
  ];
}

/** What the operator's caches hold is what there is. */
async function conclusions(trial: Trial): Promise<string[]> {
  const { world } = trial;
  const problems: string[] = [];
  const counts = new Map<string, number>();
  for (const kind of KINDS) {
    const things = await world.list(kind);
    const [{ kind: name } = { kind }] = things;
    counts.set(kind, things.length);
    const cached = await trial.metric(new RegExp(`mspoperator_cache_objects\\{kind="${name}"\\}`));
    if (cached !== things.length) problems.push(`${name}: ${cached} in the cache, ${things.length} there`);
  }
  const { status } = await world.get('mspa', 'acme');
  if (status.groups !== counts.get('sg')) problems.push(`groups: ${status.groups}, there are ${counts.get('sg')}`);
  if (status.customers.total !== counts.get('cust')) problems.push(`customers: ${JSON.stringify(status.customers)}`);
  return problems;
}

async function disturbed(on: ControlPlane, what: string, meanwhile: (trial: Trial) => Promise<void>): Promise<Trial> {
  const trial = await Trial.start(on, COMPANIES);
  const { world } = trial;
  try {
    await trial.apply();
    await trial.ready(BACK_MS);
    await trial.watching();
    await sleep(1_500);
    const { reads } = trial.traffic(Infinity);
    const writes = world.proxy.counts().writes;

    const cutAt = trial.now();
    world.proxy.setRules([() => ({ do: 'cut', at: 'request' })]);
    world.proxy.cutAll();
    const changes = await change(world);
    await meanwhile(trial);
    world.proxy.setRules([]);
    await trial.watching();
    // A person asks for a sync: of what happened upstream nobody else tells.
    await world.sync();
    let left: string[] = [];
    const took = await trial
      .until(
        'all changes had their effect',
        async () => {
          left = await open(trial, changes);
          return left.length === 0;
        },
        BACK_MS,
      )
      .catch((error: unknown) => {
        throw new Error(`${left.join('\n')}\n${String(error)}`);
      });
    await trial.ready(BACK_MS);
    await sleep(1_500);

    const traffic = trial.traffic(cutAt);
    const sent = world.proxy.counts().writes - writes;
    tell(what, traffic, `all seen ${Math.round(took)} ms after the sync, ${sent} writes`);
    expect(await conclusions(trial)).toEqual([]);
    expect(traffic.lost).toBeGreaterThan(0);
    expect(traffic.lostAtOnce).toBeLessThanOrEqual(LOST_AT_ONCE);
    expect(traffic.lostLater).toBeLessThanOrEqual(LOST_LATER);
    expect(traffic.refusedReads).toBeLessThanOrEqual(LOST_LATER);
    expect(traffic.reads).toBeLessThanOrEqual(reads + MORE_READS);
    // One restored with its status, one skipped, one renamed with its group, one adopted with a group of its own; the account and
    // its counts after each; an event or two.
    expect(sent).toBeLessThanOrEqual(20);
    return trial;
  } catch (error) {
    await world.end().catch(() => {});
    throw error;
  }
}

test('the API server dies and comes back while the operator idles, and others change things before it hears of it', async () => {
  const { world } = await disturbed(cluster, 'idle, the server dies', async (trial) => {
    await trial.cluster.killAPIServer();
    await sleep(AWAY_MS);
    await trial.cluster.startAPIServer();
  });
  await world.end();
}, 180_000);

test('etcd forgets what the watches would go on from while the operator is cut off', async () => {
  const trial = await disturbed(forgetful, 'idle, etcd forgets', async ({ cluster: own }) => {
    await own.forgetHistory();
    await sleep(AWAY_MS);
  });
  // The server said so, and a list told the rest.
  const expired = await trial.metric(
    /mspoperator_watch_restarts_total\{kind="(?:StaticGroup|Customer)",reason="expired"\}/,
  );
  expect(expired).toBeGreaterThanOrEqual(2);
  await trial.world.end();
}, 180_000);
