// Promise 5 with a stale cache: a person thinks better of a removal that they had confirmed, and the operator's watch does not tell
// it. Injected: its watch of instances goes silent, as behind a load balancer that has forgotten the connection.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { World, conditionOf } from '../harness/world.ts';

const REGRETS = {
  'the annotation taken off': { metadata: { annotations: { 'mspoperator.dev/confirm-removal': null } } },
  'the policy Orphan': { spec: { deletionPolicy: 'Orphan' } },
};

test.each(Object.entries(REGRETS))('a removal is not sent against %s, however stale the cache', async (_, regret) => {
  await using world = await World.create({ proxy: {} });
  await world.apply(world.lifecycleSecret());
  await world.synchronized();
  await world.apply(world.instance('console', 'EMA2'));
  const { status } = await world.until('pi', 'console', (pi) => conditionOf(pi, 'Ready')?.reason === 'Active');
  world.simulator.faults.add({ operation: 'Lifecycle/List', kind: 'status', status: 503 });
  const kubectl = (...args: string[]) => world.cluster.kubectlOk(args, { namespace: world.namespace });
  await kubectl('annotate', 'pi', 'console', `mspoperator.dev/confirm-removal=${status.instanceID}`);
  await kubectl('delete', 'pi', 'console', '--wait=false');
  await world.until('pi', 'console', (pi) => conditionOf(pi, 'Removal')?.reason === 'OwnershipUnverified');
  // Its own write has come back to it by now.
  await sleep(500);

  const watches = world.proxy.exchanges(({ isWatch, resource }) => isWatch && resource === 'protectinstances');
  for (const watch of watches) watch.stall();
  await kubectl('patch', 'pi', 'console', '--type=merge', `--patch=${JSON.stringify(regret)}`);
  world.simulator.faults.clear();
  // The Secret is another watch: the operator looks again, and upstream answers.
  const asked = world.simulator.counts().operations['Lifecycle/List'] ?? 0;
  await kubectl('label', 'secret', 'lifecycle', 'touched=yes');
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) {
    if ((world.simulator.counts().operations['Lifecycle/List'] ?? 0) > asked) break;
  }
  await sleep(500);
  for (const watch of watches) watch.cut();
  const { ledger } = world.upstream.lifecycle;
  expect(ledger.filter(({ by, action }) => by === 'operator' && action === 'removed')).toEqual([]);
});
