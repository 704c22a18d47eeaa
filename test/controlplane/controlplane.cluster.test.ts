// Control planes of one's own: start, kill and restart of the API server, failures to start, and a user's cluster.
import { existsSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, inject, it, vi } from 'vitest';
import { startControlPlane, type ControlPlane } from './client.ts';
import { eventually, processesNaming } from './fixtures/processes.ts';

const temporary = mkdtempSync(join(inject('controlPlane').dir, 'test-'));
const widget = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.own.mspoperator.test' },
  spec: {
    group: 'own.mspoperator.test',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

afterEach(() => {
  vi.unstubAllEnvs();
});

afterAll(() => {
  rmSync(temporary, { recursive: true, force: true });
});

function widgetNamed(name: string, owner?: { name: string; uid: string }): string {
  const kind = { apiVersion: 'own.mspoperator.test/v1', kind: 'Widget' };
  const ownerReferences = owner === undefined ? [] : [{ ...kind, ...owner }];
  return JSON.stringify({ ...kind, metadata: { name, ownerReferences } });
}

describe('startControlPlane', { timeout: 120_000 }, () => {
  it('starts several at once, whose API servers are killed and come back, and stops them', async () => {
    const start = performance.now();
    const both: ControlPlane[] = await Promise.all([
      startControlPlane({ alwaysStart: true }),
      startControlPlane({ alwaysStart: true, controllers: [], auditLog: true }),
    ]);
    console.log(`two control planes at once: ready after ${Math.round(performance.now() - start)} ms`);
    const [first, second] = both as [ControlPlane, ControlPlane];
    try {
      expect(first.url).not.toBe(second.url);
      const namespace = await first.createNamespace('kept');
      await first.kubectlOk(['create', 'serviceaccount', 'someone'], { namespace });
      const kubeconfig = await first.serviceAccountKubeconfig(namespace, 'someone');
      expect((await second.kubectl(['get', 'namespace', namespace])).stderr).toContain('NotFound');

      await first.killAPIServer();
      expect((await first.kubectl(['get', 'namespaces'])).code).toBe(1);
      expect((await second.kubectl(['get', 'namespaces'])).code).toBe(0);
      await first.startAPIServer();
      await expect(first.startAPIServer()).rejects.toThrow('running');
      // The same address, certificate, data, admin token and service account keys.
      expect(await first.kubectlOk(['get', 'namespace', namespace, '-o', 'name'])).toBe(`namespace/${namespace}\n`);
      expect((await first.kubectl(['auth', 'whoami'], { kubeconfig })).code).toBe(0);
      await first.deleteNamespace(namespace); // the controller manager came through it
      expect(existsSync(second.auditLog ?? '')).toBe(true);
    } finally {
      await Promise.all(both.map((controlPlane) => controlPlane.stop()));
    }
    for (const controlPlane of both) {
      const { dir } = controlPlane;
      expect(existsSync(dir)).toBe(false);
      expect(await processesNaming(dir)).toEqual([]);
      await controlPlane.stop(); // again: nothing to do
    }
  });

  it('collects the garbage of CRDs that were there at the start', async () => {
    const path = join(temporary, 'widget.yaml');
    writeFileSync(path, JSON.stringify(widget));
    await using own = await startControlPlane({ alwaysStart: true, manifests: [path] });
    const namespace = await own.createNamespace('garbage');
    await own.apply(widgetNamed('owner'), { namespace });
    const uid = await own.kubectlOk(['get', 'widget', 'owner', '-o', 'jsonpath={.metadata.uid}'], { namespace });
    await own.apply(widgetNamed('owned', { name: 'owner', uid }), { namespace });
    await own.kubectlOk(['delete', 'widget', 'owner'], { namespace });
    const ms = await eventually(
      async () => (await own.kubectlOk(['get', 'widgets', '-o', 'name'], { namespace })) === '',
      15_000,
      () => readFileSync(join(own.dir, 'kube-controller-manager.log'), 'utf8').slice(-2_000),
    );
    expect(ms).toBeLessThan(15_000);
    console.log(`garbage collected after ${ms} ms`);
  });

  it('shows the log of what failed, and leaves nothing', async () => {
    const failed = mkdtempSync(join(tmpdir(), 'failed-test-'));
    vi.stubEnv('TMPDIR', failed);
    await expect(startControlPlane({ alwaysStart: true, apiServerArgs: ['--no-such-flag'] })).rejects.toThrow(
      /kube-apiserver ended \(exit code 1\)[^]*unknown flag: --no-such-flag/,
    );
    await expect(startControlPlane({ alwaysStart: true, startTimeoutMs: 50 })).rejects.toThrow(
      /the API server is not ready after 50 ms[^]*--- etcd/,
    );
    expect(await processesNaming(failed)).toEqual([]);
    rmdirSync(failed); // it is empty
  });
});

describe("a user's cluster", { timeout: 60_000 }, () => {
  it('is used and left as it was', async () => {
    await using theirs = await startControlPlane({ alwaysStart: true });
    const path = join(temporary, 'their.kubeconfig');
    writeFileSync(path, readFileSync(theirs.kubeconfig));
    vi.stubEnv('MSPOPERATOR_TEST_KUBECONFIG', path);
    vi.stubEnv('PATH', `${dirname(theirs.kubectlPath)}${delimiter}${process.env['PATH']}`);

    const borrowed = await startControlPlane();
    expect(borrowed).toMatchObject({
      url: theirs.url,
      ca: theirs.ca,
      adminToken: theirs.adminToken,
      owned: false,
      auditLog: undefined,
      kubernetesVersion: theirs.kubernetesVersion,
    });
    rmSync(path); // read once
    const namespace = await borrowed.createNamespace('borrowed');
    const kubeconfig = await borrowed.serviceAccountKubeconfig(namespace, 'default');
    expect((await borrowed.kubectl(['get', 'pods'], { kubeconfig })).stderr).toContain('Forbidden');
    await expect(borrowed.killAPIServer()).rejects.toThrow("a user's API server");

    await borrowed.stop();
    expect(existsSync(borrowed.dir)).toBe(false);
    const phase = await theirs.kubectl(['get', 'namespace', namespace, '-o', 'jsonpath={.status.phase}']);
    expect(phase.stdout === 'Terminating' || phase.code === 1).toBe(true);
    expect((await theirs.kubectl(['get', 'namespace', 'default'])).code).toBe(0);
  });

  it('that does not answer is an error', async () => {
    vi.stubEnv('MSPOPERATOR_TEST_KUBECONFIG', join(temporary, 'absent'));
    await expect(startControlPlane()).rejects.toThrow(/MSPOPERATOR_TEST_KUBECONFIG is .*absent, which cannot be read/);
    const path = join(temporary, 'dead.kubeconfig');
    writeFileSync(
      path,
      JSON.stringify({
        clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:9' } }],
        contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
        users: [{ name: 'a', user: { token: 'a' } }],
        'current-context': 'a',
      }),
    );
    vi.stubEnv('MSPOPERATOR_TEST_KUBECONFIG', path);
    await expect(startControlPlane()).rejects.toThrow(/https:\/\/127\.0\.0\.1:9\) does not answer/);
  });
});
