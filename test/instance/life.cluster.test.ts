// The life of an instance of a mixed account, through the lifecycle API: created, adopted by the other service, mirrored,
// removed on purpose and by the right service alone. The simulator's ledger is the witness.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.create({
    accounts: [{ username: USERNAME, password: PASSWORD, shape: 'msp', companies: 3, services: ['EMA2', 'EBA'] }],
  });
  await world.apply(world.lifecycleSecret());
  await world.synchronized('acme', { services: ['EMA2', 'EBA'] });
});
afterEach(async () => {
  const problems = world.upstream.lifecycle.violations();
  await world.end();
  if (problems.length > 0) throw new Error(`the ledger shows:\n${problems.join('\n')}`);
});

const reason = (thing: Thing): string | undefined => conditionOf(thing, 'Ready')?.reason;
const untilActive = (name: string): Promise<Thing> => world.until('pi', name, (pi) => reason(pi) === 'Active');
const remove = (name: string): Promise<string> =>
  world.cluster.kubectlOk(['delete', 'pi', name, '--wait=false'], { namespace: world.namespace });
const untilGone = async (name: string): Promise<void> => {
  await world.cluster.kubectlOk(['wait', '--for=delete', `pi/${name}`, '--timeout=20s'], {
    namespace: world.namespace,
  });
};
const untilHeld = (name: string, why: string): Promise<Thing> =>
  world.until('pi', name, (pi) => conditionOf(pi, 'Removal')?.reason === why);
const annotate = (name: string, annotation: string): Promise<string> =>
  world.cluster.kubectlOk(['annotate', 'pi', name, '--overwrite', annotation], { namespace: world.namespace });
const live = () => world.upstream.lifecycle.instances().filter(({ state }) => state !== 'Deleted');

test('one is created, mirrored, and removed only after its id was typed', async () => {
  await world.apply(world.instance('console', 'EMA2'));
  const created = await untilActive('console');
  const [instance] = live();
  expect(created.status).toMatchObject({
    instanceID: instance?.id,
    state: 'Active',
    creatingService: 'EMA2',
    accessibleFrom: ['EMA2'],
  });
  expect(conditionOf(created, 'OwnershipVerified')).toMatchObject({ status: 'True', reason: 'Confirmed' });
  expect(created.metadata.finalizers).toEqual(['mspoperator.dev/creating-service']);

  await remove('console');
  const held = await untilHeld('console', 'ConfirmationRequired');
  expect(conditionOf(held, 'Removal')).toMatchObject({ status: 'False' });
  await annotate('console', 'mspoperator.dev/confirm-removal=something-else');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(live()).toHaveLength(1);

  // The command of the message, as it stands there.
  const command =
    /kubectl (annotate .*?confirm-removal=\S+)/.exec(conditionOf(held, 'Removal')?.message ?? '')?.[1] ?? '';
  await world.cluster.kubectlOk(command.split(' '));
  await untilGone('console');
  expect(live()).toEqual([]);
});

test('a mixed account: the second service gets access to the same instance, and may never remove it', async () => {
  await world.apply(world.instance('from-ema', 'EMA2'));
  await untilActive('from-ema');
  await world.apply(world.instance('from-eba', 'EBA'));
  const second = await untilActive('from-eba');
  expect(second.status).toMatchObject({ creatingService: 'EMA2', accessibleFrom: ['EBA', 'EMA2'] });
  expect(live()).toHaveLength(1);

  await annotate('from-eba', `mspoperator.dev/confirm-removal=${second.status.instanceID}`);
  await remove('from-eba');
  const held = await untilHeld('from-eba', 'NotCreatingService');
  expect(conditionOf(held, 'Removal')?.message).toMatch(/created by EMA2, and only through EMA2/);
  expect(live()).toHaveLength(1);

  // The way out: the instance ends through its own service, and releases both.
  await annotate('from-ema', `mspoperator.dev/confirm-removal=${second.status.instanceID}`);
  await remove('from-ema');
  await untilGone('from-ema');
  await untilGone('from-eba');
  expect(live()).toEqual([]);
});

test('Orphan lets go of the object and leaves the instance, also where upstream does not answer', async () => {
  await world.apply(world.instance('console', 'EMA2'));
  await untilActive('console');
  world.simulator.faults.add({ operation: 'Lifecycle/List', kind: 'status', status: 503 });
  await remove('console');
  const held = await untilHeld('console', 'OwnershipUnverified');
  const command = /kubectl (patch .*)$/.exec(conditionOf(held, 'Removal')?.message ?? '')?.[1] ?? '';
  const words = command.replace(/--patch='(.*)'/, '--patch=$1').split(' ');
  await world.cluster.kubectlOk(words);
  await untilGone('console');
  expect(live()).toHaveLength(1);
});

