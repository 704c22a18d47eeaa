// A tenant in one namespace can reach nothing of another, by no field: for each field that names something, leads somewhere or is an id
// upstream, objects that point at the other tenant. All are applied at once; each test then says what came of its field, and the last
// ones that nothing happened over there.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIELDS, REACHING, freeTextFields, type Reaching } from './fields.ts';
import { MINE, THEIRS, Tenants } from './stage.ts';

interface Try {
  readonly object: (tenants: Tenants) => object;
  readonly kind: 'mspa' | 'pi' | 'cust' | 'sg';
  /** Of the verdict; `refused`: the API server does not take it. */
  readonly comes: string;
}

const UNKNOWN = '9a3b7c1d-5e2f-4a6b-8c9d-0e1f2a3b4c5d';
const named = (kind: Try['kind'], comes: string, object: Try['object']): Try => ({ kind, comes, object });

const child =
  (kind: 'StaticGroup' | 'Customer', spec: object): Try['object'] =>
  () => ({
    apiVersion: 'mspoperator.dev/v1alpha1',
    kind,
    spec: { companyID: UNKNOWN, accountRef: { name: 'own' }, ...spec },
  });
const group = (spec: object): Try['object'] => child('StaticGroup', { type: 'MSP', displayName: 'X', ...spec });
const instance =
  (spec: (tenants: Tenants) => object): Try['object'] =>
  (tenants) =>
    tenants.world.instance('-', 'EBA', { accountRef: { name: 'of-this-try' }, ...spec(tenants) });
const secret = (name: (tenants: Tenants) => string): Try['object'] => {
  return (tenants) => tenants.account('-', { credentials: { secretRef: { name: name(tenants) } } });
};
const endpoint = (url: (tenants: Tenants) => string): Try['object'] => {
  return (tenants) => tenants.account('-', { endpoint: url(tenants) });
};
const lifecycle = (part: (tenants: Tenants) => object): Try['object'] =>
  instance((tenants) => ({
    lifecycle: {
      type: 'API',
      endpoint: `${tenants.world.simulator.url}/lifecycle`,
      secretRef: { name: 'own-lifecycle' },
      ...part(tenants),
    },
  }));

/** The instance that the other tenant has. */
const theirInstance = (tenants: Tenants): string => tenants.upstream(THEIRS).lifecycle.instances()[0]?.id ?? '';
/** A company that only the other tenant's login sees. */
const theirCustomer = (tenants: Tenants): string => [...tenants.upstream(THEIRS).tree.companies()].at(-1)?.id ?? '';
/** Names that would lead out of the namespace if they were put into a path or a key as they are. */
const WAYS_OUT = (tenants: Tenants, plural: string, name: string): string[] => [
  `${tenants.theirs}/${name}`,
  `../../${tenants.theirs}/${plural}/${name}`,
  `..%2f..%2f${tenants.theirs}%2f${plural}%2f${name}`,
];
const way = (index: number, plural: string, name: string) => (tenants: Tenants) =>
  WAYS_OUT(tenants, plural, name)[index] ?? '';

