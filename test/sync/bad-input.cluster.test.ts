// Bad input gets a clear answer and loses nothing: each is a condition with its own reason and a message that says what to do,
// and no child object is touched. After it is mended the account converges without help.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';
import type { FaultEffect } from '../simulator/simulator.ts';

let world: World;
let children: Map<string, string>;

const versions = async (): Promise<Map<string, string>> =>
  new Map(
    [...(await world.groups()), ...(await world.customers())].map(({ metadata }) => [
      metadata.uid,
      metadata.resourceVersion,
    ]),
  );

beforeAll(async () => {
  world = await World.create();
  await world.synchronized();
});
afterAll(() => world.end());

beforeEach(async () => {
  world.simulator.faults.clear();
  world.upstream.setPassword(PASSWORD);
  await world.apply(world.secret(), world.credentialsBinding(), world.account());
  await world.sync();
  await world.untilReady();
  children = await versions();
});

/** The verdict, and that nothing was lost by it. */
async function expectVerdict(account: Thing, acts: 'Reconciling' | 'Stalled', message: RegExp): Promise<void> {
  const ready = conditionOf(account, 'Ready');
  expect(ready?.status).toBe('False');
  expect(ready?.message).toMatch(message);
  expect(conditionOf(account, acts)).toMatchObject({ status: 'True', reason: ready?.reason });
  expect(conditionOf(account, acts === 'Stalled' ? 'Reconciling' : 'Stalled')).toBeUndefined();
  expect(await versions()).toEqual(children);
}

test('a Secret that is not there, then comes', async () => {
  await world.cluster.kubectlOk(['delete', 'secret', 'login'], { namespace: world.namespace });
  const account = await world.untilReason('acme', 'SecretNotFound');
  await expectVerdict(account, 'Reconciling', /no Secret login in the namespace .*keys username and password/);
  expect(conditionOf(account, 'CredentialsValid')).toMatchObject({ status: 'False', reason: 'SecretNotFound' });
  const since = Date.now();
  await world.apply(world.secret());
  await world.untilReady();
  expect(Date.now() - since).toBeLessThan(5000);
});

test('a Secret without the key, then with it', async () => {
  await world.cluster.kubectlOk(['delete', 'secret', 'login'], { namespace: world.namespace });
  await world.apply(world.secret('login', { username: USERNAME }));
  await expectVerdict(
    await world.untilReason('acme', 'SecretKeyMissing'),
    'Stalled',
    /has no password\. Give it the keys/,
  );
  await world.apply(world.secret());
  await world.untilReady();
});

test('a Secret that the operator may not read; the message holds the exact command', async () => {
  await world.cluster.kubectlOk(['delete', 'rolebinding', 'eset-msp-operator-credentials'], {
    namespace: world.namespace,
  });
  const account = await world.sync();
  await expectVerdict(account, 'Reconciling', /Run: kubectl create rolebinding/);
  expect(conditionOf(account, 'Ready')?.reason).toBe('SecretForbidden');
  const command = /Run: kubectl (.*)$/.exec(conditionOf(account, 'Ready')?.message ?? '')?.[1] ?? '';
  await world.cluster.kubectlOk(command.split(' '));
  // No watch can say that a permission came; the retry finds it.
  await world.until('mspa', 'acme', (thing) => conditionOf(thing, 'Ready')?.status === 'True', 40_000);
});

test('a wrong password: one login, and no second one until something changes', async () => {
  const logins = (): number => world.simulator.counts().accounts[USERNAME]?.failedLogins ?? 0;
  const before = logins();
  world.upstream.setPassword('changed');
  world.upstream.revokeTokens();
  const account = await world.sync();
  expect(conditionOf(account, 'Ready')?.reason).toBe('LoginRefused');
  await expectVerdict(account, 'Stalled', /not tried again.*until the Secret, the spec or the annotation/);
  expect(account.status.credentials.refusedAt).toBeDefined();
  expect(logins() - before).toBe(1);

  // A restart of the operator, a label, an hour of waiting: none of them is a reason to try again.
  await world.stopOperator();
  await world.startOperator();
  await world.cluster.kubectlOk(['label', 'mspa', 'acme', 'some=label'], { namespace: world.namespace });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(logins() - before).toBe(1);

  // requestedAt is: a person asks for it.
  await world.sync();
  expect(logins() - before).toBe(2);

  // And a new Secret is, at once.
  await world.apply(world.secret('login', { username: USERNAME, password: 'changed' }));
  await world.untilReady();
  expect(logins() - before).toBe(2);
});

