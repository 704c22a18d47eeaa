// What single values do to the rendered chart.

import { beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../operator/config.ts';
import { helmOk } from '../controlplane/helm.ts';
import type { ShippedObject } from '../harness/shipped.ts';
import { argsOf, CHART, deploymentOf, render, theOnly } from './chart.ts';

beforeAll(async () => {
  await helmOk(['version']); // which builds it, once
}, 600_000);

const kinds = (objects: readonly ShippedObject[]): string[] => [...new Set(objects.map(({ kind }) => kind))].sort();
const named = (objects: readonly ShippedObject[], kind: string): string[] =>
  objects
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => [metadata.namespace, metadata.name].filter((part) => part !== undefined).join('/'))
    .sort();

describe('refused, with a message that says why', () => {
  test.for<[object, string]>([
    [{ replica: 3 }, 'replica'],
    [{ metrics: { prt: 1 } }, 'prt'],
    [{ replicas: 'two' }, 'replicas'],
    [{ image: { pullPolicy: 'Sometimes' } }, 'pullPolicy'],
    [{ watchNamespaces: ['Bad_Name'] }, 'watchNamespaces'],
    [{ upstream: { hosts: [] } }, 'hosts'],
    [{ upstream: { companyStatusCodes: { '2': 'Gone' } } }, 'companyStatusCodes'],
    [{ replicas: 2, leaderElection: { enabled: false } }, 'replicas: more than one takes leaderElection.enabled'],
    [{ watchNamespaces: ['a'], credentials: { clusterWide: true } }, 'credentials.clusterWide: not together'],
    [{ watchNamespaces: ['a'], credentials: { namespaces: ['b'] } }, 'b is not one of watchNamespaces'],
    [{ extraCA: { configMapName: 'a', secretName: 'b' } }, 'a ConfigMap or a Secret, not both'],
    [{ proxy: { url: 'http://me:password@proxy:3128' } }, 'proxy/url'],
    [{ proxy: { url: 'socks5://proxy:1080' } }, 'proxy/url'],
    [{ proxy: { noProxy: ['a,b'] } }, 'noProxy'],
    [{ metrics: { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } } }, 'scraped twice'],
    [{ metrics: { enabled: false, serviceMonitor: { enabled: true } } }, 'a monitor finds nothing'],
    [{ healthPort: 8080 }, 'metrics.port and healthPort must differ'],
    [{ serviceAccount: { create: false } }, 'name the ServiceAccount'],
  ])('%j', async ([values, message]) => {
    await expect(render(values)).rejects.toThrow(message);
  });

  test('an old Kubernetes', async () => {
    const args = ['template', 'x', CHART, '--kube-version'];
    await expect(helmOk([...args, '1.31.9'])).rejects.toThrow('>=1.32');
    await expect(helmOk([...args, '1.32.0-gke.100'])).resolves.toContain('Deployment');
  });
});

test('its defaults are those of the operator, but for leader election', async () => {
  const parsed = (args: readonly string[]): object => parseConfig(['node', 'operator', ...args], {}, 'test', true);
  const args = argsOf(await render());
  const addresses = { healthAddress: ':8081', metricsAddress: ':8080' };
  const election = { leaderElect: true, leaseNamespace: 'eset-msp-operator' };
  expect(parsed(args)).toEqual({ ...parsed([]), ...addresses, ...election });
});

