// Fields that are set once: no way of writing an object changes them or takes them away.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMPANY, OTHER_COMPANY, minimal, portalInstance } from './examples.ts';
import { constraints, PLURALS, readCRD, type Plural } from './schema.ts';
import { causesOf, Server, type Answer, type Manifest } from './server.ts';

const FIELDS = {
  mspaccounts: {},
  staticgroups: { accountRef: { name: 'other' }, companyID: OTHER_COMPANY },
  customers: { accountRef: { name: 'other' }, companyID: OTHER_COMPANY },
  protectinstances: {
    accountRef: { name: 'other' },
    service: 'EBA',
    region: 'us',
    instanceID: 'another',
    creatingService: 'EBA',
  },
} as const satisfies Record<Plural, object>;

/** Those that may be missing: they may be set later, and never go. */
const OPTIONAL = ['instanceID', 'creatingService'];

/** Kind, field, another value. */
const CASES = PLURALS.flatMap((plural) =>
  Object.entries(FIELDS[plural]).map(([field, other]) => ({ plural, field, other: other as unknown })),
);

/** An object that has the field; `spec` on top of it. */
function example(plural: Plural, field: string, name: string, spec: object = {}): Manifest {
  if (field === 'creatingService') return { ...portalInstance(name, spec), status: undefined };
  return minimal(plural, name, field === 'instanceID' ? { instanceID: 'one', ...spec } : spec);
}

const BESIDE: Readonly<Record<Plural, object>> = {
  mspaccounts: {},
  staticgroups: { displayName: 'Renamed', type: 'Customer' },
  customers: { setup: { mode: 'Skip' } },
  protectinstances: { displayName: 'Renamed', suspend: true },
};

const says = (plural: Plural, field: string) =>
  `${field} cannot be changed or removed once set: ${
    plural === 'protectinstances'
      ? 'delete this object with deletionPolicy Orphan and create another'
      : 'delete this object and create another with the new value'
  }`;

let server: Server;
beforeAll(async () => {
  server = await Server.create();
});
afterAll(() => server.end());

test.for(PLURALS)('%s: these are the fields that its schema says are set once', (plural) => {
  const { schema } = readCRD(plural);
  const rules = constraints(schema).filter(
    // That of lifecycle.type: protectinstance-lifecycle.cluster.test.ts.
    ({ keyword, message }) => keyword === 'setOnce' && !message?.startsWith('lifecycle.type'),
  );
  expect(rules.map(({ at, message }) => `${at}: ${message}`)).toEqual(
    Object.keys(FIELDS[plural]).map((field) => `spec: ${says(plural, field)}`),
  );
});