test('a missing Secret holds the object, and never removes the instance; the Secret releases it', async () => {
  await world.apply(world.instance('console', 'EMA2'));
  const { status } = await untilActive('console');
  await annotate('console', `mspoperator.dev/confirm-removal=${status.instanceID}`);
  await world.until('pi', 'console', (pi) => conditionOf(pi, 'RemovalArmed')?.status === 'True');
  await world.cluster.kubectlOk(['delete', 'secret', 'lifecycle'], { namespace: world.namespace });
  await remove('console');
  const held = await untilHeld('console', 'OwnershipUnverified');
  expect(conditionOf(held, 'Removal')?.message).toContain('no Secret lifecycle');
  expect(live()).toHaveLength(1);
  await world.apply(world.lifecycleSecret());
  await untilGone('console');
  expect(live()).toEqual([]);
});

test('each change of what holds a deletion is one Warning event, and looking again is none', async () => {
  await world.apply(world.instance('console', 'EMA2'));
  await untilActive('console');
  await remove('console');
  await untilHeld('console', 'ConfirmationRequired');
  for (const value of ['1', '2', '3']) {
    await annotate('console', `mspoperator.dev/requestedAt=${value}`);
    await world.until('pi', 'console', (pi) => pi.status.lastHandledRequestedAt === value);
  }
  world.simulator.faults.add({ operation: 'Lifecycle/List', kind: 'status', status: 503 });
  await annotate('console', 'mspoperator.dev/requestedAt=4');
  await untilHeld('console', 'OwnershipUnverified');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const events = (await world.list('events.events.k8s.io')) as unknown as {
    type: string;
    reason: string;
    regarding: { kind: string };
    series?: object;
  }[];
  const told = events.filter(({ regarding, type }) => regarding.kind === 'ProtectInstance' && type === 'Warning');
  const held = told.filter(({ reason }) => ['ConfirmationRequired', 'OwnershipUnverified'].includes(reason));
  expect(held).toHaveLength(2);
  expect(new Map(held.map(({ reason, series }) => [reason, series]))).toEqual(
    new Map([
      ['ConfirmationRequired', undefined],
      ['OwnershipUnverified', undefined],
    ]),
  );
});

test('an instance that is gone is said to be gone, and never created again', async () => {
  await world.apply(world.instance('console', 'EMA2'));
  const { status } = await untilActive('console');
  world.upstream.lifecycle.portalRemove(status.instanceID as string, 'EMA2');
  const gone = await world.until('pi', 'console', (pi) => reason(pi) === 'InstanceGone');
  expect(conditionOf(gone, 'Stalled')?.status).toBe('True');
  await annotate('console', 'mspoperator.dev/requestedAt=again');
  await world.until('pi', 'console', (pi) => pi.status.lastHandledRequestedAt === 'again');
  expect(world.upstream.lifecycle.instances()).toHaveLength(1);
  await remove('console');
  await untilGone('console');
});

test('one that lives already is adopted, with the service that upstream names', async () => {
  const made = world.upstream.lifecycle.portalCreate('EBA');
  await world.apply(world.instance('console', 'EMA2'));
  const adopted = await untilActive('console');
  expect(adopted.status).toMatchObject({
    instanceID: made.id,
    creatingService: 'EBA',
    accessibleFrom: ['EBA', 'EMA2'],
  });
  expect(live()).toHaveLength(1);
});

test('one with a given id is adopted, or missed; it is never replaced by another', async () => {
  await world.apply(world.instance('console', 'EMA2', { instanceID: 'no-such-instance' }));
  await world.until('pi', 'console', (pi) => reason(pi) === 'InstanceNotFound');
  expect(live()).toEqual([]);
});

test('of two objects for one service the older works, the other says so and can go', async () => {
  await world.apply(world.instance('first', 'EMA2'));
  await untilActive('first');
  await world.apply(world.instance('second', 'EMA2'));
  const second = await world.until('pi', 'second', (pi) => reason(pi) === 'DuplicateInstance');
  expect(conditionOf(second, 'Ready')?.message).toContain('first');
  await remove('second');
  await untilGone('second');
  expect(live()).toHaveLength(1);
});

test('suspend creates nothing; taken back, it does', async () => {
  await world.apply(world.instance('console', 'EMA2', { suspend: true }));
  await world.until('pi', 'console', (pi) => reason(pi) === 'CreationSuspended');
  expect(live()).toEqual([]);
  await world.apply(world.instance('console', 'EMA2', { suspend: false }));
  await untilActive('console');
});

test('the dates of an expiring licence are mirrored and warned of', async () => {
  await world.apply(world.instance('console', 'EMA2'));
  const { status } = await untilActive('console');
  world.upstream.lifecycle.expire(status.instanceID as string, 'GracePeriod');
  await annotate('console', 'mspoperator.dev/requestedAt=1');
  const grace = await world.until('pi', 'console', (pi) => pi.status.state === 'GracePeriod');
  expect(grace.status.suspendAt).toBeDefined();
  expect(conditionOf(grace, 'Expiring')).toMatchObject({ status: 'True', reason: 'SuspensionDue' });
  expect(conditionOf(grace, 'Ready')?.status).toBe('True');
  world.upstream.lifecycle.expire(status.instanceID as string, 'Suspended');
  await annotate('console', 'mspoperator.dev/requestedAt=2');
  const suspended = await world.until('pi', 'console', (pi) => pi.status.state === 'Suspended');
  expect(conditionOf(suspended, 'Expiring')?.reason).toBe('DeletionDue');
  expect(conditionOf(suspended, 'Stalled')?.status).toBe('True');
});

