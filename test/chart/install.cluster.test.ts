// Helm itself and `kubectl apply` on a control plane of their own: what an installation, an upgrade and an uninstall leave.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PLURALS } from '../api/schema.ts';
import { minimal } from '../api/examples.ts';
import { readAuditLog, startControlPlane, type ControlPlane } from '../controlplane/client.ts';
import { helmOk, runHelm } from '../controlplane/helm.ts';
import { runProgram } from '../controlplane/run.ts';
import { Supervisor } from '../controlplane/supervised.ts';
import { OPERATOR_USER, startOperator } from '../harness/operator.ts';
import { PARTS, shipped } from '../harness/shipped.ts';
import { CHART } from './chart.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const INSTALL = join(ROOT, 'deploy', 'install.yaml');
const NAME = 'eset-msp-operator';

test('deploy/install.yaml is fresh', async () => {
  const { code, stderr } = await runProgram(process.execPath, [join(ROOT, 'hack', 'install-yaml.ts'), '--check']);
  expect(stderr).not.toContain('not fresh');
  expect(code).toBe(0);
}, 600_000);

describe('on a cluster', () => {
  let plane: ControlPlane;
  let helm: (...args: string[]) => Promise<string>;
  beforeAll(async () => {
    await helmOk(['version']); // which builds it, once
    plane = await startControlPlane({ alwaysStart: true, auditLog: true });
    helm = (...args) => helmOk([...args, `--namespace=${NAME}`], { KUBECONFIG: plane.kubeconfig });
  }, 600_000);
  afterAll(async () => plane.stop());

  const columns = (): Promise<string> =>
    plane.kubectlOk([
      'get',
      'crd',
      'mspaccounts.mspoperator.dev',
      '-o',
      'jsonpath={..additionalPrinterColumns[*].name}',
    ]);
  const uid = (): Promise<string> => plane.kubectlOk(['get', 'mspa', 'kept', '-o', 'jsonpath={.metadata.uid}']);

  // In this order: each goes on where the one before stopped.
  test('kubectl apply of install.yaml, all of it, and a second time without a change', async () => {
    const apply = (): Promise<string> => plane.kubectlOk(['apply', '--server-side', '-f', INSTALL]);
    const objects = shipped(...PARTS);
    expect((await apply()).trim().split('\n')).toHaveLength(objects.length);
    const versions = (): Promise<string> =>
      plane.kubectlOk([
        'get',
        '-f',
        INSTALL,
        '-o',
        'jsonpath={range .items[*]}{.metadata.name}={.metadata.generation} {end}',
      ]);
    const before = await versions();
    await apply();
    expect(await versions()).toBe(before);
    await plane.kubectlOk(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    await plane.apply(JSON.stringify(minimal('mspaccounts', 'kept')));
  });

  test('helm install takes over what install.yaml made, and keeps every object', async () => {
    const before = await uid();
    const refused = await runHelm(['install', NAME, CHART, `--namespace=${NAME}`], { KUBECONFIG: plane.kubeconfig });
    expect(refused.stderr).toContain('invalid ownership metadata');
    await helm('install', NAME, CHART, '--take-ownership', '--force-conflicts');
    expect(await uid()).toBe(before);
  });

  test('helm upgrade brings the definitions up to date, and keeps every object', async () => {
    const [before, current] = [await uid(), await columns()];
    const old = [{ op: 'remove', path: '/spec/versions/0/additionalPrinterColumns' }];
    await plane.kubectlOk(['patch', 'crd', 'mspaccounts.mspoperator.dev', '--type=json', '-p', JSON.stringify(old)]);
    expect(await columns()).not.toBe(current);
    await helm('upgrade', NAME, CHART, '--set=replicas=2', '--force-conflicts');
    expect(await columns()).toBe(current);
    expect(await uid()).toBe(before);
    expect(await helm('get', 'manifest', NAME)).toContain('kind: PodDisruptionBudget');
  });

  test('helm uninstall keeps the definitions and every object, and nothing else', async () => {
    const before = await uid();
    await helm('uninstall', NAME);
    expect(await uid()).toBe(before);
    const left = await plane.kubectlOk([
      'get',
      'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings',
      `--selector=app.kubernetes.io/instance=${NAME}`,
      '-o',
      'name',
    ]);
    expect(left).toBe('');
    const namespaced = 'deployments,services,serviceaccounts,roles,rolebindings,poddisruptionbudgets';
    const here = await plane.kubectlOk(['get', namespaced, '-o', 'name'], { namespace: NAME });
    expect(here.trim()).toBe('serviceaccount/default');
  });

  test('helm install finds the definitions that the release before it left', async () => {
    const before = await uid();
    await helm('install', NAME, CHART);
    expect(await uid()).toBe(before);
  });

  test('with watchNamespaces the operator runs on Roles alone, and is refused nothing', async () => {
    const watched = await plane.createNamespace('watched');
    await helm('upgrade', NAME, CHART, `--set=watchNamespaces={${watched}}`);
    const roles = 'clusterroles,clusterrolebindings';
    const bound = await plane.kubectlOk(['get', roles, `--selector=app.kubernetes.io/instance=${NAME}`, '-o', 'name']);
    expect(bound.trim().split('\n').sort()).toEqual(
      ['admin', 'edit', 'view'].map((role) => `clusterrole.rbac.authorization.k8s.io/${NAME}-${role}`),
    );

    const supervisor = await Supervisor.start(`${plane.dir}/namespaced-`);
    try {
      const args = ['--leader-elect', `--lease-namespace=${NAME}`];
      const operator = await startOperator(supervisor, plane, {
        namespaces: [watched],
        upstreamHosts: ['x.example'],
        args,
      });
      const holder = ['get', 'lease', NAME, '-o', 'jsonpath={.spec.holderIdentity}'];
      await expect.poll(() => plane.kubectlOk(holder, { namespace: NAME }), { timeout: 20_000 }).not.toBe('');
      await expect
        .poll(() => plane.kubectlOk(['get', 'events'], { namespace: NAME }), { timeout: 20_000 })
        .toContain('LeaderElection');
      await operator.stop();
    } finally {
      await supervisor.stop();
    }
    const requests = (await readAuditLog(plane)).filter(({ user }) => user.username === OPERATOR_USER);
    expect(requests.length).toBeGreaterThan(5);
    expect(requests.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
  });

  test('with crds.keep=false the definitions go with the release', async () => {
    await helm('upgrade', NAME, CHART, '--set=crds.keep=false');
    await helm('uninstall', NAME);
    await plane.kubectlOk([
      'wait',
      '--for=delete',
      '--timeout=30s',
      ...PLURALS.map((each) => `crd/${each}.mspoperator.dev`),
    ]);
  });
});
