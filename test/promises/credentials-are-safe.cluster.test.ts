// Promise 10, credentials are safe: a refused login is stored and not repeated, over restarts too, until something changes, and at
// most three times an hour; a changed Secret is used at once, also while a sync runs.
// Injected: wrong passwords, logins answered with 500, slow and hanging upstreams, stops and SIGKILLs of the operator.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';
import { when } from '../proxy/rules.ts';

/** Long enough for the operator to do what it must not. */
const QUIET_MS = 1_500;
const HOUR = 3_600_000;

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.end());

const counts = () => world.simulator.counts().accounts[USERNAME];
const refused = (): number => counts()?.failedLogins ?? 0;
const tried = (): number => counts()?.operations['Token/Get'] ?? 0;
const login = (password: string, name = 'login') => world.secret(name, { username: USERNAME, password });
const applied = (...more: object[]) => world.apply(world.credentialsBinding(), world.account(), ...more);
const reasonOf = (account: Thing) => conditionOf(account, 'Ready')?.reason;

async function restart(how: 'stop' | 'kill'): Promise<void> {
  await world.stopOperator(how);
  await world.startOperator();
}

describe('a refused login', () => {
  test('is stored, and repeated neither by a stop, nor by a crash, nor by another change of the account', async () => {
    await applied(login('wrong'));
    const account = await world.untilReason('acme', 'LoginRefused');
    expect(account.status.credentials.refusedAt).toBeDefined();
    expect(account.status.credentials.refusals).toHaveLength(1);
    expect(conditionOf(account, 'Stalled')?.status).toBe('True');
    for (const how of ['stop', 'kill'] as const) {
      await restart(how);
      await world.cluster.kubectlOk(['label', 'mspa', 'acme', `how=${how}`, '--overwrite'], {
        namespace: world.namespace,
      });
      await sleep(QUIET_MS);
    }
    expect(refused()).toBe(1);

    expect(reasonOf(await world.sync())).toBe('LoginRefused'); // a person asks for it: once
    await sleep(QUIET_MS);
    expect(refused()).toBe(2);

    await world.apply(login(PASSWORD)); // a changed Secret is used at once
    const since = Date.now();
    const ready = await world.untilReady();
    expect(Date.now() - since).toBeLessThan(5_000);
    expect(refused()).toBe(2);
    // They still count against the hour.
    expect(ready.status.credentials).not.toHaveProperty('refusedAt');
    expect(ready.status.credentials.refusals).toHaveLength(2);
  });

  test('is tried three times an hour at most, over many Secrets and restarts, until the oldest is an hour old', async () => {
    await applied(login('wrong'));
    await world.untilReason('acme', 'LoginRefused');
    let throttled = await world.get('mspa', 'acme');
    for (let n = 1; n <= 6; n++) {
      await world.apply(login(`wrong ${n}`));
      const { resourceVersion } = (await world.get('secret', 'login')).metadata;
      throttled = await world.until(
        'mspa',
        'acme',
        ({ status }) => status.credentials?.secretResourceVersion === resourceVersion,
      );
      expect(reasonOf(throttled)).toBe(n < 3 ? 'LoginRefused' : 'LoginThrottled');
      if (n % 2 === 0) await restart(n === 2 ? 'kill' : 'stop');
    }
    expect(refused()).toBe(3);
    expect(throttled.status.credentials).not.toHaveProperty('refusedAt');
    expect(Date.parse(throttled.status.sync.nextAt) - Date.now()).toBeGreaterThan(HOUR - 120_000);
    expect(reasonOf(await world.sync())).toBe('LoginThrottled'); // a person cannot pass it either
    expect(refused()).toBe(3);

    // An hour later: the times in the status have aged.
    await world.stopOperator();
    const ago = (ms: number): string => new Date(Date.now() - ms).toISOString().replace(/\.\d+Z$/, 'Z');
    const refusals = [ago(HOUR + 1000), ago(1000), ago(0)];
    const patch = JSON.stringify({ status: { credentials: { refusals }, sync: { nextAt: ago(1000) } } });
    await world.kubectl(['patch', 'mspa', 'acme', '--subresource=status', '--type=merge', '-p', patch]);
    await world.startOperator();
    const again = await world.untilReason('acme', 'LoginRefused');
    expect(refused()).toBe(4);
    expect(again.status.credentials.refusals).toEqual([refusals[1], refusals[2], expect.any(String)]);
  });

  test('counts for all accounts with the same username, those that come at the same time too', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    await world.apply(world.credentialsBinding(), ...names.map((name) => login(`wrong ${name}`, name)));
    const slow = world.simulator.faults.add({ kind: 'delay', ms: 300, operation: 'Token/Get' });
    await world.apply(...names.map((name) => world.account(name, { credentials: { secretRef: { name } } })));
    const settled = ({ status }: Thing): boolean => status.credentials?.secretResourceVersion !== undefined;
    const accounts = await Promise.all(names.map((name) => world.until('mspa', name, settled)));
    const having = (reason: string) => accounts.filter((account) => reasonOf(account) === reason);
    expect([having('LoginRefused').length, having('LoginThrottled').length]).toEqual([3, 3]);
    expect(refused()).toBe(3);
    world.simulator.faults.remove(slow);
  });

  test('ends a sync at its last question to upstream, too, and is stored', async () => {
    await world.synchronized();
    const searches = counts()?.operations['Search/Companies'] ?? 0;
    world.upstream.remove(world.upstream.find('Tallow Street Theatre')?.id ?? '');
    world.simulator.faults.add({ kind: 'delay', ms: 800, operation: 'Search/Companies' });
    const sync = world.sync();
    while ((counts()?.operations['Search/Companies'] ?? 0) === searches) await sleep(10);
    world.upstream.setPassword('changed'); // the crawl is complete; the absent company is still to be asked for
    world.upstream.revokeTokens();
    const account = await sync;
    expect(reasonOf(account)).toBe('LoginRefused');
    expect(account.status.credentials.refusedAt).toBeDefined();
    expect(refused()).toBe(1);
  });

  test('a login that is answered with 500 may be one: it is not repeated on and on', async () => {
    world.simulator.faults.add({ kind: 'status', status: 500, operation: 'Token/Get' });
    await applied(login(PASSWORD));
    const account = await world.untilReason('acme', 'UpstreamError');
    expect(conditionOf(account, 'Ready')?.message).toMatch(/wrong username or password.*every 20 minutes/);
    expect(conditionOf(account, 'Reconciling')?.status).toBe('True');
    expect(Date.parse(account.status.sync.nextAt) - Date.now()).toBeGreaterThan(15 * 60_000);
    expect(account.status.credentials.refusals).toHaveLength(1);
    await restart('kill');
    await sleep(QUIET_MS);
    expect(tried()).toBe(1);
    for (let n = 2; n <= 5; n++) await world.sync();
    expect(tried()).toBe(3);
    expect(reasonOf(await world.get('mspa', 'acme'))).toBe('LoginThrottled');
  });
});

