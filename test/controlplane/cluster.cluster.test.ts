// The shared control plane behaves as a cluster: authentication, RBAC, the controllers, CRDs, the audit log.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connect, installManifests, isWrite, readAuditLog } from './client.ts';
import { eventually } from './fixtures/processes.ts';

const cluster = connect(inject('controlPlane'));
const temporary = mkdtempSync(join(cluster.dir, 'test-'));
let namespace: string;

beforeAll(async () => {
  namespace = await cluster.createNamespace('harness');
});

afterAll(async () => {
  rmSync(temporary, { recursive: true, force: true });
  await cluster.deleteNamespace(namespace, { wait: false });
});

describe('kubectl', () => {
  it('gets the namespaces as admin', async () => {
    const result = await cluster.kubectl(['get', 'namespaces', '--output=name']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain(`namespace/${namespace}\n`);
  });

  it('reports a failure as a result, kubectlOk as an exception', async () => {
    const result = await cluster.kubectl(['get', 'configmap', 'absent'], { namespace });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('NotFound');
    await expect(cluster.kubectlOk(['get', 'configmap', 'absent'], { namespace })).rejects.toThrow('NotFound');
  });

  it('is ended when it takes too long', async () => {
    const result = await cluster.kubectl(['get', 'namespaces', '--watch'], { timeoutMs: 1_000 });
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain('SIGKILL');
  });

  it('applies YAML', async () => {
    const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: applied }\ndata: { a: b }\n';
    await cluster.apply(configMap, { namespace });
    const value = await cluster.kubectlOk(['get', 'cm', 'applied', '-o', 'jsonpath={.data.a}'], { namespace });
    expect(value).toBe('b');
    await expect(cluster.apply(configMap.replace('\ndata', '\ndota'), { namespace })).rejects.toThrow('unknown field');
  });
});

describe.skipIf(cluster.adminToken === undefined)('the API', () => {
  const ask = async (token: string | undefined, path: string): Promise<number> => {
    const dispatcher = new Agent({ connect: cluster.ca === undefined ? {} : { ca: cluster.ca } });
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await request(`${cluster.url}${path}`, { dispatcher, headers });
    await response.body.dump();
    await dispatcher.close();
    return response.statusCode;
  };

  it('is reached with its CA verified', async () => {
    expect(await ask(cluster.adminToken, '/api/v1/namespaces')).toBe(200);
    await expect(request(`${cluster.url}/readyz`)).rejects.toThrow(/certificate/);
  });

  it('serves its metrics to the admin', async () => {
    expect(await ask(cluster.adminToken, '/metrics')).toBe(200);
    expect(await ask(undefined, '/metrics')).toBe(403);
    expect(await ask('wrong', '/metrics')).toBe(401);
  });
});

describe('RBAC', () => {
  it('denies a fresh ServiceAccount what it was not granted', async () => {
    await cluster.kubectlOk(['create', 'serviceaccount', 'nobody'], { namespace });
    const kubeconfig = await cluster.serviceAccountKubeconfig(namespace, 'nobody');
    const whoami = await cluster.kubectlOk(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], {
      kubeconfig,
    });
    expect(whoami).toBe(`system:serviceaccount:${namespace}:nobody`);
    const denied = await cluster.kubectl(['get', 'configmaps'], { kubeconfig });
    expect(denied.code).toBe(1);
    expect(denied.stderr).toContain('Forbidden');

    const grant = ['create', 'rolebinding', 'nobody', '--clusterrole=view', `--serviceaccount=${namespace}:nobody`];
    await cluster.kubectlOk(grant, { namespace });
    await eventually(
      async () => (await cluster.kubectl(['get', 'configmaps'], { kubeconfig })).code === 0,
      5_000,
      async () => (await cluster.kubectl(['get', 'configmaps'], { kubeconfig })).stderr,
    );
    expect((await cluster.kubectl(['get', 'secrets'], { kubeconfig })).stderr).toContain('Forbidden');
  });

  it('says which ServiceAccount is missing', async () => {
    await expect(cluster.serviceAccountKubeconfig(namespace, 'absent')).rejects.toThrow(
      `no token for ServiceAccount ${namespace}/absent`,
    );
  });
});

describe.concurrent('namespaces', { timeout: 60_000 }, () => {
  it('have unique names', async () => {
    const names = await Promise.all([cluster.createNamespace('same'), cluster.createNamespace('same')]);
    expect(new Set(names).size).toBe(2);
    await Promise.all(names.map((name) => cluster.deleteNamespace(name, { wait: false })));
  });

  it('are deleted with what is in them', async () => {
    const name = await cluster.createNamespace('deleted');
    await cluster.kubectlOk(['create', 'configmap', 'inside'], { namespace: name });
    await cluster.deleteNamespace(name);
    expect((await cluster.kubectl(['get', 'namespace', name])).stderr).toContain('NotFound');
    await cluster.deleteNamespace(name); // again: nothing to do
  });

  it('that a finalizer holds say so', async () => {
    const name = await cluster.createNamespace('held');
    const held = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', finalizers: ['test.dev/hold'] } };
    await cluster.kubectlOk(['create', '-f', '-'], { namespace: name, input: JSON.stringify(held) });
    await expect(cluster.deleteNamespace(name, { timeoutMs: 8_000 })).rejects.toThrow('test.dev/hold');
    await cluster.kubectlOk(['patch', 'configmap', 'held', '--type=merge', '-p={"metadata":{"finalizers":null}}'], {
      namespace: name,
    });
    await cluster.deleteNamespace(name);
  });
});

describe('manifests', () => {
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.harness.mspoperator.test' },
    spec: {
      group: 'harness.mspoperator.test',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        { name: 'v0', served: false, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  };

  afterAll(async () => {
    await cluster.kubectl(['delete', 'crd', crd.metadata.name, '--wait=false', '--ignore-not-found']);
  });

  it('that do not exist are an error', async () => {
    await expect(installManifests(cluster, [join(temporary, 'absent')])).rejects.toThrow('ENOENT');
  });

  it('of CRDs are served once installed', async () => {
    writeFileSync(join(temporary, 'crd.yaml'), JSON.stringify(crd));
    writeFileSync(join(temporary, 'README.md'), 'not a manifest');
    await installManifests(cluster, [temporary]);
    const widget = { apiVersion: 'harness.mspoperator.test/v1', kind: 'Widget', metadata: { name: 'first' } };
    await cluster.apply(JSON.stringify(widget), { namespace });
    await installManifests(cluster, [join(temporary, 'crd.yaml')]); // again: nothing changes
    expect(await cluster.kubectlOk(['get', 'widgets', '-o', 'name'], { namespace })).toContain('/first');
  });
});

describe.skipIf(cluster.auditLog === undefined)('the audit log', () => {
  it('counts the writes of a namespace', async () => {
    const name = await cluster.createNamespace('audited');
    await cluster.kubectlOk(['create', 'configmap', 'one'], { namespace: name });
    await cluster.kubectlOk(['get', 'configmap', 'one'], { namespace: name });
    const events = (await readAuditLog(cluster)).filter(
      ({ objectRef }) => objectRef?.namespace === name && objectRef.name === 'one',
    );
    expect(events.map(({ verb, user }) => [verb, user.username])).toEqual([
      ['create', 'test-admin'],
      ['get', 'test-admin'],
    ]);
    expect(events.filter(isWrite)).toHaveLength(1);
    await cluster.deleteNamespace(name, { wait: false });
  });
});
