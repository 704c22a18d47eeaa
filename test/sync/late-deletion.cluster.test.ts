// A deletion that arrives late (of a leader that stood still, or over a slow wire) takes nothing that was changed meanwhile.
// Injected: the request is held in a proxy while a person edits the object.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { World } from '../harness/world.ts';
import { when } from '../proxy/rules.ts';

test('it is refused as a conflict, looked at again, and then done', async () => {
  await using world = await World.create({ proxy: {} });
  await world.synchronized('acme', { deletionPolicy: 'Delete' });
  const [customer] = await world.customers();
  const name = customer?.metadata.name ?? '';
  world.proxy.setRules([
    when({ verb: 'delete', resource: 'customers', name }, { do: 'freeze', at: 'request' }, { times: 1 }),
  ]);
  await world.cluster.kubectlOk(['delete', 'mspa', 'acme', '--wait=false'], { namespace: world.namespace });
  const held = () => world.proxy.exchanges(({ verb }) => verb === 'delete').length === 1;
  for (const deadline = Date.now() + 20_000; Date.now() < deadline && !held();) await sleep(20);
  await world.cluster.kubectlOk(['label', 'cust', name, 'edited=meanwhile'], { namespace: world.namespace });
  world.proxy.release();
  await world.cluster.kubectlOk(['wait', '--for=delete', 'mspa/acme', '--timeout=30s'], { namespace: world.namespace });
  const answers = world.proxy
    .log()
    .filter(({ request }) => request === `delete customers ${name}`)
    .map(({ status }) => status);
  expect(answers).toEqual([409, 200]);
  expect(await world.customers()).toEqual([]);
});
