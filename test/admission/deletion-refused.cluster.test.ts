// A deletion that the finalizer would hold is refused at once, whoever asks and however, with the command to type; and the
// command works. A deletion that nothing speaks against is never refused.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../api/server.ts';
import { POLICY_NAMES } from './policies.ts';
import { commandsOf, typed } from './shell.ts';
import { API, PORTAL, Stage, WHO } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
  await Promise.all([
    stage.active('other-service', { service: 'EBA' }),
    stage.active('unconfirmed'),
    stage.object('portal', { lifecycle: PORTAL, instanceID: 'eu02-acme', creatingService: 'EMA2' }),
    stage.object('portal-other', {
      lifecycle: PORTAL,
      service: 'EBA',
      instanceID: 'eu02-acme',
      creatingService: 'EMA2',
    }),
  ]);
});
afterAll(() => stage.end());

const orphan = (name: string): string =>
  `kubectl patch protectinstance ${name} --namespace ${stage.server.namespace} --type=merge --field-manager=flux-client-side-apply --patch='{"spec":{"deletionPolicy":"Orphan"}}'`;
const annotate = (name: string, annotation: string): string =>
  `kubectl annotate protectinstance ${name} --namespace ${stage.server.namespace} --overwrite --field-manager=flux-client-side-apply mspoperator.dev/${annotation}`;

/** What the policy says to each of the objects above. */
const saying = (name: string): string => {
  const other = (id: string): string =>
    `instance ${id} was created by EMA2, and only through EMA2 it may be removed; this object acts through EBA. To let go of this object and leave the instance: ${orphan(name)}`;
  switch (name) {
    case 'other-service':
      return other('id-of-other-service');
    case 'portal-other':
      return other('eu02-acme');
    case 'portal':
      return `remove instance eu02-acme in the portal first. When it is done: ${annotate(name, 'removed-in-portal=eu02-acme')} and delete it again. To let go of this object and leave the instance: ${orphan(name)}`;
    default:
      return `this would remove instance id-of-${name} for everyone, with all its data. If you mean it: ${annotate(name, `confirm-removal=id-of-${name}`)} and delete it again. To let go of this object and leave the instance: ${orphan(name)}`;
  }
};

function expectRefused({ code, body }: Answer, message: string): void {
  expect([code, body.reason]).toEqual([403, 'Forbidden']);
  expect(body.message).toContain("ValidatingAdmissionPolicy 'eset-msp-operator-instance-deletion' with binding");
  expect(body.message.replace(/^.*denied request: /s, '')).toBe(message);
}

test('the API server finds nothing to say against the expressions', async () => {
  for (const name of POLICY_NAMES) {
    await expect
      .poll(async () => {
        const text = await stage.server.kubectlOk(['get', 'validatingadmissionpolicy', name, '-o', 'json']);
        const { metadata, status } = JSON.parse(text) as {
          metadata: { generation: number };
          status?: { observedGeneration?: number; typeChecking?: { expressionWarnings?: unknown[] } };
        };
        return status?.observedGeneration === metadata.generation && (status.typeChecking?.expressionWarnings ?? []);
      })
      .toEqual([]);
  }
});