test('a host that is not on the allow-list', async () => {
  await world.apply(world.account('acme', { endpoint: 'https://ema.example.com' }));
  const account = await world.untilReason('acme', 'HostNotAllowed');
  await expectVerdict(account, 'Stalled', /ema\.example\.com.*--upstream-hosts/);
  await world.apply(world.account());
  await world.untilReady();
});

test('an endpoint that nobody answers on', async () => {
  const port = Number(world.upstreamPort);
  await world.simulator.stop();
  const account = await world.sync();
  expect(conditionOf(account, 'Ready')?.reason).toBe('UpstreamUnreachable');
  await expectVerdict(account, 'Reconciling', /tries again on its own/);
  await world.simulator.start({ port });
}, 90_000);

const FAULTS: readonly [name: string, effect: FaultEffect, reason: string, message: RegExp][] = [
  ['HTML', { kind: 'html' }, 'UpstreamInvalid', /HTML/],
  ['500', { kind: 'status', status: 500 }, 'UpstreamError', /HTTP 500/],
  ['503', { kind: 'status', status: 503 }, 'UpstreamMaintenance', /HTTP 503.*maintenance/],
  ['429', { kind: 'status', status: 429 }, 'UpstreamThrottled', /HTTP 429/],
  ['403', { kind: 'status', status: 403 }, 'UpstreamForbidden', /HTTP 403/],
  ['half a page', { kind: 'truncated' }, 'UpstreamUnreachable', /./],
  ['broken JSON', { kind: 'invalid-json' }, 'UpstreamInvalid', /./],
  ['another shape', { kind: 'wrong-shape' }, 'UpstreamInvalid', /./],
  ['an empty answer', { kind: 'empty' }, 'UpstreamInvalid', /./],
  [
    'a redirect',
    { kind: 'status', status: 302, location: 'https://protecthub.eset.com/' },
    'UpstreamMoved',
    /redirect.*ESET PROTECT Hub/,
  ],
];

describe('an upstream that answers the first listing with', () => {
  test.each(FAULTS)('%s', async (_name, effect, reason, message) => {
    const own = world.upstream.company.id;
    world.simulator.faults.add({ operation: 'Company/Children', companyId: own, ...effect });
    const account = await world.sync();
    expect(conditionOf(account, 'Ready')?.reason).toBe(reason);
    await expectVerdict(account, 'Reconciling', message);
    expect(conditionOf(account, 'Synchronized')).toMatchObject({ status: 'False', reason });
    world.simulator.faults.clear();
    await world.sync();
    await world.untilReady();
  });
});

test('one branch that cannot be read: the rest is applied, nothing of the branch is touched, and it is not success', async () => {
  const branch = world.upstream.find('Pinecrest Computing');
  if (branch === undefined) throw new Error('no such company');
  world.simulator.faults.add({ operation: 'Company/Children', companyId: branch.id, kind: 'status', status: 500 });
  const added = world.upstream.add({ name: 'Larkfield Surgery', type: 'Customer' });
  const account = await world.sync();
  expect(conditionOf(account, 'Ready')).toMatchObject({ status: 'False', reason: 'PartialSnapshot' });
  expect(conditionOf(account, 'Ready')?.message).toContain(branch.id);
  await world.childOf('cust', added.id);
  const now = await versions();
  for (const [uid, version] of children) expect(now.get(uid)).toBe(version);
  world.upstream.remove(added.id);
});