describe('watchNamespaces', () => {
  const values = { watchNamespaces: ['blue', 'red'] };

  test('gives Roles and no ClusterRole to the operator', async () => {
    const objects = await render({ ...values, rbac: { aggregateToUserRoles: false } });
    expect(kinds(objects)).not.toContain('ClusterRole');
    expect(kinds(objects)).not.toContain('ClusterRoleBinding');
    const expected = [
      'blue/eset-msp-operator',
      'blue/eset-msp-operator-credentials',
      'eset-msp-operator/eset-msp-operator-leader-election',
      'red/eset-msp-operator',
      'red/eset-msp-operator-credentials',
    ];
    expect(named(objects, 'Role')).toEqual(expected);
    expect(named(objects, 'RoleBinding')).toEqual(expected);
    expect(argsOf(objects)).toContain('--watch-namespaces=blue,red');
  });

  test('can do without any object of the cluster', async () => {
    const objects = await render({
      ...values,
      crds: { enabled: false },
      admission: { enabled: false },
      rbac: { aggregateToUserRoles: false },
    });
    expect(objects.filter(({ metadata }) => metadata.namespace === undefined)).toEqual([]);
  });

  test('limits the policies to these namespaces', async () => {
    const bindings = (await render(values)).filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
    expect(bindings.length).toBe(4);
    const only = { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['blue', 'red'] };
    for (const { spec } of bindings) {
      expect(spec).toMatchObject({ matchResources: { namespaceSelector: { matchExpressions: [only] } } });
    }
    const everywhere = (await render()).filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
    for (const { spec } of everywhere) expect(spec).not.toHaveProperty('matchResources');
  });

  test('gives the same rules as cluster-wide', async () => {
    const role = (await render(values)).find(
      ({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'red' && metadata.name === 'eset-msp-operator',
    );
    const clusterRole = theOnly(await render(), 'ClusterRole', 'eset-msp-operator');
    expect(role?.['rules']).toEqual(clusterRole['rules']);
  });
});

describe('credentials', () => {
  test('by default nothing binds the operator to a Secret', async () => {
    const text = JSON.stringify((await render()).filter(({ kind }) => kind.endsWith('Binding')));
    expect(text).not.toContain('eset-msp-operator-credentials');
  });

  test('are bound in the namespaces of the list', async () => {
    const objects = await render({ credentials: { namespaces: ['blue'] } });
    const [binding] = objects.filter(({ metadata }) => metadata.namespace === 'blue');
    expect(binding).toMatchObject({
      kind: 'RoleBinding',
      roleRef: { kind: 'ClusterRole', name: 'eset-msp-operator-credentials' },
      subjects: [{ kind: 'ServiceAccount', name: 'eset-msp-operator', namespace: 'eset-msp-operator' }],
    });
  });

  test('are bound everywhere only when asked for', async () => {
    const objects = await render({ credentials: { clusterWide: true } });
    expect(named(objects, 'ClusterRoleBinding')).toEqual(['eset-msp-operator', 'eset-msp-operator-credentials']);
  });
});

test('the policies know the operator by the name that the release gives it', async () => {
  const release = { name: 'mirror', namespace: 'msp' };
  const objects = await render({ serviceAccount: { name: 'robot' } }, release);
  const text = JSON.stringify(objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy'));
  expect(text.match(/system:serviceaccount:[^']*/g)).toEqual(Array(3).fill('system:serviceaccount:msp:robot'));
  expect(deploymentOf(objects).spec.template.spec.serviceAccountName).toBe('robot');
  expect(named(objects, 'Deployment')).toEqual(['msp/mirror-eset-msp-operator']);
});

describe('crds', () => {
  test.for<[object, number, string | undefined]>([
    [{}, 4, 'keep'],
    [{ keep: false }, 4, undefined],
    [{ enabled: false }, 0, undefined],
  ])('%j', async ([crds, count, policy]) => {
    const found = (await render({ crds })).filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(found).toHaveLength(count);
    for (const { metadata } of found) {
      const { annotations = {} } = metadata as { annotations?: Record<string, string> };
      expect(annotations['helm.sh/resource-policy']).toBe(policy);
    }
  });
});

describe('the Deployment', () => {
  test('overlaps in an update with leader election, and never without', async () => {
    expect(deploymentOf(await render()).spec.strategy.type).toBe('RollingUpdate');
    const without = await render({ leaderElection: { enabled: false } });
    expect(deploymentOf(without).spec.strategy.type).toBe('Recreate');
    expect(argsOf(without).join(' ')).not.toContain('lease');
  });

  test('trusts an extra CA from a file that is mounted', async () => {
    const objects = await render({ extraCA: { secretName: 'ca', key: 'bundle.pem' } });
    const { spec } = deploymentOf(objects).spec.template;
    const mountPath = '/etc/eset-msp-operator/extra-ca';
    expect(argsOf(objects)).toContain(`--upstream-ca-file=${mountPath}/bundle.pem`);
    expect(spec.containers[0]).toMatchObject({ volumeMounts: [{ name: 'extra-ca', mountPath, readOnly: true }] });
    expect(spec['volumes']).toEqual([{ name: 'extra-ca', secret: { secretName: 'ca' } }]);
  });

  test.for<[string, number]>([
    ['http://proxy.example:3128', 3128],
    ['https://proxy.example', 443],
    ['http://proxy.example', 80],
  ])('reaches upstream through the proxy %s, and may by the network policy', async ([url, port]) => {
    const proxy = { url, noProxy: ['.corp.example', '10.0.0.0/8'] };
    const objects = await render({ proxy, networkPolicy: { enabled: true, egressPorts: [6443] } });
    const { upstreamProxy, upstreamNoProxy } = parseConfig(['node', 'operator', ...argsOf(objects)], {}, 'test', true);
    expect({ url: upstreamProxy?.origin, noProxy: upstreamNoProxy }).toEqual(proxy);
    const { spec } = theOnly(objects, 'NetworkPolicy', 'eset-msp-operator');
    const ports = [6443, port].map((each) => ({ port: each, protocol: 'TCP' }));
    expect(spec).toMatchObject({ egress: [{}, { ports }] });
  });

  test('has a budget for disruptions only where it can be kept', async () => {
    expect(kinds(await render())).not.toContain('PodDisruptionBudget');
    expect(kinds(await render({ replicas: 2 }))).toContain('PodDisruptionBudget');
  });
});

describe('NOTES', () => {
  const notes = async (values: object): Promise<string> =>
    helmOk(['install', 'x', CHART, '--dry-run=client', `--set-json=${JSON.stringify(values)}`]);

  test('say how to let the operator read credentials, and how to uninstall', async () => {
    const text = await notes({});
    expect(text).toContain('kubectl create rolebinding eset-msp-operator-credentials --namespace NAMESPACE');
    expect(text.indexOf('kubectl delete protectinstances')).toBeLessThan(text.lastIndexOf('uninstall x'));
  });

  test('warn of definitions that do not stay', async () => {
    expect(await notes({ crds: { keep: false } })).toContain('deletes the definitions, and with them every object');
  });
});