describe.for(CASES)('$plural $field', ({ plural, field, other }) => {
  const name = field.toLowerCase();
  const initial = example(plural, field, name);
  let written: Manifest;
  beforeAll(async () => {
    written = await server.created(plural, initial);
  });

  const patched = (value: unknown, query: Record<string, string> = {}): Promise<Answer> =>
    server.patch(plural, name, { spec: { [field]: value } }, { query });

  const jsonPatch = (...operations: readonly object[]): Promise<Answer> =>
    server.request('PATCH', `${plural}/${name}`, operations, { contentType: 'application/json-patch+json' });

  const replaced = (spec: object): Promise<Answer> => {
    const { resourceVersion } = written.metadata;
    return server.request('PUT', `${plural}/${name}`, {
      ...initial,
      metadata: { name, resourceVersion },
      spec,
    });
  };

  const applied = (spec: object, fieldManager: string): Promise<Answer> =>
    server.request(
      'PATCH',
      `${plural}/${name}`,
      { ...initial, spec },
      { contentType: 'application/apply-patch+yaml', query: { fieldManager, force: 'true' } },
    );

  const changed = { ...initial.spec, [field]: other };

  test.for<[string, () => Promise<Answer>]>([
    ['a merge patch', () => patched(other)],
    ['a merge patch as a dry run', () => patched(other, { dryRun: 'All' })],
    ['a JSON patch', () => jsonPatch({ op: 'replace', path: `/spec/${field}`, value: other })],
    [
      'a JSON patch that removes and adds',
      () => jsonPatch({ op: 'remove', path: `/spec/${field}` }, { op: 'add', path: `/spec/${field}`, value: other }),
    ],
    ['a replace', () => replaced(changed)],
    ['a server-side apply with force', () => applied(changed, 'somebody')],
  ])('is not changed by %s', async ([, change]) => {
    const answer = await change();
    expect(answer.code).toBe(422);
    expect(causesOf(answer)).toEqual([
      { reason: 'FieldValueForbidden', message: `Forbidden: ${says(plural, field)}`, field: `spec.${field}` },
    ]);
  });

  test.for<[string, () => Promise<Answer>]>([
    ['a merge patch', () => patched(null)],
    ['a JSON patch', () => jsonPatch({ op: 'remove', path: `/spec/${field}` })],
    ['a replace', () => replaced({ ...changed, [field]: undefined })],
  ])('is not removed by %s, so that there is no way to remove it and set it anew', async ([, remove]) => {
    const answer = await remove();
    expect(answer.code).toBe(422);
    // Most are required too, and the API server looks at that first.
    const cause = OPTIONAL.includes(field)
      ? { reason: 'FieldValueForbidden', message: `Forbidden: ${says(plural, field)}` }
      : { reason: 'FieldValueRequired', message: 'Required value' };
    expect(causesOf(answer)).toContainEqual({ ...cause, field: `spec.${field}` });
    expect((await patched(other)).code).toBe(422);
  });

  test('spec as a whole is not removed', async () => {
    const answer = await server.patch(plural, name, { spec: null });
    expect(answer.code).toBe(422);
    expect(causesOf(answer).map((cause) => cause.field)).toEqual(['spec']);
  });

  test('may be written again as it is, with other fields beside it changed', async () => {
    const value = initial.spec[field];
    const beside = BESIDE[plural];
    const answer = await server.patch(plural, name, { spec: { [field]: value, ...beside } });
    expect([answer.code, answer.body.message]).toEqual([200, undefined]);
    expect(answer.body.spec).toMatchObject({ [field]: value, ...beside });
  });

  test('after all that it is as it was first set', async () => {
    expect((await server.get(plural, name)).body.spec[field]).toEqual(initial.spec[field]);
  });

  test('deleting the object and creating another, as the message says, works', async () => {
    const old = await server.created(plural, example(plural, field, `${name}-again`));
    await server.request('DELETE', `${plural}/${name}-again`);
    const created = await server.created(plural, example(plural, field, `${name}-again`, { [field]: other }));
    expect(created.spec[field]).toEqual(other);
    expect(created.metadata.uid).not.toBe(old.metadata.uid);
  });
});

describe.for(CASES.filter(({ field }) => field === 'companyID'))('$plural companyID', ({ plural }) => {
  test('keeps its case too: the rule compares letter by letter', async () => {
    await server.created(plural, minimal(plural, 'case'));
    const answer = await server.patch(plural, 'case', { spec: { companyID: COMPANY.toUpperCase() } });
    expect(causesOf(answer).map(({ message }) => message)).toEqual([`Forbidden: ${says(plural, 'companyID')}`]);
  });
});

describe.for(CASES)('kubectl: $plural $field', ({ plural, field, other }) => {
  const name = `kubectl-${field.toLowerCase()}`;
  const before = example(plural, field, name);
  const after = example(plural, field, name, { [field]: other });
  const without = example(plural, field, name, { [field]: undefined });
  const resource = `${plural}.mspoperator.dev`;

  test('apply, patch --type merge and replace refuse with the message', async () => {
    await server.kubectlOk(['apply', '-f', '-'], JSON.stringify(before));
    const refused = [
      server.kubectl(['apply', '-f', '-'], JSON.stringify(after)),
      server.kubectl(['patch', resource, name, '--type=merge', '-p', JSON.stringify({ spec: { [field]: other } })]),
      server.kubectl(['replace', '-f', '-'], JSON.stringify(after)),
    ];
    for (const { code, stderr } of await Promise.all(refused)) {
      expect([code, stderr]).toEqual([1, expect.stringContaining(`spec.${field}: Forbidden: ${says(plural, field)}`)]);
    }
    const { code, stderr } = await server.kubectl(['apply', '-f', '-'], JSON.stringify(without));
    const why = OPTIONAL.includes(field) ? `Forbidden: ${says(plural, field)}` : 'Required value';
    expect([code, stderr]).toEqual([1, expect.stringContaining(`spec.${field}: ${why}`)]);
    expect((await server.get(plural, name)).body.spec[field]).toEqual(before.spec[field]);
  });
});
