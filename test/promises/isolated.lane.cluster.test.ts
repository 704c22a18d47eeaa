// Promise 9, isolated, by what can be counted: who shares the lane, who waits for a place, how often a dead upstream is asked.

import { expect, test } from 'vitest';
import { MSP_ACCOUNTS } from '../../operator/controllers/mspaccount/account.ts';
import { PASSWORD, World, conditionOf } from '../harness/world.ts';

const WELL = ['a', 'b', 'c', 'd'];
const BAD = Array.from({ length: 8 }, (_, n) => `bad-${n}`);

function login(world: World, username: string, usedBy: readonly string[]): object[] {
  const credentials = { secretRef: { name: username } };
  return [
    world.secret(username, { username, password: PASSWORD }),
    ...usedBy.map((name) => world.account(name, { credentials })),
  ];
}

/** The status of an account whose last sync, by a former operator, ended by a time-out. */
function timedOut(secretResourceVersion: string): object {
  const condition = {
    reason: 'UpstreamTimeout',
    message: 'As a former operator left it.',
    observedGeneration: 1,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  return {
    observedGeneration: 1,
    credentials: { secretResourceVersion },
    conditions: [
      { type: 'Ready', status: 'False', ...condition },
      { type: 'Reconciling', status: 'True', ...condition },
    ],
  };
}

test('accounts that upstream failed share a lane, also after a restart; the others share the places', async () => {
  await using world = await World.create({
    accounts: [...WELL, 'bad'].map((username) => ({ username, password: PASSWORD, shape: 'msp', companies: 3 })),
    operator: false,
  });
  const { namespace } = world;
  world.simulator.faults.add({ account: 'bad', operation: 'Token/Get', kind: 'hang' });
  world.simulator.faults.add({ operation: 'Company/Children', kind: 'delay', ms: 300 });
  await world.apply(world.credentialsBinding(), ...login(world, 'bad', BAD));
  const { resourceVersion } = (await world.get('secret', 'bad')).metadata;
  for (const name of BAD) {
    const patch = { status: timedOut(resourceVersion) };
    await world.admin.patch(MSP_ACCOUNTS, { namespace, name }, patch, { subresource: 'status' });
  }
  await world.startOperator(['--concurrency=1']);
  await world.apply(...WELL.flatMap((name) => login(world, name, [name])));
  for (const name of WELL) await world.untilReady(name);
  // One of them is in the lane and hangs; the other seven have not even been asked for.
  expect(world.simulator.counts().accounts['bad']?.requests).toBe(1);
  expect(await world.operator.metrics()).toMatch(/^mspoperator_syncs_in_lane 1$/m);
  const waited = (await world.operator.lines())
    .filter(({ msg }) => msg === 'sync ended')
    .map(({ waitedSeconds }) => Number(waitedSeconds));
  expect(waited).toHaveLength(WELL.length);
  expect(Math.max(...waited)).toBeGreaterThan(0.2);

  // A change of the spec may have mended it: it is tried at once, whoever is in the lane.
  const [last = ''] = BAD.slice(-1);
  world.simulator.addAccount({ username: 'mended', password: PASSWORD, shape: 'msp', companies: 3 });
  await world.apply(...login(world, 'mended', [last]));
  await world.untilReady(last);
  expect(await world.operator.metrics()).toMatch(/^mspoperator_syncs_in_lane 1$/m);

  // The account that hangs could be deleted only when its sync has ended.
  world.simulator.faults.clear();
  await world.stopOperator();
  await world.startOperator();
});

test('after three outages in a row upstream is asked with one request, until it answers', async () => {
  await using world = await World.create();
  await world.synchronized();
  const asked = (): number => {
    const { accounts } = world.simulator.counts();
    return accounts[world.upstream.username]?.operations['User/Current'] ?? 0;
  };
  world.simulator.faults.add({ operation: 'User/Current', kind: 'reset' });
  const requests: number[] = [];
  const probed: boolean[] = [];
  for (let sync = 0; sync < 5; sync++) {
    const before = asked();
    const ready = conditionOf(await world.sync(), 'Ready');
    requests.push(asked() - before);
    probed.push(ready?.message.endsWith('Until upstream answers, it is asked with one request only.') ?? false);
    expect(ready).toMatchObject({ status: 'False', reason: 'UpstreamUnreachable' });
  }
  // The third one is the last with repeats, and says how it goes on.
  expect(requests).toEqual([3, 3, 3, 1, 1]);
  expect(probed).toEqual([false, false, true, true, true]);
  expect(await world.operator.metrics()).toMatch(/^mspoperator_breakers_open 1$/m);
  world.simulator.faults.clear();
  expect(conditionOf(await world.sync(), 'Ready')?.status).toBe('True');
  expect(await world.operator.metrics()).toMatch(/^mspoperator_breakers_open 0$/m);
});
