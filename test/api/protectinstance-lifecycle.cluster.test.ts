// ProtectInstance: the type of its lifecycle is set once, its id may come later, and the parts that depend on the type go together.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { full, minimal, portalInstance } from './examples.ts';
import { causesOf, Server, type Answer, type Manifest } from './server.ts';

const TYPE = 'lifecycle.type cannot be changed: delete this object with deletionPolicy Orphan and create another';
const KIND = 'protectinstances';

let server: Server;
beforeAll(async () => {
  server = await Server.create();
});
afterAll(() => server.end());

const created = (manifest: Manifest): Promise<Manifest> => server.created(KIND, { ...manifest, status: undefined });

const SPECS = { API: full(KIND).spec, Portal: portalInstance().spec } as const;

describe.for([
  ['API', 'Portal'],
  ['Portal', 'API'],
] as const)('from %s to %s', ([from, to]) => {
  const name = `from-${from.toLowerCase()}`;
  // All that the other type needs, so that nothing else is wrong with it.
  const spec = { ...SPECS[to], instanceID: SPECS[from].instanceID };
  let before: Manifest;
  beforeAll(async () => {
    before = await created({ ...full(KIND, name), spec: SPECS[from] });
  });

  test.for<[string, () => Promise<Answer>]>([
    [
      'a merge patch',
      () =>
        server.patch(KIND, name, {
          spec: { ...spec, lifecycle: { endpoint: null, secretRef: null, ...spec.lifecycle } },
        }),
    ],
    [
      'a JSON patch',
      () =>
        server.request('PATCH', `${KIND}/${name}`, [{ op: 'replace', path: '/spec', value: spec }], {
          contentType: 'application/json-patch+json',
        }),
    ],
    ['a replace', () => server.request('PUT', `${KIND}/${name}`, { ...before, spec })],
  ])('it is not changed by %s', async ([, change]) => {
    const answer = await change();
    expect(answer.code).toBe(422);
    expect(causesOf(answer)).toContainEqual({
      reason: 'FieldValueForbidden',
      message: `Forbidden: ${TYPE}`,
      field: 'spec.lifecycle.type',
    });
  });

  test('what the message says to do works', async () => {
    await server.patch(KIND, name, { spec: { deletionPolicy: 'Orphan' } });
    await server.request('DELETE', `${KIND}/${name}`);
    expect((await created({ ...full(KIND, name), spec })).spec.lifecycle.type).toBe(to);
  });
});

test('API: an id may come later, once', async () => {
  await created(minimal(KIND, 'later'));
  const set = (instanceID: string | null): Promise<Answer> => server.patch(KIND, 'later', { spec: { instanceID } });
  expect((await set('one')).code).toBe(200);
  expect((await set('two')).code).toBe(422);
  expect((await set(null)).code).toBe(422);
  expect((await set('one')).code).toBe(200);
});

test('API: endpoint and Secret may move to another address of the service', async () => {
  await created(minimal(KIND, 'moves'));
  const lifecycle = { endpoint: 'https://elsewhere.example', secretRef: { name: 'another' } };
  const { code, body } = await server.patch(KIND, 'moves', { spec: { lifecycle } });
  expect([code, body.spec.lifecycle]).toEqual([200, { type: 'API', ...lifecycle }]);
});

test('API: a creating service cannot be declared later either', async () => {
  await created(minimal(KIND, 'declared'));
  const { code, body } = await server.patch(KIND, 'declared', { spec: { creatingService: 'EMA2' } });
  expect([code, body.message]).toEqual([422, expect.stringContaining('leave out creatingService')]);
});

test.for(['displayName', 'deletionPolicy', 'suspend'] as const)('%s may be changed', async (field) => {
  const other = { displayName: 'Another', deletionPolicy: 'Orphan', suspend: true }[field];
  await created(full(KIND, `changes-${field.toLowerCase()}`));
  const { code, body } = await server.patch(KIND, `changes-${field.toLowerCase()}`, { spec: { [field]: other } });
  expect([code, body.spec[field]]).toEqual([200, other]);
});

describe('kubectl', () => {
  const rows = (text: string): string[][] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/));

  beforeAll(async () => {
    await created(full(KIND, 'shown'));
    const { status } = full(KIND);
    const removal = { ...status.conditions[0], type: 'Removal', status: 'False', reason: 'ConfirmationRequired' };
    await server.patch(KIND, 'shown/status', { status: { ...status, conditions: [...status.conditions, removal] } });
  });

  test.for<[string, string, readonly (string | RegExp)[]]>([
    [
      '',
      'NAME INSTANCE STATE CREATED_BY ACCESS READY STATUS AGE',
      ['shown', '5a2c1f0e-instance', 'Active', 'EMA2', '["EBA","EMA2"]', 'True', 'Tested'],
    ],
    [
      'wide',
      'NAME INSTANCE STATE CREATED_BY ACCESS READY STATUS SERVICE ACCOUNT REMOVAL MESSAGE AGE',
      [
        'shown',
        '5a2c1f0e-instance',
        'Active',
        'EMA2',
        '["EBA","EMA2"]',
        'True',
        'Tested',
        'EMA2',
        'acme',
        'ConfirmationRequired',
        'By a test.',
      ],
    ],
  ])('the columns of -o "%s"', async ([output, header, row]) => {
    const args = ['get', 'pi', 'shown', ...(output === '' ? [] : ['-o', output])];
    const [titles, values] = rows(await server.kubectlOk(args));
    expect(titles).toEqual(header.split(' ').map((title) => title.replace('_', ' ')));
    expect(values?.slice(0, -1)).toEqual(row);
  });

  test('explain says that there is no public API', async () => {
    const text = (await server.kubectlOk(['explain', 'pi.spec.lifecycle.type'])).replaceAll(/\s+/g, ' ');
    expect(text).toContain('ESET has no public API for instances');
  });
});
