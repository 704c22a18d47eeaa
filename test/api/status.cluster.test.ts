// Status: what a fresh object shows without anyone having written it, and who may write it.

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { full, minimal } from './examples.ts';
import { PLURALS, type Plural } from './schema.ts';
import { Server } from './server.ts';

const { owned } = inject('controlPlane');
const NEVER = '1970-01-01T00:00:00Z';

const PENDING = {
  observedGeneration: -1,
  conditions: [
    {
      type: 'Ready',
      status: 'Unknown',
      reason: 'Pending',
      message: 'Waiting for the operator.',
      lastTransitionTime: NEVER,
    },
  ],
};

const FRESH: Readonly<Record<Plural, object>> = {
  mspaccounts: PENDING,
  protectinstances: PENDING,
  staticgroups: {
    conditions: [
      {
        type: 'Linked',
        status: 'True',
        reason: 'Present',
        message: 'The company is there upstream.',
        lastTransitionTime: NEVER,
      },
    ],
  },
  customers: {
    conditions: [
      {
        type: 'Linked',
        status: 'Unknown',
        reason: 'AwaitingSync',
        message: 'The account has not been synchronized since this object was created.',
        lastTransitionTime: NEVER,
      },
    ],
  },
};

let server: Server;
let viewer: string;
let editor: string;
beforeAll(async () => {
  server = await Server.create();
  [viewer, editor] = await Promise.all([
    server.user('viewer', ['get', 'list', 'watch'], ['*']),
    server.user('editor', ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'], [...PLURALS]),
  ]);
});
afterAll(() => server.end());

describe.for(PLURALS)('%s', (plural) => {
  const written = full(plural).status;

  test('a fresh object shows the truth, in the answer to its creation and later', async () => {
    expect((await server.created(plural, minimal(plural, 'fresh'))).status).toEqual(FRESH[plural]);
    expect((await server.get(plural, 'fresh')).body.status).toEqual(FRESH[plural]);
    const { body } = await server.request('GET', plural, undefined, {
      query: { fieldSelector: 'metadata.name=fresh' },
    });
    expect(body.items[0].status).toEqual(FRESH[plural]);
  });

  test('a status in a manifest is passed over: nobody creates an object that claims to be synchronized', async () => {
    const { status } = await server.created(plural, { ...minimal(plural, 'claims'), status: written });
    expect(status).toEqual(FRESH[plural]);
  });

  // Only the harness's own etcd can be read.
  test.skipIf(!owned)('the status of a fresh object costs no write: it is served, not stored', async () => {
    await server.created(plural, minimal(plural, 'unwritten'));
    expect(await server.stored(plural, 'unwritten')).not.toHaveProperty('status');
    await server.patch(plural, 'unwritten/status', { status: written });
    expect((await server.stored(plural, 'unwritten')).status).toEqual(written);
  });

  test('it is there as a whole or not at all: a status that is replaced without conditions has none', async () => {
    const { metadata } = await server.created(plural, minimal(plural, 'replaced'));
    const { code, body } = await server.request('PUT', `${plural}/replaced/status`, {
      ...minimal(plural, 'replaced'),
      metadata,
      status: {},
    });
    expect([code, body.status]).toEqual([200, {}]);
    // Removed altogether, it is served again.
    expect((await server.patch(plural, 'replaced/status', { status: null })).body.status).toEqual(FRESH[plural]);
  });

  test('a merge patch of conditions replaces the served ones, and the rest of the served status stays', async () => {
    await server.created(plural, minimal(plural, 'patched'));
    const { conditions } = written;
    const { code, body } = await server.patch(plural, 'patched/status', { status: { conditions } });
    expect([code, body.status]).toEqual([200, { ...FRESH[plural], conditions }]);
  });

  test('whoever may write the object, but not its status, writes none', async () => {
    await server.created(plural, minimal(plural, 'edited'));
    await server.patch(plural, 'edited/status', { status: written });
    const patch = { metadata: { labels: { edited: 'yes' } }, status: { conditions: null } };

    const main = await server.patch(plural, 'edited', patch, { token: editor });
    expect([main.code, main.body.metadata.labels, main.body.status]).toEqual([200, { edited: 'yes' }, written]);

    const replaced = await server.request(
      'PUT',
      `${plural}/edited`,
      { ...main.body, status: FRESH[plural] },
      { token: editor },
    );
    expect([replaced.code, replaced.body.status]).toEqual([200, written]);

    const subresource = await server.patch(plural, 'edited/status', patch, { token: editor });
    expect([subresource.code, subresource.body.message]).toEqual([
      403,
      expect.stringContaining(`cannot patch resource "${plural}/status"`),
    ]);
    expect((await server.get(plural, 'edited')).body.status).toEqual(written);
  });

  test('whoever may only look writes nothing', async () => {
    await server.created(plural, minimal(plural, 'seen'));
    const seen = await server.get(plural, 'seen', { token: viewer });
    expect([seen.code, seen.body.status]).toEqual([200, FRESH[plural]]);
    for (const path of ['seen', 'seen/status']) {
      const answer = await server.patch(plural, path, { status: written }, { token: viewer });
      expect([path, answer.code]).toEqual([path, 403]);
    }
    expect((await server.create(plural, minimal(plural, 'mine'), { token: viewer })).code).toBe(403);
    expect((await server.request('DELETE', `${plural}/seen`, undefined, { token: viewer })).code).toBe(403);
    expect((await server.get(plural, 'seen')).body.metadata).toEqual(seen.body.metadata);
  });

  test('a write of status changes no spec, no label and no generation', async () => {
    const before = await server.created(plural, full(plural, 'by-status'));
    const { code, body } = await server.patch(plural, 'by-status/status', {
      metadata: { labels: { sneaked: 'in' } },
      spec:
        plural === 'mspaccounts' || plural === 'protectinstances'
          ? { suspend: true }
          : { displayName: 'x', setup: { mode: 'Configured' } },
      status: written,
    });
    expect([code, body.spec, body.metadata.labels, body.metadata.generation]).toEqual([200, before.spec, undefined, 1]);
    expect(body.status).toEqual(written);
  });
});