describe.for(WHO)('%s', (who) => {
  test.for(['other-service', 'unconfirmed', 'portal', 'portal-other'])('may not delete "%s"', async (name) => {
    expectRefused(await stage.remove(name, who), saying(name));
    const body = (await stage.server.get('protectinstances', name)).body;
    expect(body.metadata.deletionTimestamp).toBeUndefined();
  });

  test.for<[string, readonly string[]]>([
    ['--force --grace-period=0', ['pi', 'unconfirmed', '--force', '--grace-period=0']],
    ['--now', ['pi', 'unconfirmed', '--now']],
    ['--cascade=orphan', ['pi', 'unconfirmed', '--cascade=orphan']],
    ['--cascade=foreground', ['pi', 'unconfirmed', '--cascade=foreground']],
    ['--all', ['pi', '--all', '--force', '--grace-period=0']],
    ['a selector', ['pi', '--selector=', '--field-selector=metadata.name=unconfirmed']],
  ])('kubectl delete: not with %s', async ([, args]) => {
    const { kubeconfig } = stage.people[who];
    const { namespace, cluster } = stage.server;
    const { code, stderr } = await cluster.kubectl(['delete', ...args, '--wait=false'], { namespace, kubeconfig });
    expect([code, stderr]).toEqual([1, expect.stringContaining(saying('unconfirmed'))]);
    expect((await stage.server.get('protectinstances', 'unconfirmed')).body.metadata.deletionTimestamp).toBeUndefined();
  });

  test('a deletecollection is refused with its first object', async () => {
    const answer = await stage.server.request('DELETE', 'protectinstances', undefined, {
      token: stage.people[who].token,
      query: { fieldSelector: 'metadata.name=portal' },
    });
    expectRefused(answer, saying('portal'));
  });

  test.for(['confirm', 'orphan'] as const)('the command of the message works: %s', async (which) => {
    const { cluster, namespace } = stage.server;
    const { kubeconfig } = stage.people[who];
    const name = `typed-${which}-${who.toLowerCase()}`;
    const portal = `${name}-portal`;
    await stage.active(name);
    await stage.object(portal, { lifecycle: PORTAL, instanceID: 'eu02-acme', creatingService: 'EMA2' });
    for (const each of [name, portal]) {
      const refused = await cluster.kubectl(['delete', 'pi', each, '--wait=false'], { namespace, kubeconfig });
      const ran = await typed(cluster, commandsOf(refused.stderr)[which] ?? 'false', kubeconfig);
      expect([ran.code, ran.stderr]).toEqual([0, '']);
      expect((await stage.remove(each, who)).code).toBe(200);
    }
  });
});

describe('through the other service', () => {
  test('a confirmation changes nothing', async () => {
    await stage.active('confirmed-other', { service: 'EBA' });
    await stage.patch('confirmed-other', { metadata: { annotations: CONFIRMED('id-of-confirmed-other') } });
    expect((await stage.tryDelete('confirmed-other')).body.message).toContain('only through EMA2 it may be removed');
  });

  test('Orphan lets it go', async () => {
    await stage.active('orphaned-other', { service: 'EBA', deletionPolicy: 'Orphan' });
    expect((await stage.remove('orphaned-other', 'editor')).code).toBe(200);
  });

  test('so does the end of the instance', async () => {
    await stage.active('gone-other', { service: 'EBA' }, { state: 'Deleted' });
    expect((await stage.remove('gone-other', 'editor')).code).toBe(200);
  });
});

const CONFIRMED = (id: string): object => ({ 'mspoperator.dev/confirm-removal': id });

describe('the confirmation', () => {
  test.for<[string, object]>([
    ['of another id', CONFIRMED('id-of-somebody')],
    ['that is empty', CONFIRMED('')],
    ['in capitals', CONFIRMED('ID-OF-CONFIRMED')],
    ['with a space after it', CONFIRMED('id-of-confirmed ')],
    ['for the portal', { 'mspoperator.dev/removed-in-portal': 'id-of-confirmed' }],
  ])('is none: %s', async ([what, annotations]) => {
    const name = `no-${what.replaceAll(/\W+/g, '-')}`;
    await stage.active(name, {}, { instanceID: 'id-of-confirmed' });
    await stage.patch(name, { metadata: { annotations } });
    expect((await stage.tryDelete(name)).code).toBe(403);
  });

  test('of the very id: it passes', async () => {
    await stage.active('confirmed');
    await stage.patch('confirmed', { metadata: { annotations: CONFIRMED('id-of-confirmed') } });
    expect((await stage.remove('confirmed', 'editor')).code).toBe(200);
    // Once it is going, asking again is no error.
    await stage.patch('confirmed', { metadata: { annotations: { 'mspoperator.dev/confirm-removal': null } } });
    expect((await stage.remove('confirmed', 'editor')).code).toBe(200);
  });

  test('Portal: that for the API counts for nothing', async () => {
    await stage.object(
      'portal-by-api',
      { lifecycle: PORTAL, instanceID: 'eu02', creatingService: 'EMA2' },
      undefined,
      CONFIRMED('eu02') as Record<string, string>,
    );
    expect((await stage.tryDelete('portal-by-api')).code).toBe(403);
  });
});

