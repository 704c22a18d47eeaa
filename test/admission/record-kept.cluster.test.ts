// The finalizer is dropped, and the status is written, by the operator alone: however one writes, whoever one is. The way out in
// an emergency is the annotation that the refusal names. In a namespace that goes, deletions pass and the finalizer holds.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, Manifest } from '../api/server.ts';
import { typed } from './shell.ts';
import { API, FINALIZER, PORTAL, Stage, WHO, type Who } from './stage.ts';

const OTHERS = WHO.filter((who) => who !== 'operator');
const OTHER = 'example.com/other';
const BREAK_GLASS = 'mspoperator.dev/break-glass';

let stage: Stage;
let kept: Manifest;
beforeAll(async () => {
  stage = await Stage.create();
  kept = await stage.active('kept');
});
afterAll(() => stage.end());

const path = 'protectinstances/kept';
const ask = (method: 'PUT' | 'PATCH', at: string, body: object, who: Who, type = 'json'): Promise<Answer> =>
  stage.server.request(method, at, body, {
    token: stage.people[who].token,
    contentType: method === 'PUT' ? 'application/json' : `application/${type}`,
    query: { dryRun: 'All', ...(type === 'apply-patch+yaml' ? { fieldManager: 'somebody', force: 'true' } : {}) },
  });
/** All of it, as a PUT and an apply take it. */
const whole = (metadata: object, status: object = kept.status): Manifest => ({
  apiVersion: kept.apiVersion,
  kind: kept.kind,
  metadata: { name: 'kept', ...metadata },
  spec: kept.spec,
  status,
});

interface Way {
  readonly title: string;
  readonly ask: (who: Who) => Promise<Answer>;
}

const DROPS: readonly Way[] = [
  {
    title: 'merge patch, null',
    ask: (who) => ask('PATCH', path, { metadata: { finalizers: null } }, who, 'merge-patch+json'),
  },
  {
    title: 'merge patch, empty',
    ask: (who) => ask('PATCH', path, { metadata: { finalizers: [] } }, who, 'merge-patch+json'),
  },
  {
    title: 'merge patch, another one',
    ask: (who) => ask('PATCH', path, { metadata: { finalizers: [OTHER] } }, who, 'merge-patch+json'),
  },
  {
    title: 'JSON patch, all',
    ask: (who) => ask('PATCH', path, [{ op: 'remove', path: '/metadata/finalizers' }], who, 'json-patch+json'),
  },
  {
    title: 'JSON patch, the first',
    ask: (who) => ask('PATCH', path, [{ op: 'remove', path: '/metadata/finalizers/0' }], who, 'json-patch+json'),
  },
  {
    title: 'replace',
    ask: (who) => ask('PUT', path, whole({ resourceVersion: kept.metadata.resourceVersion }), who),
  },
];

describe.for(OTHERS)('the finalizer and %s', (who) => {
  test.for(DROPS)('is not dropped by: $title', async (way) => {
    const { code, body } = await way.ask(who);
    expect([code, body.reason]).toEqual([403, 'Forbidden']);
    expect(body.message).toMatch(/instance-finalizer.* the finalizer mspoperator\.dev\/creating-service is dropped by/);
  });

  test('server-side apply: not by the manager that owns it', async () => {
    const name = `applied-${who.toLowerCase()}`;
    const apply = (finalizers: readonly string[]): Promise<Answer> =>
      stage.server.request(
        'PATCH',
        `protectinstances/${name}`,
        { apiVersion: kept.apiVersion, kind: kept.kind, metadata: { name, finalizers }, spec: kept.spec },
        {
          token: stage.people[who].token,
          contentType: 'application/apply-patch+yaml',
          query: { fieldManager: 'somebody', force: 'true' },
        },
      );
    expect((await apply([FINALIZER])).code).toBe(201);
    expect((await apply([])).body.message).toContain('is dropped by the operator alone');
  });

  test('kubectl patch and kubectl replace: neither', async () => {
    const { cluster, namespace } = stage.server;
    const { kubeconfig } = stage.people[who];
    const patch = ['patch', 'pi', 'kept', '--type=merge', '-p', '{"metadata":{"finalizers":[]}}'];
    const input = JSON.stringify(whole({ namespace }));
    for (const run of [
      cluster.kubectl(patch, { namespace, kubeconfig }),
      cluster.kubectl(['replace', '-f', '-'], { namespace, kubeconfig, input }),
    ]) {
      const { code, stderr } = await run;
      expect([code, stderr]).toEqual([1, expect.stringContaining('is dropped by the operator alone')]);
    }
  });

  test('a write that leaves it, adds another or drops another passes', async () => {
    for (const finalizers of [[FINALIZER, OTHER], [OTHER, FINALIZER], [FINALIZER]]) {
      const answer = await stage.patch('kept', { metadata: { finalizers } }, who);
      expect([finalizers, answer.code]).toEqual([finalizers, 200]);
    }
    kept = (await stage.server.get('protectinstances', 'kept')).body;
  });

  test('a write of an object that never had it passes', async () => {
    const name = `never-${who.toLowerCase()}`;
    await stage.server.created('protectinstances', {
      apiVersion: kept.apiVersion,
      kind: kept.kind,
      metadata: { name },
      spec: kept.spec,
    });
    expect((await stage.patch(name, { metadata: { labels: { a: 'b' } } }, who)).code).toBe(200);
  });

  test('the annotation of the refusal breaks the glass, with the name of the object and nothing else', async () => {
    const name = `glass-${who.toLowerCase()}`;
    await stage.active(name);
    for (const value of ['', 'true', 'kept']) {
      await stage.patch(name, { metadata: { annotations: { [BREAK_GLASS]: value } } }, who);
      expect((await stage.patch(name, { metadata: { finalizers: null } }, who)).code).toBe(403);
    }
    const refused = await stage.patch(name, { metadata: { finalizers: null } }, who);
    const command = /kubectl annotate .*?(?= and then drop it)/.exec(refused.body.message)?.[0] ?? 'false';
    const ran = await typed(stage.server.cluster, command, stage.people[who].kubeconfig);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const { code, body } = await stage.patch(name, { metadata: { finalizers: null } }, who);
    expect([code, body.metadata.finalizers]).toEqual([200, undefined]);
  });
});