describe('a login that is rotated while a sync reads', () => {
  /** Every verdict that the account shows while `work` runs. */
  async function verdictsDuring(work: () => Promise<unknown>): Promise<Set<string>> {
    const seen = new Set<string>();
    const done = new AbortController();
    const watching = (async () => {
      while (!done.signal.aborted) {
        const { status } = await world.get('mspa', 'acme');
        for (const { type, status: is, reason } of status.conditions) seen.add(`${type}=${is}/${reason}`);
      }
    })();
    await work().finally(() => done.abort());
    await watching;
    return seen;
  }

  /** Until a request of this kind is being answered. */
  async function asked(operation: string, times: number): Promise<void> {
    const deadline = Date.now() + 20_000;
    while ((counts()?.operations[operation] ?? 0) < times) {
      if (Date.now() > deadline) throw new Error(`${operation} was not asked`);
      await sleep(20);
    }
  }

  const rotated = async (password: string): Promise<void> => {
    world.upstream.setPassword(password);
    world.upstream.revokeTokens();
    await world.apply(login(password));
  };

  test('the sync starts over with it at once, though a request hangs; nobody sees a refusal', async () => {
    await world.synchronized();
    const listings = counts()?.operations['Company/Children'] ?? 0;
    const added = world.upstream.add({ name: 'Larkfield Surgery', type: 'Customer' });
    world.simulator.faults.add({ kind: 'hang', operation: 'Company/Children', times: 1 });
    const since = { at: 0 };
    const seen = await verdictsDuring(async () => {
      const sync = world.sync();
      await asked('Company/Children', listings + 1);
      since.at = Date.now();
      await rotated('rotated');
      await sync;
      await world.untilReady();
    });
    expect(Date.now() - since.at).toBeLessThan(10_000); // a request may take 30 s
    expect([...seen].sort()).toEqual([
      'CredentialsValid=True/LoginAccepted',
      'Ready=True/Synchronized',
      'Synchronized=True/AccountSynchronized',
    ]);
    expect(refused()).toBe(0);
    await world.childOf('cust', added.id);
    const { resourceVersion } = (await world.get('secret', 'login')).metadata;
    const { status } = await world.get('mspa', 'acme');
    expect(status.credentials).toEqual({ secretResourceVersion: resourceVersion });
  });

  test('a login that is refused after it was replaced is no refusal of the new one, but counts in the hour', async () => {
    await world.synchronized();
    const before = tried();
    world.upstream.setPassword('rotated');
    world.upstream.revokeTokens();
    world.simulator.faults.add({ kind: 'delay', ms: 5_000, operation: 'Token/Get', times: 1 });
    const seen = await verdictsDuring(async () => {
      const sync = world.sync();
      await asked('Token/Get', before + 1);
      await world.apply(login('rotated'));
      await sync;
      await world.untilReady();
    });
    expect([...seen].some((verdict) => verdict.includes('LoginRefused'))).toBe(false);
    expect(refused()).toBe(1);
    const { status } = await world.get('mspa', 'acme');
    expect(status.credentials.refusals).toHaveLength(1);
    expect(status.credentials).not.toHaveProperty('refusedAt');
  });

  test('wrong logins one after another, each before the other is answered, come to three an hour too', async () => {
    world.simulator.faults.add({ kind: 'delay', ms: 600, operation: 'Token/Get' });
    await applied(login('wrong'));
    for (let n = 1; n <= 8; n++) {
      await sleep(250);
      await world.apply(login(`wrong ${n}`));
    }
    await world.untilReason('acme', 'LoginThrottled');
    expect(refused()).toBe(3);
  });

  test('a write to the Secret that leaves the login as it is calls nothing off, and asks for no second sync', async () => {
    await world.synchronized();
    const [logins, listings] = [tried(), counts()?.operations['Company/Children'] ?? 0];
    world.simulator.faults.add({ kind: 'delay', ms: 4_000, operation: 'Company/Children', times: 1 });
    const sync = world.sync();
    await asked('Company/Children', listings + 1);
    await world.cluster.kubectlOk(['label', 'secret', 'login', 'some=label'], { namespace: world.namespace });
    const { resourceVersion } = (await world.get('secret', 'login')).metadata;
    await sync;
    expect((await world.get('mspa', 'acme')).status.credentials.secretResourceVersion).toBe(resourceVersion);
    await sleep(QUIET_MS);
    expect(tried() - logins).toBe(1);
  });

  test('an account that is given another Secret meanwhile uses that one', async () => {
    await world.synchronized();
    const listings = counts()?.operations['Company/Children'] ?? 0;
    world.simulator.faults.add({ kind: 'hang', operation: 'Company/Children', times: 1 });
    const sync = world.sync();
    await asked('Company/Children', listings + 1);
    world.upstream.setPassword('rotated');
    world.upstream.revokeTokens();
    await world.apply(login('rotated', 'login-2'));
    const since = Date.now();
    await world.apply(world.account('acme', { credentials: { secretRef: { name: 'login-2' } } }));
    await sync;
    await world.untilReady();
    expect(Date.now() - since).toBeLessThan(10_000);
    expect(refused()).toBe(0);
  });
});

