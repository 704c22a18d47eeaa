// What people may do who hold the cluster's own roles view, edit and admin in a namespace: with accounts, instances, customers
// and groups exactly this, and nothing in another namespace.

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connect } from '../controlplane/client.ts';
import { full, KINDS, minimal } from '../api/examples.ts';
import { shipped } from '../harness/shipped.ts';
import { without } from './rules.ts';

const cluster = connect(inject('controlPlane'));
const GROUP = 'mspoperator.dev';
const DECLARED = ['mspaccounts', 'protectinstances'];
const ALL = ['mspaccounts', 'protectinstances', 'staticgroups', 'customers'] as const;
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

const VIEW = new Set(ALL.flatMap((resource) => ['get', 'list', 'watch'].map((verb) => `${verb} ${resource}`)));
const EDIT = new Set([
  ...VIEW,
  ...[...DECLARED, 'customers'].flatMap((resource) =>
    ['create', 'update', 'patch', 'delete'].map((verb) => `${verb} ${resource}`),
  ),
  'delete staticgroups',
]);
const ADMIN = new Set([...EDIT, ...ALL.map((resource) => `deletecollection ${resource}`)]);

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

let own: string;
let other: string;
beforeAll(async () => {
  [own, other] = await Promise.all([cluster.createNamespace('people'), cluster.createNamespace('people')]);
  for (const role of ['view', 'edit', 'admin']) {
    const args = ['create', 'rolebinding', role, `--clusterrole=${role}`, `--user=${role}-user`];
    await cluster.kubectlOk(args, { namespace: own });
  }
});
afterAll(async () => {
  await Promise.all([own, other].map((name) => cluster.deleteNamespace(name, { wait: false })));
});

/** "verb resource" of our group that the API server lets this user do. */
async function allowed(user: string, namespace: string): Promise<Set<string>> {
  const reviews = [...ALL, ...ALL.map((resource) => `${resource}/status`)].flatMap((resource) =>
    VERBS.map((verb) => ({ verb, resource })),
  );
  const items = reviews.map(({ verb, resource }) => {
    const [plural, subresource = ''] = resource.split('/');
    return {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, resourceAttributes: { namespace, verb, group: GROUP, resource: plural, subresource } },
    };
  });
  const input = items.map((item) => JSON.stringify(item)).join('\n---\n');
  const text = await cluster.kubectlOk(['create', '-f', '-', '-o', 'jsonpath={.status.allowed} '], { input });
  const answers = text.trim().split(' ');
  expect(answers).toHaveLength(reviews.length);
  return new Set(
    reviews.filter((_, index) => answers[index] === 'true').map(({ verb, resource }) => `${verb} ${resource}`),
  );
}

describe.for<[string, ReadonlySet<string>]>([
  ['view', VIEW],
  ['edit', EDIT],
  ['admin', ADMIN],
])('%s', ([role, expected]) => {
  test('may do this and nothing else', async () => {
    // The cluster's roles take in the chart's a moment after these are installed.
    await expect.poll(() => allowed(`${role}-user`, own), { timeout: 15_000 }).toEqual(expected);
  });

  test('may do nothing in another namespace', async () => {
    expect([...(await allowed(`${role}-user`, other))]).toEqual([]);
  });
});

test('an editor manages accounts and instances, sets customers up, and writes neither groups nor status', async () => {
  const editor =
    (...args: string[]) =>
    (input?: object) =>
      cluster.kubectl(['--as=edit-user', ...args], {
        namespace: own,
        input: input === undefined ? undefined : JSON.stringify(input),
      });
  for (const plural of ALL.filter((each) => each !== 'staticgroups')) {
    expect(await editor('create', '-f', '-')(minimal(plural, 'mine'))).toMatchObject({ code: 0 });
    expect(await editor('label', plural, 'mine', 'team=blue')()).toMatchObject({ code: 0 });
    const status = JSON.stringify({ status: full(plural).status });
    const refused = await editor('patch', plural, 'mine', '--subresource=status', '--type=merge', '-p', status)();
    expect(refused.stderr).toContain(`resource "${plural}/status"`);
    expect(await editor('delete', plural, 'mine')()).toMatchObject({ code: 0 });
  }
  expect((await editor('create', '-f', '-')(minimal('staticgroups', 'mine'))).stderr).toContain('is forbidden');
  expect((await editor('create', 'rolebinding', 'x', '--clusterrole=edit', '--user=x')()).stderr).toContain(
    'forbidden',
  );
});

test('nobody of them reaches the definitions or the policies', async () => {
  for (const user of ['view-user', 'edit-user', 'admin-user']) {
    for (const resource of ['customresourcedefinitions', 'validatingadmissionpolicies', 'clusterroles']) {
      const { stdout } = await cluster.kubectl(['auth', 'can-i', 'patch', resource, `--as=${user}`]);
      expect(stdout.trim(), `${user} ${resource}`).toBe('no');
    }
  }
});

test('what the chart adds to the roles of the cluster is about its own kinds, and names each verb', () => {
  const added = shipped('rights').filter(({ metadata }) =>
    Object.keys(metadata.labels ?? {}).some((label) => label.startsWith('rbac.authorization.k8s.io/aggregate-to-')),
  );
  expect(added).toHaveLength(3);
  for (const rule of added.flatMap((role) => role['rules'] as Rule[])) {
    expect(rule.apiGroups).toEqual([GROUP]);
    expect(without(new Set(rule.resources), new Set(ALL))).toEqual([]);
    expect(without(new Set(rule.verbs), new Set(VERBS))).toEqual([]);
  }
});

test('the kinds of this file are all kinds', () => {
  expect(without(new Set(Object.keys(KINDS)), new Set(ALL))).toEqual([]);
});
