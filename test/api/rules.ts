// A table of rules becomes tests: for each rule, values that the API server admits and values that it refuses, at the right
// field and with a message that says what is allowed or what to write instead. A rule of the schema without a row is a failure.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { full, minimal } from './examples.ts';
import { constraints, nodes, readCRD, type Constraint, type Keyword, type Plural } from './schema.ts';
import { causesOf, DRY_RUN, Server, type Answer, type Manifest } from './server.ts';

export interface Row {
  /** As in `Constraint`. `metadata.name` is for rules on the object itself. */
  readonly at: string;
  readonly keyword: Exclude<Keyword, 'setOnce'>;
  readonly good?: readonly unknown[];
  /** Each must be refused with all of `says`. `undefined`: the field is left out. */
  readonly bad: readonly unknown[];
  readonly says: string;
  /** The object that the value is put into, where that is not the one of `full`. */
  readonly from?: Manifest;
}

/** Each word is admitted, all else is refused with the list of words. */
export function words(at: string, ...values: readonly string[]): Row {
  const [first = ''] = values;
  const bad = [first.toLowerCase(), first.toUpperCase(), '', `${first} `].filter((word) => !values.includes(word));
  return {
    at,
    keyword: 'enum',
    good: values,
    bad,
    says: `supported values: ${values.map((value) => `"${value}"`).join(', ')}`,
  };
}

export function required(...fields: readonly string[]): Row[] {
  return fields.map((at) => ({ at, keyword: 'required', bad: [undefined], says: 'Required value' }));
}

/** The longest and one longer, of characters of several bytes: characters count (the API server's word is "bytes"). */
export function atMost(at: string, length: number): Row {
  return {
    at,
    keyword: 'maxLength',
    good: ['a'.repeat(length), 'é'.repeat(length)],
    bad: ['a'.repeat(length + 1)],
    says: `may not be more than ${length} bytes`,
  };
}

/** `atMost` for a string that a rule or a pattern holds to a shape: only what is too long. */
export function tooLong(at: string, length: number): Row {
  return { ...atMost(at, length), good: [] };
}

export function notEmpty(...fields: readonly string[]): Row[] {
  return fields.map((at) => ({
    at,
    keyword: 'minLength',
    good: ['a'],
    bad: [''],
    says: 'should be at least 1 chars long',
  }));
}

export function atLeast(at: string, minimum: number): Row {
  const says = `should be greater than or equal to ${minimum}`;
  return { at, keyword: 'minimum', good: [minimum], bad: [minimum - 1], says };
}

export function upTo(at: string, maximum: number): Row {
  const says = `should be less than or equal to ${maximum}`;
  return { at, keyword: 'maximum', good: [maximum], bad: [maximum + 1], says };
}

export function times(...fields: readonly string[]): Row[] {
  return fields.map((at) => ({
    at,
    keyword: 'format',
    good: ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.678+02:00'],
    bad: ['yesterday', '2026-01-02', ''],
    says: 'date-time',
  }));
}

/** The two fields that name a company of an account, on both kinds of children. */
export const CHILD_RULES: readonly Row[] = [
  ...required('spec', 'spec.accountRef', 'spec.accountRef.name', 'spec.companyID'),
  ...notEmpty('spec.accountRef.name'),
  atMost('spec.accountRef.name', 63),
  tooLong('spec.companyID', 64),
  {
    at: 'spec.companyID',
    keyword: 'rule',
    good: [
      '0f8fad5b-d9cb-469f-a165-70867728950e',
      '0F8FAD5B-D9CB-469F-A165-70867728950E',
      '0f8fad5b-D9CB-469f-A165-70867728950e',
    ],
    bad: [
      '',
      'acme',
      '12345',
      '0f8fad5bd9cb469fa16570867728950e',
      '{0f8fad5b-d9cb-469f-a165-70867728950e}',
      ' 0f8fad5b-d9cb-469f-a165-70867728950e',
      '0f8fad5b-d9cb-469f-a165-70867728950e\n',
      '0f8fad5b-d9cb-469f-a165-70867728950g',
      '0f8fad5b-d9cb-469f-a165-70867728950',
    ],
    says: 'write the public id of the company in EMA 2, a GUID such as 0f8fad5b-d9cb-469f-a165-70867728950e',
  },
];

const CONDITION = full('customers').status.conditions[0] as object;

export const CONDITION_RULES: readonly Row[] = [
  ...required(
    'status.conditions[].type',
    'status.conditions[].status',
    'status.conditions[].reason',
    'status.conditions[].message',
    'status.conditions[].lastTransitionTime',
  ),
  {
    at: 'status.conditions',
    keyword: 'maxItems',
    good: [Array.from({ length: 32 }, (_, index) => ({ ...CONDITION, type: `Type${index}` }))],
    bad: [Array.from({ length: 33 }, (_, index) => ({ ...CONDITION, type: `Type${index}` }))],
    says: 'must have at most 32 items',
  },
  {
    at: 'status.conditions',
    keyword: 'duplicate',
    good: [
      [
        { ...CONDITION, type: 'One' },
        { ...CONDITION, type: 'Two' },
      ],
    ],
    bad: [
      [
        { ...CONDITION, type: 'One' },
        { ...CONDITION, type: 'One', status: 'False' },
      ],
    ],
    says: 'Duplicate value: {"type":"One"}',
  },
  ...notEmpty('status.conditions[].type', 'status.conditions[].reason'),
  atMost('status.conditions[].type', 63),
  tooLong('status.conditions[].reason', 63),
  atMost('status.conditions[].message', 4096),
  words('status.conditions[].status', 'True', 'False', 'Unknown'),
  {
    at: 'status.conditions[].reason',
    keyword: 'pattern',
    good: ['Synchronized', 'NoTreeAPI', 'A'],
    bad: ['Two words', '1st', 'Ends:', 'Schön'],
    says: "should match '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$'",
  },
  ...times('status.conditions[].lastTransitionTime'),
  atLeast('status.conditions[].observedGeneration', 0),
];