test('a refusal is checked against the Secret itself: a watch that says nothing does not make it one of the new login', async () => {
  await world.end();
  world = await World.create({
    proxy: { rules: [when({ resource: 'secrets', isWatch: true }, { do: 'freeze', at: 'request' })] },
  });
  world.simulator.faults.add({ kind: 'delay', ms: 4_000, operation: 'Token/Get', times: 1 });
  await applied(login('old'));
  while (tried() === 0) await sleep(20);
  await world.apply(login(PASSWORD));
  const seen = await world.until(
    'mspa',
    'acme',
    (account) => !['Pending', 'Progressing'].includes(reasonOf(account) ?? ''),
  );
  expect(reasonOf(seen)).toBe('Synchronized');
  expect(refused()).toBe(1);
  world.proxy.release();
});

test('a login that is rotated while a sync writes: that sync ends, and the next one follows at once', async () => {
  await world.end();
  world = await World.create({ proxy: {} });
  world.proxy.setRules([when({ resource: 'customers', verb: 'create' }, { do: 'delay', ms: 1_000 })]);
  await applied(login(PASSWORD));
  await world.until('mspa', 'acme', () => world.proxy.exchanges(({ resource }) => resource === 'customers').length > 3);
  world.upstream.setPassword('rotated');
  world.upstream.revokeTokens();
  await world.apply(login('rotated'));
  const { resourceVersion } = (await world.get('secret', 'login')).metadata;
  const used = ({ status }: Thing): boolean => status.credentials?.secretResourceVersion === resourceVersion;
  const account = await world.until('mspa', 'acme', used);
  expect(reasonOf(account)).toBe('Synchronized');
  expect(await world.customers()).toHaveLength(55);
  expect([tried(), refused()]).toEqual([2, 0]);
});

