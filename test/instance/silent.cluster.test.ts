// Promise 9 for instances: lifecycle services that never answer share a lane, also after a restart, and the others go on.

import { expect, test } from 'vitest';
import { PROTECT_INSTANCES } from '../../operator/controllers/protectinstance/instance.ts';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';

/** More than the operator has workers for instances (64); a quarter of the workers is the lane. */
const SILENT = Array.from({ length: 72 }, (_, n) => `silent-${n}`);
const LANE = 16;
/** What they say once they are answered: InstanceNotFound. */
const NO_INSTANCE = '0c9a6c0e-54f7-4f0e-9d0e-5a3c5f6f7a10';
/** A request to a lifecycle service ends after so long. */
const REQUEST_MS = 15_000;

const ready = (pi: Thing): string | undefined => conditionOf(pi, 'Ready')?.reason;

/** As a former operator left it, whose requests nobody answered. */
const why = {
  reason: 'UpstreamUnavailable',
  message: 'As a former operator left it.',
  observedGeneration: 1,
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
const UNANSWERED = {
  observedGeneration: 1,
  conditions: [
    { type: 'Ready', status: 'False', ...why },
    { type: 'Reconciling', status: 'True', ...why },
  ],
};

test('instances whose lifecycle service hangs keep no other from its own', async () => {
  await using world = await World.create({
    accounts: [
      { username: USERNAME, password: PASSWORD, shape: 'msp', companies: 3 },
      { username: 'silent', password: PASSWORD, shape: 'msp', companies: 3, lifecycleToken: 'never-heard' },
    ],
    operator: false,
  });
  const { namespace, simulator } = world;
  const silentSecret = { ...world.lifecycleSecret('never-heard'), metadata: { name: 'silent' } };
  const lifecycle = { type: 'API', endpoint: simulator.lifecycleURL, secretRef: { name: 'silent' } };
  const things = (name: string): object[] => [
    world.account(name, { suspend: true }),
    world.instance(name, 'EMA2', { lifecycle, accountRef: { name }, instanceID: NO_INSTANCE }),
  ];
  // The right to read the Secrets first: who may not read one says that, and forgets that its service was silent.
  await world.apply(world.credentialsBinding(), silentSecret, world.lifecycleSecret(), ...SILENT.flatMap(things));
  for (const name of SILENT) {
    await world.admin.patch(PROTECT_INSTANCES, { namespace, name }, { status: UNANSWERED }, { subresource: 'status' });
  }
  const asked = simulator.faults.add({ account: 'silent', kind: 'hang' });

  const begun = Date.now();
  await world.startOperator();
  await world.synchronized();
  await expect.poll(() => simulator.faults.hits(asked), { timeout: 20_000 }).toBeGreaterThanOrEqual(LANE);
  const applied = Date.now();
  await world.apply(world.instance('console', 'EMA2'));
  await world.until('pi', 'console', (pi) => ready(pi) === 'Active');
  // It did not wait for a request to end; and until one does, no other silent service was asked.
  expect(Date.now() - applied).toBeLessThan(REQUEST_MS);
  const rounds = 1 + Math.floor((Date.now() - begun) / REQUEST_MS);
  expect(simulator.faults.hits(asked)).toBeLessThanOrEqual(LANE * rounds);

  // Once they answer, all come out of the lane on their own.
  simulator.faults.clear();
  const answered = async (): Promise<number> =>
    (await world.list('pi')).filter((pi) => ready(pi) === 'InstanceNotFound').length;
  await expect.poll(answered, { timeout: 60_000, interval: 500 }).toBe(SILENT.length);
}, 120_000);
