// What the chart renders, for every row of a matrix of values: the API server takes it, and the pods satisfy the Pod Security
// Standard "restricted".

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parseConfig } from '../../operator/config.ts';
import { connect } from '../controlplane/client.ts';
import { helmOk } from '../controlplane/helm.ts';
import type { ShippedObject } from '../harness/shipped.ts';
import { argsOf, CHART, deploymentOf, render, theOnly, type PodSpec } from './chart.ts';
import { matrix } from './matrix.ts';

const cluster = connect(inject('controlPlane'));
const CLUSTER_SCOPED = /^(Cluster|ValidatingAdmission|CustomResourceDefinition$)/;

let namespace: string;
let watched: string[];
beforeAll(async () => {
  await helmOk(['version']); // which builds it, once
  const names = ['chart', 'watched', 'watched'].map((prefix) => cluster.createNamespace(prefix));
  [namespace = '', ...watched] = await Promise.all(names);
  await cluster.kubectlOk(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
}, 600_000);
afterAll(async () => {
  await Promise.all([namespace, ...watched].map((name) => cluster.deleteNamespace(name, { wait: false })));
});

const dryRun = async (objects: readonly object[]): Promise<void> => {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  // Fields that are unknown or double are refused.
  await cluster.kubectlOk(['create', '--dry-run=server', '--validate=strict', '-f', '-'], { input });
};

/** Under names that nobody has: a dry run of a create needs that. */
const fresh = (object: ShippedObject): ShippedObject =>
  CLUSTER_SCOPED.test(object.kind) && object.kind !== 'CustomResourceDefinition'
    ? { ...object, metadata: { ...object.metadata, name: `${object.metadata.name}-${namespace}` } }
    : object;

/** A pod is tried without its ServiceAccount, which a dry run does not create. */
const pod = (spec: PodSpec): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'tried', namespace },
  spec: { ...spec, serviceAccountName: 'default' },
});

describe.for(matrix(['watched-1', 'watched-2']).map(({ name }) => name))('%s', (name) => {
  const rows = (): object => matrix(watched).find((row) => row.name === name)?.values ?? {};

  test('is admitted by the API server', async () => {
    const objects = await render(rows(), { namespace });
    const served = objects.filter(
      ({ apiVersion, kind }) => !apiVersion.startsWith('monitoring.coreos.com/') && kind !== 'CustomResourceDefinition',
    );
    await dryRun(served.map(fresh));
    const crds = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
    if (crds.length === 0) return;
    // They are there; only what differs is tried.
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: crds });
    await cluster.kubectlOk(['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-'], { input });
  });

  test('its pods satisfy the Pod Security Standard "restricted"', async () => {
    const objects = await render(rows(), { namespace });
    const { spec } = deploymentOf(objects).spec.template;
    await dryRun([
      pod(spec),
      { ...pod(theOnly(objects, 'Pod')['spec'] as PodSpec), metadata: { name: 'hook', namespace } },
    ]);
  });

  test('every object has the labels of the release and is where it should be', async () => {
    for (const { kind, metadata } of await render(rows(), { namespace })) {
      const labels = (metadata as { labels?: Record<string, string> }).labels ?? {};
      expect(labels, `${kind} ${metadata.name}`).toMatchObject({ 'app.kubernetes.io/instance': 'eset-msp-operator' });
      expect(metadata.name.length).toBeLessThanOrEqual(63);
      if (CLUSTER_SCOPED.test(kind)) expect(metadata.namespace).toBeUndefined();
      else expect([namespace, ...watched]).toContain(metadata.namespace);
    }
  });

  test('lints', async () => {
    expect(await helmOk(['lint', '--strict', CHART, `--set-json=${JSON.stringify(rows())}`])).toContain(
      '0 chart(s) failed',
    );
  });

  test('the operator takes its flags', async () => {
    const args = argsOf(await render(rows(), { namespace }));
    expect(() => parseConfig(['node', 'operator', ...args], {}, 'test', true)).not.toThrow();
  });
});

test('a pod that is not restricted is refused here, so that the tests above can fail', async () => {
  const objects = await render({ containerSecurityContext: { allowPrivilegeEscalation: true } }, { namespace });
  await expect(dryRun([pod(deploymentOf(objects).spec.template.spec)])).rejects.toThrow(
    'violates PodSecurity "restricted',
  );
});