const TRIES: Readonly<Record<Reaching, readonly Try[]>> = {
  'mspaccounts.credentials.secretRef.name': [
    // The name of a Secret that only they have.
    named(
      'mspa',
      'SecretNotFound',
      secret(() => 'login'),
    ),
    named(
      'mspa',
      'SecretNotFound',
      secret(({ theirs }) => `login.${theirs}`),
    ),
    ...[0, 1, 2].map((index) => named('mspa', 'refused', secret(way(index, 'secrets', 'login')))),
  ],
  'mspaccounts.endpoint': [
    named(
      'mspa',
      'HostNotAllowed',
      endpoint(({ listenerURL }) => listenerURL),
    ),
    named(
      'mspa',
      'HostNotAllowed',
      endpoint(({ theirs }) => `https://service.${theirs}.svc`),
    ),
    named(
      'mspa',
      'HostNotAllowed',
      endpoint(() => 'https://kubernetes.default.svc'),
    ),
    named(
      'mspa',
      'HostNotAllowed',
      endpoint(() => 'https://169.254.169.254'),
    ),
    named(
      'mspa',
      'HostNotAllowed',
      endpoint(() => 'https://[fd00:ec2::254]'),
    ),
    named(
      'mspa',
      'refused',
      endpoint(({ listenerURL }) => listenerURL.replace('127.0.0.1', '127.1')),
    ),
    named(
      'mspa',
      'refused',
      endpoint(({ world, listenerURL }) => `${world.simulator.url}@${new URL(listenerURL).host}`),
    ),
    named(
      'mspa',
      'refused',
      endpoint(({ world }) => `${world.simulator.url}/../lifecycle`),
    ),
    named(
      'mspa',
      'refused',
      endpoint(() => 'file:///var/run/secrets/kubernetes.io/serviceaccount/token'),
    ),
  ],
  'staticgroups.accountRef.name': [
    named('sg', 'AccountMissing', group({ accountRef: { name: 'acme' } })),
    ...[0, 1].map((index) =>
      named('sg', 'AccountMissing', (tenants) =>
        group({ accountRef: { name: way(index, 'mspaccounts', 'acme')(tenants).slice(0, 63) } })(tenants),
      ),
    ),
  ],
  // Written by an admin, who may: not a company of the login, so it is not there, and nothing is learnt of it.
  'staticgroups.companyID': [
    named('sg', 'Removed', (tenants) => group({ companyID: tenants.upstream(THEIRS).company.id })(tenants)),
  ],
  'staticgroups.parentRef.name': [
    named('sg', 'Removed', (tenants) => group({ parentRef: { name: `${tenants.theirs}/root` } })(tenants)),
  ],
  'customers.accountRef.name': [
    named('cust', 'AccountMissing', child('Customer', { accountRef: { name: 'acme' } })),
    ...[0, 1].map((index) =>
      named('cust', 'AccountMissing', (tenants) =>
        child('Customer', { accountRef: { name: way(index, 'mspaccounts', 'acme')(tenants).slice(0, 63) } })(tenants),
      ),
    ),
  ],
  'customers.companyID': [
    named('cust', 'Removed', (tenants) => child('Customer', { companyID: theirCustomer(tenants) })(tenants)),
  ],
  'protectinstances.accountRef.name': [
    named(
      'pi',
      'AccountNotFound',
      instance(() => ({ accountRef: { name: 'acme' } })),
    ),
    ...[0, 1, 2].map((index) =>
      named('pi', 'AccountNotFound', (tenants) =>
        instance(() => ({ accountRef: { name: way(index, 'mspaccounts', 'acme')(tenants).slice(0, 63) } }))(tenants),
      ),
    ),
  ],
  'protectinstances.lifecycle.endpoint': [
    named(
      'pi',
      'HostNotAllowed',
      lifecycle(({ listenerURL }) => ({ endpoint: listenerURL })),
    ),
    named(
      'pi',
      'HostNotAllowed',
      lifecycle(({ theirs }) => ({ endpoint: `https://service.${theirs}.svc/x` })),
    ),
    named(
      'pi',
      'refused',
      lifecycle(({ world }) => ({ endpoint: `${world.simulator.url}/x/../lifecycle?a=b` })),
    ),
  ],
  'protectinstances.lifecycle.secretRef.name': [
    named(
      'pi',
      'SecretNotFound',
      lifecycle(() => ({ secretRef: { name: 'lifecycle' } })),
    ),
    ...[0, 1, 2].map((index) =>
      named(
        'pi',
        'refused',
        lifecycle((tenants) => ({ secretRef: { name: way(index, 'secrets', 'lifecycle')(tenants) } })),
      ),
    ),
  ],
  'protectinstances.instanceID': [
    // With my own token.
    named('pi', 'InstanceNotFound', (tenants) =>
      Object.assign(lifecycle(() => ({}))(tenants), {
        spec: {
          ...(lifecycle(() => ({}))(tenants) as { spec: object }).spec,
          instanceID: theirInstance(tenants),
        },
      }),
    ),
    // Declared, with another creating service than theirs.
    named('pi', 'Declared', (tenants) =>
      instance(() => ({
        lifecycle: { type: 'Portal' },
        instanceID: theirInstance(tenants),
        creatingService: 'EBA',
      }))(tenants),
    ),
  ],
};

const tries = REACHING.flatMap((field) =>
  TRIES[field].map((it, index) => ({ ...it, field, name: nameOf(field, index) })),
);
function nameOf(field: string, index: number): string {
  return `${field.replaceAll('.', '-').toLowerCase()}-${index}`.slice(-63).replace(/^-+/, '');
}

let tenants: Tenants;
let before = 0;
beforeAll(async () => {
  tenants = await Tenants.create();
  await tenants.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'own-lifecycle' },
    stringData: { token: tenants.upstream(MINE).lifecycle.token },
  });
  const instances = tries.filter(({ kind, comes }) => kind === 'pi' && comes !== 'refused');
  await tenants.apply(...instances.map(({ name }) => tenants.account(accountOf(name), { services: ['EBA'] })));
  before = await tenants.mark();
  await tenants.apply(...tries.filter(({ comes }) => comes !== 'refused').map(manifest));
});
afterAll(() => tenants.end());

