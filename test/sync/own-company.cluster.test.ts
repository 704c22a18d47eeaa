// The login's own company: another one than before, or a distributor, touches nothing until a person says so.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { World, conditionOf } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.end());

const reasons = async (): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const customer of await world.customers()) {
    const reason = conditionOf(customer, 'Linked')?.reason ?? '';
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
};

test('a login that suddenly belongs to another company touches nothing until a person approves it', async () => {
  await world.synchronized();
  const other = world.upstream.find('Pinecrest Computing');
  world.upstream.setCompany(other?.id);
  const account = await world.sync();
  expect(conditionOf(account, 'Ready')).toMatchObject({ status: 'False', reason: 'AccountChanged' });
  expect(conditionOf(account, 'Stalled')?.status).toBe('True');
  expect(await reasons()).toEqual({ Present: 55 });
  expect(account.status.company.name).toBe('Norrvale Managed Services');

  expect(account.status.companyFound).toEqual({ id: other?.id });

  // Another id, as the former one or a typo, is no reason to ask upstream, at whatever look at the account.
  const asked = world.simulator.log().length;
  for (const id of [account.status.company.id as string, 'f9a23359-0098-400a-b32c-6c67634fa188']) {
    const args = ['annotate', 'mspa', 'acme', '--overwrite', `mspoperator.dev/approve-company=${id}`];
    await world.cluster.kubectlOk(args, { namespace: world.namespace });
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  expect(world.simulator.log()).toHaveLength(asked);
  expect(await reasons()).toEqual({ Present: 55 });

  const command = /kubectl (annotate .*?)\. No object/.exec(conditionOf(account, 'Ready')?.message ?? '')?.[1] ?? '';
  await world.cluster.kubectlOk(command.split(' '));
  const approved = await world.until('mspa', 'acme', ({ status }) => status.company.name === 'Pinecrest Computing');
  expect(approved.status.accountType).toBe('ManagedMSP');
  expect(await world.untilReady()).not.toHaveProperty('status.companyFound');
});

test('a distributor is refused, unless the account says otherwise', async () => {
  world.simulator.addAccount({
    username: 'distributor@msp.example',
    password: 'pw',
    shape: 'distributor',
    companies: 40,
  });
  await world.apply(
    world.credentialsBinding(),
    world.secret('login', { username: 'distributor@msp.example', password: 'pw' }),
    world.account(),
  );
  const account = await world.untilReason('acme', 'DistributorNotSupported');
  expect(conditionOf(account, 'Ready')?.message).toMatch(/spec\.sync\.distributor to Allow/);
  expect(await world.groups()).toEqual([]);
  await world.apply(world.account('acme', { sync: { distributor: 'Allow' } }));
  await world.untilReady();
  const types = new Set((await world.groups()).map(({ spec }) => spec.type));
  expect(types).toEqual(new Set(['Customer', 'Distributor', 'Division', 'MSP', 'MSPManager', 'ManagedMSP']));
});