test('records that disagree: nothing is removed, through neither service', async () => {
  await world.apply(world.instance('console', 'EMA2'));
  const { status } = await untilActive('console');
  world.upstream.lifecycle.setCreatingService(status.instanceID as string, 'EBA');
  await annotate('console', 'mspoperator.dev/requestedAt=1');
  const seen = await world.until('pi', 'console', (pi) => conditionOf(pi, 'OwnershipVerified')?.status === 'False');
  expect(conditionOf(seen, 'OwnershipVerified')?.reason).toBe('RecordsDisagree');
  await annotate('console', `mspoperator.dev/confirm-removal=${status.instanceID}`);
  await remove('console');
  await untilHeld('console', 'NotCreatingService');
  expect(live()).toHaveLength(1);
});

test('a token of another company lists nothing of ours: that is not "gone"', async () => {
  await world.apply(world.instance('console', 'EMA2'));
  await untilActive('console');
  const other = world.simulator.addAccount({
    username: 'other@msp.example',
    password: 'pw',
    shape: 'msp',
    companies: 2,
  });
  await world.apply(world.lifecycleSecret(other.lifecycle.token));
  await world.until('pi', 'console', (pi) => reason(pi) === 'AccountMismatch');
  await remove('console');
  await untilHeld('console', 'OwnershipUnverified');
  expect(live()).toHaveLength(1);
});

test('an account in use is held, keeps its login, and goes with its last instance', async () => {
  await world.apply(world.instance('console', 'EMA2'));
  const { status } = await untilActive('console');
  await world.cluster.kubectlOk(['delete', 'mspa', 'acme', '--wait=false'], { namespace: world.namespace });
  const held = await world.until(
    'mspa',
    'acme',
    (account) => conditionOf(account, 'DeletionBlocked')?.status === 'True',
  );
  expect(conditionOf(held, 'DeletionBlocked')?.message).toContain('console');
  await annotate('console', `mspoperator.dev/confirm-removal=${status.instanceID}`);
  await remove('console');
  await untilGone('console');
  await world.cluster.kubectlOk(['wait', '--for=delete', 'mspa/acme', '--timeout=20s'], { namespace: world.namespace });
  expect(live()).toEqual([]);
});

test('Portal: recorded and protected, with steps to do and a way to report them; the other object hears of it', async () => {
  const portal = (name: string, service: string): object =>
    world.instance(name, service, { lifecycle: { type: 'Portal' }, instanceID: 'eu02-acme', creatingService: 'EMA2' });
  await world.apply(portal('from-ema', 'EMA2'), portal('from-eba', 'EBA'));
  const declared = await world.until('pi', 'from-ema', (pi) => reason(pi) === 'Declared');
  expect(conditionOf(declared, 'OwnershipVerified')).toMatchObject({ status: 'True', reason: 'Declared' });
  expect(declared.status).toMatchObject({ instanceID: 'eu02-acme', creatingService: 'EMA2' });

  await remove('from-eba');
  await untilHeld('from-eba', 'NotCreatingService');
  await remove('from-ema');
  const held = await untilHeld('from-ema', 'AwaitingPortal');
  expect(conditionOf(held, 'Removal')?.message).toMatch(/msp\.eset\.com.*removed-in-portal=eu02-acme/);
  await annotate('from-ema', 'mspoperator.dev/removed-in-portal=eu02-acme');
  await untilGone('from-ema');
  await untilGone('from-eba');
});

test('Portal: two objects that disagree hold each other until a person clears it up', async () => {
  const portal = (name: string, service: string, creatingService: string): object =>
    world.instance(name, service, { lifecycle: { type: 'Portal' }, instanceID: 'eu02-acme', creatingService });
  await world.apply(portal('from-ema', 'EMA2', 'EMA2'), portal('from-eba', 'EBA', 'EBA'));
  await world.until('pi', 'from-ema', (pi) => conditionOf(pi, 'OwnershipVerified')?.reason === 'RecordsDisagree');
  await annotate('from-ema', 'mspoperator.dev/removed-in-portal=eu02-acme');
  await remove('from-ema');
  await untilHeld('from-ema', 'OwnershipUnverified');
  // The wrong one goes with Orphan; then nothing holds the other.
  await world.cluster.kubectlOk(
    ['patch', 'pi', 'from-eba', '--type=merge', '-p', '{"spec":{"deletionPolicy":"Orphan"}}'],
    {
      namespace: world.namespace,
    },
  );
  await remove('from-eba');
  await untilGone('from-eba');
  await untilGone('from-ema');
});
