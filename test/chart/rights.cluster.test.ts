// The rights that are installed are those that the operator uses: what it asks for is granted, and what is granted it asks for.
// The audit log of the API server is the witness, over a life of an account and an instance that needs every one of them.

import { beforeAll, expect, test } from 'vitest';
import { readAuditLog, type AuditEvent } from '../controlplane/client.ts';
import { OPERATOR_NAME, OPERATOR_USER } from '../harness/operator.ts';
import { shipped } from '../harness/shipped.ts';
import { PASSWORD, USERNAME, World, conditionOf } from '../harness/world.ts';
import { when, type Rule as ProxyRule } from '../proxy/rules.ts';
import { electIn, startLeader } from './leader.ts';
import { grants, rulesOf, used, without } from './rules.ts';

/** All that the operator is granted, once a namespace lets it read its Secrets. */
const granted = grants([
  ...rulesOf('ClusterRole', OPERATOR_NAME),
  ...rulesOf('ClusterRole', 'eset-msp-operator-credentials'),
  ...rulesOf('Role', 'eset-msp-operator-leader-election'),
]);

let requests: AuditEvent[];

beforeAll(async () => {
  const world = await World.create({
    accounts: [{ username: USERNAME, password: PASSWORD, shape: 'msp', companies: 3, services: ['EMA2', 'EBA'] }],
    operator: false,
    proxy: {},
  });
  try {
    // The first watch of each kind fails: it reads a collection in pages where it cannot have it by a watch.
    world.proxy.setRules(
      ['mspaccounts', 'protectinstances', 'staticgroups', 'customers'].map((resource) =>
        when({ verb: 'watch', resource }, { do: 'status', code: 500 }, { times: 1 }),
      ),
    );
    await startLeader(world);
    const standby = await world.startReplica(electIn(world));
    await standby.reached('standing by');
    await live(world);
    // Ends its watches: only then they are in the log.
    await standby.stop();
    await world.stopOperator();
    requests = (await readAuditLog(world.cluster)).filter(
      ({ user, objectRef }) => user.username === OPERATOR_USER && objectRef?.namespace === world.namespace,
    );
  } finally {
    await world.end();
  }
}, 180_000);

test('all that it asks for is granted', () => {
  expect(requests.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
  expect(without(used(requests), granted)).toEqual([]);
});

test('all that is granted it asks for', () => {
  expect(without(granted, used(requests))).toEqual([]);
});

test('it is bound to nothing else', () => {
  const bindings = shipped('rights').filter(({ kind }) => kind.endsWith('Binding'));
  expect(bindings.map(({ kind, roleRef }) => [kind, (roleRef as { name: string }).name])).toEqual([
    ['ClusterRoleBinding', OPERATOR_NAME],
    ['RoleBinding', 'eset-msp-operator-leader-election'],
  ]);
});

async function live(world: World): Promise<void> {
  const { namespace, cluster } = world;
  const kubectl = (...args: string[]): Promise<string> => cluster.kubectlOk(args, { namespace });
  await world.apply(world.lifecycleSecret());
  await world.synchronized('acme', { services: ['EMA2', 'EBA'], deletionPolicy: 'Delete' });
  await world.apply(world.instance('console', 'EMA2'));
  const console = await world.until('pi', 'console', (pi) => conditionOf(pi, 'Ready')?.reason === 'Active');

  // Everything that it patches next is changed under its hands, so that it has to read it again.
  world.proxy.setRules(
    ['staticgroups', 'customers', 'mspaccounts'].map((resource) =>
      when({ verb: 'patch', resource }, spoil(world), { times: 1 }),
    ),
  );
  const [customer] = await world.customers();
  world.upstream.rename(customer?.spec.companyID as string, 'Another Name');
  await world.sync();
  world.proxy.setRules([]);
  await world.until('cust', customer?.metadata.name ?? '', ({ status }) => status.displayName === 'Another Name');

  // Confirmed, taken back and confirmed again: one event with a count.
  const annotation = 'mspoperator.dev/confirm-removal';
  for (const value of [`=${console.status.instanceID}`, '-', `=${console.status.instanceID}`]) {
    await kubectl('annotate', 'pi', 'console', `${annotation}${value}`);
    const armed = value !== '-';
    await world.until('pi', 'console', (pi) => (conditionOf(pi, 'RemovalArmed')?.status === 'True') === armed);
  }
  await kubectl('delete', 'pi', 'console', '--timeout=30s');
  await kubectl('delete', 'mspa', 'acme', '--timeout=30s');
}

/** Holds a patch back until somebody else has changed the object. */
function spoil(world: World): ProxyRule {
  return ({ resource, name }) => {
    void world.kubectl(['label', resource, name, '--overwrite', `spoiled=${Date.now()}`]);
    return { do: 'delay', ms: 1_500 };
  };
}