describe('nothing speaks against it', () => {
  test.for<[string, object, (object | null)?]>([
    ['never looked at', { lifecycle: API }],
    ['a status that was taken away', { lifecycle: API }, null],
    ['an empty status', { lifecycle: API }, {}],
    ['looked at, nothing created', { lifecycle: API }, { observedGeneration: 1, conditions: [] }],
    ['a creating service but no instance', { lifecycle: API }, { creatingService: 'EBA', companyID: 'x' }],
    ['an id to adopt that was never found', { lifecycle: API, instanceID: 'no-such' }, { observedGeneration: 1 }],
    ['suspended before anything was created', { lifecycle: API, suspend: true }, {}],
    ['an instance that is gone', { lifecycle: API }, { instanceID: 'i', state: 'Deleted', creatingService: 'EMA2' }],
    // Gate 3 is the operator's to decide, with a fresh answer: the finalizer holds.
    ['a create that was begun', { lifecycle: API }, { createStartedAt: '2026-01-02T03:04:05Z' }],
    ['Orphan', { lifecycle: API, deletionPolicy: 'Orphan' }, { instanceID: 'i', creatingService: 'EMA2' }],
    [
      'Portal, reported as removed through the other object',
      { lifecycle: PORTAL, instanceID: 'i', creatingService: 'EMA2', service: 'EBA' },
      { instanceID: 'i', state: 'Deleted', creatingService: 'EMA2' },
    ],
  ])('%s', async ([title, spec, status]) => {
    const name = title.toLowerCase().replaceAll(/\W+/g, '-');
    await stage.object(name, spec, status);
    const { code, body } = await stage.remove(name, 'editor');
    expect([code, code === 200 ? '' : body.message]).toEqual([200, '']);
  });

  test('an object without finalizer, labels and annotations: nothing to read, and it is gone', async () => {
    const spec = { accountRef: { name: 'a' }, service: 'EMA2', displayName: 'a', region: 'eu', lifecycle: API };
    const bare = { apiVersion: 'mspoperator.dev/v1alpha1', kind: 'ProtectInstance', metadata: { name: 'bare' }, spec };
    await stage.server.created('protectinstances', bare);
    expect((await stage.remove('bare', 'editor')).body.status).toBe('Success');
  });
});

describe('odd values', () => {
  const ODD = [
    "it's",
    'two words',
    '$(false)',
    '"quoted"',
    'a\\b',
    '{"a":1}',
    'é ü 日本',
    '-x',
    'a=b,c',
    '`id`',
    '*',
    '#',
  ];

  test.for(ODD)('an id of %s: refused in words, and the command works as it stands', async (instanceID) => {
    const name = `odd-${ODD.indexOf(instanceID)}`;
    await stage.active(name, {}, { instanceID });
    const refused = await stage.remove(name);
    expect(refused.body.message).toContain(`this would remove instance ${instanceID} for everyone`);
    const { confirm } = commandsOf(refused.body.message);
    const ran = await typed(stage.server.cluster, confirm ?? 'false');
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const { annotations } = (await stage.server.get('protectinstances', name)).body.metadata;
    expect(annotations).toEqual({ 'mspoperator.dev/confirm-removal': instanceID });
    expect((await stage.remove(name)).code).toBe(200);
  });

  test('the longest id and name still fit the message', async () => {
    const name = 'n'.repeat(63);
    await stage.active(name, {}, { instanceID: 'é'.repeat(128) });
    expect((await stage.remove(name)).body.message).toMatch(/If you mean it: kubectl annotate .*"Orphan"\}\}'$/);
  });
});