describe('tokens', () => {
  test('that live for a second: a sync of many seconds completes, with a fresh login for each', async () => {
    world.upstream.setQuirks({ tokenLifetimeSeconds: 1 });
    world.simulator.faults.add({ kind: 'delay', ms: 700, operation: 'Company/Children' });
    const since = Date.now();
    await world.synchronized();
    const seconds = (Date.now() - since) / 1000;
    expect(refused()).toBe(0);
    expect(tried()).toBeGreaterThan(1);
    expect(tried()).toBeLessThanOrEqual(seconds + 1);
  });

  test('that are revoked in the middle: one fresh login', async () => {
    await world.synchronized();
    const before = tried();
    const listings = counts()?.operations['Company/Children'] ?? 0;
    world.simulator.faults.add({ kind: 'delay', ms: 300, operation: 'Company/Children' });
    const sync = world.sync();
    while ((counts()?.operations['Company/Children'] ?? 0) < listings + 2) await sleep(10);
    world.upstream.revokeTokens();
    expect(reasonOf(await sync)).toBe('Synchronized');
    expect(tried() - before).toBe(2);
  });
});

describe('a Secret whose', () => {
  test.each<[what: string, data: Record<string, string>, reason: string, message: RegExp]>([
    ['username is missing', { password: PASSWORD }, 'SecretKeyMissing', /has no username\. Give it the keys/],
    ['password is empty', { username: USERNAME, password: '' }, 'SecretKeyMissing', /has no password\./],
    ['password is a line end', { username: USERNAME, password: '\n' }, 'SecretKeyMissing', /has no password\./],
    [
      'password has two line ends',
      { username: USERNAME, password: `${PASSWORD}\n\n` },
      'SecretKeyInvalid',
      /login password cannot be right: it holds a line break/,
    ],
    [
      'username and password are two lines',
      { username: `${USERNAME}\nx`, password: `x\r\n${PASSWORD}` },
      'SecretKeyInvalid',
      /login username and password cannot be right/,
    ],
  ])('%s is named, and nothing is sent', async (_what, data, reason, message) => {
    await applied(world.secret('login', data));
    const account = await world.untilReason('acme', reason);
    expect(conditionOf(account, 'Ready')?.message).toMatch(message);
    expect(conditionOf(account, 'CredentialsValid')).toMatchObject({ status: 'False', reason });
    expect(conditionOf(account, 'Stalled')?.status).toBe('True');
    expect(tried()).toBe(0);
    await world.apply(login(PASSWORD));
    await world.untilReady();
  });

  test.each(['\n', '\r\n'])(
    'values end with the line end %j that echo and editors leave: it is no part of them',
    async (end) => {
      await applied(world.secret('login', { username: `${USERNAME}${end}`, password: `${PASSWORD}${end}` }));
      await world.untilReady();
      expect(refused()).toBe(0);
    },
  );
});