/** The tests of a kind's rules. Set-once fields have a file of their own. */
export function testRules(plural: Plural, rows: readonly Row[]): void {
  const { schema } = readCRD(plural);
  let server: Server;
  beforeAll(async () => {
    server = await Server.create();
    await server.created(plural, minimal(plural, 'kept'));
  });
  afterAll(() => server.end());

  /** Asks for the object with every field, but this one as given; nothing is stored. */
  const ask = async (at: string, value: unknown, from: Manifest = full(plural)): Promise<Answer> => {
    const manifest = { ...structuredClone(from), metadata: { name: 'asked' } };
    put(manifest, at, value);
    if (!at.startsWith('status')) return server.create(plural, manifest, { query: DRY_RUN });
    return server.patch(plural, 'kept/status', { status: manifest.status }, { query: DRY_RUN });
  };

  describe.for(rows)('$at: $keyword', ({ at, keyword, good = [], bad, says, from }) => {
    test.runIf(good.length > 0).for(good.map(shown))('admits %s', async ([, value]) => {
      const answer = await ask(at, value, from);
      expect([answer.code, causesOf(answer)]).toEqual([at.startsWith('status') ? 200 : 201, []]);
    });

    test.for(bad.map(shown))('refuses %s', async ([, value]) => {
      const answer = await ask(at, value, from);
      const causes = causesOf(answer);
      expect(answer.code, `admitted: ${JSON.stringify(value)}`).toBe(422);
      // Nothing else is wrong with it, and the field that is wrong is named.
      const field = at === 'metadata.name' ? '<nil>' : at.replaceAll('[]', '[0]');
      for (const cause of causes) expect(cause.field.startsWith(field), `${cause.field} is not ${field}`).toBe(true);
      const said = causes.map(({ message }) => message).join('\n');
      expect(said).toContain(says);
      expect(said, 'the rule itself broke').not.toContain('evaluating rule');
      if (keyword === 'rule') expect(causes.map(({ reason }) => reason)).toContain('FieldValueInvalid');
    });
  });

  test('no rule of the schema is missing here, and none here is missing in the schema', () => {
    const inSchema = constraints(schema).filter(({ keyword }) => keyword !== 'setOnce');
    expect([...new Set(rows.map(identity))].sort()).toEqual([...new Set(inSchema.map(identity))].sort());
  });

  test('the object with every field is admitted and served as it was written', async () => {
    // Where no object can have every field, several do together.
    const manifests = [...new Set([full(plural), ...rows.flatMap(({ from = [] }) => from)])];
    for (const { at } of nodes(schema)) {
      expect(
        manifests.some((manifest) => get(manifest, at) !== undefined),
        `${at} is in no example`,
      ).toBe(true);
    }
    for (const manifest of manifests) {
      const { name } = manifest.metadata;
      await server.created(plural, manifest);
      const query = { fieldValidation: 'Strict' };
      await server.patch(plural, `${name}/status`, { status: manifest.status }, { query });
      const { spec, status } = (await server.get(plural, name)).body;
      expect({ spec, status }).toEqual({ spec: manifest.spec, status: manifest.status });
    }
  });

  test('what is left out of spec stays out, so that GitOps tools see no difference', async () => {
    const manifest = minimal(plural);
    expect((await server.created(plural, manifest)).spec).toEqual(manifest.spec);
    expect((await server.get(plural, 'minimal')).body.spec).toEqual(manifest.spec);
  });
}

/** A rule on the object itself reads `metadata.name`, the only part of metadata that one can read. */
function identity({ at, keyword, ...rest }: Row | Constraint): string {
  const message = 'says' in rest ? rest.says : rest.message;
  return `${at === '' ? 'metadata.name' : at}: ${keyword}${keyword === 'rule' ? `: ${message}` : ''}`;
}

/** A value with a title that fits a line. */
function shown(value: unknown): [string, unknown] {
  const text = value === undefined ? 'none' : JSON.stringify(value);
  return [text.length > 60 ? `${text.slice(0, 50)}… (${text.length} characters)` : text, value];
}

function keysOf(at: string): (string | number)[] {
  return at
    .replaceAll('[]', '.0')
    .split('.')
    .filter((key) => key !== '')
    .map((key) => (key === '0' ? 0 : key));
}

function get(object: unknown, at: string): unknown {
  let value = object;
  for (const key of keysOf(at)) value = (value as Record<string | number, unknown> | undefined)?.[key];
  return value;
}

function put(object: unknown, at: string, value: unknown): void {
  const keys = keysOf(at);
  const last = keys.pop() ?? '';
  let parent = object as Record<string | number, unknown>;
  for (const key of keys) parent = parent[key] as Record<string | number, unknown>;
  // Replaces a list of several by one of this item.
  if (last === 0) (parent as unknown as unknown[]).splice(0, Infinity, value);
  else if (value === undefined) delete parent[last];
  else parent[last] = value;
}