test('the operator drops it', async () => {
  expect((await stage.active('dropped')).metadata.finalizers).toEqual([FINALIZER]);
  const { code, body } = await stage.patch('dropped', { metadata: { finalizers: null } }, 'operator');
  expect([code, body.metadata.finalizers]).toEqual([200, undefined]);
});

const FORGED = { instanceID: 'id-of-kept', creatingService: 'EBA', state: 'Deleted' };

describe.for(OTHERS)('the status and %s', (who) => {
  test.for<Way>([
    {
      title: 'merge patch',
      ask: (by) => ask('PATCH', `${path}/status`, { status: FORGED }, by, 'merge-patch+json'),
    },
    {
      title: 'merge patch, null',
      ask: (by) => ask('PATCH', `${path}/status`, { status: null }, by, 'merge-patch+json'),
    },
    {
      title: 'JSON patch',
      ask: (by) =>
        ask('PATCH', `${path}/status`, [{ op: 'remove', path: '/status/instanceID' }], by, 'json-patch+json'),
    },
    {
      title: 'replace',
      ask: (by) => ask('PUT', `${path}/status`, whole({ resourceVersion: kept.metadata.resourceVersion }, FORGED), by),
    },
    {
      title: 'server-side apply',
      ask: (by) => ask('PATCH', `${path}/status`, { ...whole({}, FORGED) }, by, 'apply-patch+yaml'),
    },
  ])('is not written by: $title', async (way) => {
    const { code, body } = await way.ask(who);
    expect([code, body.reason]).toEqual([403, 'Forbidden']);
    // The editor does not get as far as the policy.
    expect(body.message).toContain(who === 'editor' ? 'protectinstances/status' : 'nobody else writes it');
  });

  test('is not written with the object either', async () => {
    const { body } = await stage.patch('kept', { status: FORGED }, who);
    expect(body.status).toEqual(kept.status);
  });
});

test('a write of the status drops no finalizer, not even by the operator', async () => {
  const patch = { metadata: { finalizers: null }, status: { state: 'Suspended' } };
  const { code, body } = await stage.patch('kept/status', patch, 'operator');
  expect([code, body.status.state, body.metadata.finalizers]).toEqual([200, 'Suspended', [FINALIZER]]);
});

test('in a namespace that goes: deletions pass, the finalizer holds, and is not dropped by others', async () => {
  const going = await Stage.create();
  const { server } = going;
  try {
    await going.active('unconfirmed');
    await going.active('other-service', { service: 'EBA' });
    await going.object('portal', { lifecycle: PORTAL, instanceID: 'eu02', creatingService: 'EMA2' });
    await going.object('fresh', { lifecycle: API });
    expect((await going.remove('unconfirmed')).code).toBe(403);
    await server.kubectlOk(['delete', 'namespace', server.namespace, '--wait=false']);
    for (const name of ['unconfirmed', 'other-service', 'portal', 'fresh']) {
      // The namespace controller has asked, and was not refused.
      await expect
        .poll(async () => (await going.read(name)).metadata.deletionTimestamp, {
          timeout: 15_000,
        })
        .toBeDefined();
      expect((await going.read(name)).metadata.finalizers).toEqual([FINALIZER]);
      expect((await going.remove(name)).code).toBe(200);
      expect((await going.patch(name, { metadata: { finalizers: null } })).body.message).toContain('is dropped by');
    }
    expect((await going.patch('fresh', { metadata: { finalizers: null } }, 'operator')).code).toBe(200);
  } finally {
    await going.end();
  }
});