function manifest({ object, name }: (typeof tries)[number]): object {
  const text = JSON.stringify({ ...object(tenants), metadata: { name } });
  return JSON.parse(text.replaceAll('"of-this-try"', JSON.stringify(accountOf(name)))) as object;
}

/** An instance has an account to itself, since of two for one account the older works. */
function accountOf(name: string): string {
  return `of-${name}`.slice(0, 63).replace(/-+$/, '');
}

test('every field with free text is known', () => {
  expect(freeTextFields().sort()).toEqual(Object.keys(FIELDS).sort());
});

describe.each(REACHING)('%s', (field) => {
  const own = tries.filter((it) => it.field === field);
  const taken = own.filter(({ comes }) => comes !== 'refused');
  const refused = own.filter(({ comes }) => comes === 'refused');

  test.each(taken)('$name: $comes', async ({ kind, name, comes }) => {
    if (comes === 'Removed') await syncMine();
    const { status } = await tenants.until(kind, name, comes);
    const told = JSON.stringify(status);
    for (const secret of theirSecrets()) expect(told).not.toContain(secret);
  });

  if (refused.length === 0) return;
  test('what leads out of the namespace is refused at once', async () => {
    const list = { apiVersion: 'v1', kind: 'List', items: refused.map(manifest) };
    const { stderr, stdout } = await tenants.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(list));
    expect(stdout).toBe('');
    expect(stderr.match(/is invalid/g)).toHaveLength(refused.length);
  });
});

/** What only they know. */
function theirSecrets(): string[] {
  const { tree, lifecycle: instances } = tenants.upstream(THEIRS);
  const consoles = instances.instances().map(({ consoleURL }) => consoleURL ?? '-');
  return [...[...tree.companies()].map(({ name }) => name), ...consoles, THEIRS.password];
}

let synced = false;
async function syncMine(): Promise<void> {
  if (synced) return;
  synced = true;
  const value = 'once-more';
  await tenants.kubectl(['annotate', 'mspa', 'own', `mspoperator.dev/requestedAt=${value}`]);
  await expect
    .poll(async () => (await tenants.get('mspa', 'own')).status.lastHandledRequestedAt as string, { timeout: 20_000 })
    .toBe(value);
}

test('deleting what claims their instance, confirmed, leaves it alive', async () => {
  const id = theirInstance(tenants);
  const claims = tries.filter(({ field }) => field === 'protectinstances.instanceID').map(({ name }) => name);
  for (const name of claims) {
    await tenants.kubectl([
      'annotate',
      'pi',
      name,
      `mspoperator.dev/confirm-removal=${id}`,
      `mspoperator.dev/removed-in-portal=${id}`,
    ]);
    await tenants.kubectl(['delete', 'pi', name, '--wait=false']);
  }
  await expect
    .poll(async () => (await tenants.kubectl(['get', 'pi', ...claims, '-o', 'name'])).stdout, { timeout: 20_000 })
    .toBe('');
  expect(tenants.upstream(THEIRS).lifecycle.instances()).toMatchObject([{ id, state: 'Active' }]);
});

test('an account of the same name is another account, and takes nothing along when it goes', async () => {
  await tenants.apply(
    tenants.account('acme', { deletionPolicy: 'Delete', credentials: { secretRef: { name: 'none' } } }),
  );
  await tenants.until('mspa', 'acme', 'SecretNotFound');
  // What refers to it would hold it.
  for (const { name } of tries.filter(({ field }) => field === 'protectinstances.accountRef.name')) {
    expect(await tenants.kubectl(['delete', 'pi', name, '--timeout=20s'])).toMatchObject({ code: 0 });
  }
  expect(await tenants.kubectl(['delete', 'mspa', 'acme', '--timeout=20s'])).toMatchObject({ code: 0 });
  expect((await tenants.world.customers()).length).toBeGreaterThan(0);
});

test('after all that the operator has asked for nothing over there, and nobody was connected to', async () => {
  expect(await tenants.asked(before)).toEqual([]);
  expect(tenants.connections).toBe(0);
  // It counts: this asks.
  const since = await tenants.mark();
  await tenants.world.sync();
  expect((await tenants.asked(since)).length).toBeGreaterThan(0);
});
