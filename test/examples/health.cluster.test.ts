// What Argo CD and Flux make of real objects: a synchronized account with its children and an instance, a refused login, and what
// a person has applied and nobody has seen yet.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONDITIONS, statusesOf } from '../../operator/api/v1alpha1/conditions.ts';
import { portalInstance } from '../api/examples.ts';
import { World, type Thing } from '../harness/world.ts';
import { EXAMPLE_FILES, objectsOf, type Loose } from './files.ts';
import { healthOf } from './lua.ts';

const exampleOf = (file: string): Loose[] => EXAMPLE_FILES.filter((each) => each.file === file).flatMap(objectsOf);
const [argocd] = exampleOf('argocd/argocd-cm.yaml');
const inArgoCD = (thing: Thing): string =>
  healthOf(argocd.data[`resource.customizations.health.mspoperator.dev_${thing.kind}`], thing).status;

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.end());

test('Argo CD: an account that is synchronized, its children and its instance are Healthy', async () => {
  await world.synchronized();
  await world.apply(portalInstance('console'));
  await world.until('pi', 'console', ({ status }) => status.observedGeneration === 1);
  const things = await world.list('mspa,pi,sg,cust');
  expect(new Set(things.map(({ kind }) => kind)).size).toBe(4);
  const healths = things.map((thing) => `${thing.kind}: ${inArgoCD(thing)}`);
  expect(new Set(healths)).toEqual(
    new Set(['MSPAccount', 'ProtectInstance', 'StaticGroup', 'Customer'].map((kind) => `${kind}: Healthy`)),
  );
});

test('Argo CD: a refused login is Degraded; a customer that awaits its company is Progressing', async () => {
  await world.apply(
    world.secret('wrong', { username: 'nobody@msp.example', password: 'not-the-password' }),
    world.account('refused', { credentials: { secretRef: { name: 'wrong' } } }),
    {
      apiVersion: 'mspoperator.dev/v1alpha1',
      kind: 'Customer',
      metadata: { name: 'awaits' },
      spec: { accountRef: { name: 'refused' }, companyID: '9a3b7c1d-5e2f-4a6b-8c9d-0e1f2a3b4c5d' },
    },
  );
  expect(inArgoCD(await world.untilReason('refused', 'LoginRefused'))).toBe('Degraded');
  expect(inArgoCD(await world.get('cust', 'awaits'))).toBe('Progressing');
});

test('Flux: the expressions tell a customer that awaits its company from one that was found', async () => {
  const [expressions] = exampleOf('flux/accounts.yaml').flatMap((object) => object.spec.healthCheckExprs ?? []);
  expect(expressions).toMatchObject({ apiVersion: 'mspoperator.dev/v1alpha1', kind: 'Customer' });
  // The API server evaluates CEL: a policy that refuses every status, and says what the expressions come to.
  const name = `says-${world.namespace}`;
  const says = (expression: string): string => `string(${expression.replaceAll(/\bstatus\./g, 'object.status.')})`;
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ['mspoperator.dev'],
            apiVersions: ['*'],
            operations: ['UPDATE'],
            resources: ['customers/status'],
          },
        ],
      },
      validations: [
        {
          expression: 'false',
          messageExpression: `'in progress ' + ${says(expressions.inProgress)} + ', current ' + ${says(expressions.current)}`,
        },
      ],
    },
  };
  const binding = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': world.namespace } } },
    },
  };
  await world.stopOperator();
  await world.apply(policy, binding);
  try {
    const patched = async (reason: string, status: string): Promise<string> => {
      const conditions = [
        { type: 'SetUp', status: 'False', reason: 'Pending', message: '-', lastTransitionTime: '2026-01-02T03:04:05Z' },
        { type: 'Linked', status, reason, message: '-', lastTransitionTime: '2026-01-02T03:04:05Z' },
      ];
      const patch = JSON.stringify({ status: { conditions } });
      const args = ['patch', 'cust', 'awaits', '--subresource=status', '--type=merge', '--dry-run=server', '-p', patch];
      return (await world.kubectl(args)).stderr;
    };
    await expect.poll(() => patched('AwaitingSync', 'Unknown'), { timeout: 20_000 }).toContain('in progress');
    const { Linked } = CONDITIONS.Customer;
    for (const reason of Object.keys(Linked.reasons)) {
      for (const status of statusesOf(Linked, reason)) {
        const awaits = reason === 'AwaitingSync';
        expect(await patched(reason, status)).toContain(`in progress ${awaits}, current ${!awaits}`);
      }
    }
  } finally {
    await world.kubectl(['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', name]);
    await world.startOperator();
  }
});
