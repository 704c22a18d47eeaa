// The health checks for Argo CD, in a Lua interpreter, on every status that an object can show: each condition with each reason
// that is documented, the status that is served before the operator has written one, and generations that are not seen yet.

import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { CONDITIONS, statusesOf, type ConditionDoc } from '../../operator/api/v1alpha1/conditions.ts';
import { full, KINDS } from '../api/examples.ts';
import { PLURALS, readCRD } from '../api/schema.ts';
import { EXAMPLE_FILES, objectsOf, type Loose } from './files.ts';
import { healthOf } from './lua.ts';

const file = EXAMPLE_FILES.find((example) => example.file === 'argocd/argocd-cm.yaml');
const [configMap] = file === undefined ? [] : objectsOf(file);
export const HEALTH = 'resource.customizations.health.mspoperator.dev_';
const scriptOf = (kind: string): string => configMap.data[HEALTH + kind];

interface Case {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly acts: string;
}

/** Every way in which the verdict of a kind can be. */
function cases(kind: string, type: string): Case[] {
  const table: Readonly<Record<string, ConditionDoc>> = CONDITIONS[kind as keyof typeof CONDITIONS];
  const condition = table[type];
  if (condition === undefined) throw new Error(`${kind} has no ${type}`);
  return Object.entries(condition.reasons).flatMap(([reason, { acts }]) =>
    statusesOf(condition, reason).map((status) => ({ type, status, reason, acts })),
  );
}

const condition = (type: string, status: string, reason: string): object => ({
  type,
  status,
  reason,
  message: `${reason} in words.`,
  lastTransitionTime: '2026-01-02T03:04:05Z',
});

/** With this verdict, and with Reconciling or Stalled beside it as the operator writes them; in either order. */
function objectOf(kind: string, { type, status, reason, acts }: Case, reversed = false): Loose {
  const plural = PLURALS.find((each) => KINDS[each] === kind) ?? 'customers';
  const object = full(plural);
  object.metadata.generation = 3;
  object.spec.suspend = false;
  const beside = { operator: 'Reconciling', person: 'Stalled' }[acts];
  const conditions = [
    condition(type, status, reason),
    ...(type === 'Ready' && status !== 'True' && beside !== undefined ? [condition(beside, 'True', reason)] : []),
  ];
  object.status = { ...object.status, conditions: reversed ? conditions.toReversed() : conditions };
  if (type === 'Ready') object.status.observedGeneration = 3;
  return object;
}

test('every kind has a health check, and there is no other', () => {
  const keys = Object.keys(configMap.data).filter((key) => key.startsWith(HEALTH));
  expect(new Set(keys)).toEqual(new Set(Object.values(KINDS).map((kind) => HEALTH + kind)));
});

describe.each(['MSPAccount', 'ProtectInstance'])('%s', (kind) => {
  test.each(cases(kind, 'Ready'))('Ready=$status, $reason', (it) => {
    const expected =
      it.status === 'True'
        ? 'Healthy'
        : ({ person: 'Degraded', operator: 'Progressing', nobody: 'Suspended' }[it.acts] ?? '');
    const message = `${it.reason} in words.`;
    expect(healthOf(scriptOf(kind), objectOf(kind, it))).toEqual({ status: expected, message });
    expect(healthOf(scriptOf(kind), objectOf(kind, it, true))).toEqual({ status: expected, message });
  });

  test('not seen by the operator yet, in whatever way', () => {
    const [ready] = cases(kind, 'Ready').filter(({ status }) => status === 'True');
    if (ready === undefined) throw new Error('no way to be ready');
    const object = objectOf(kind, ready);
    const plural = kind === 'MSPAccount' ? 'mspaccounts' : 'protectinstances';
    const fresh = readCRD(plural).schema.properties?.['status']?.default;
    for (const status of [undefined, {}, fresh, { ...object.status, observedGeneration: 2 }]) {
      expect(healthOf(scriptOf(kind), { ...object, status })).toMatchObject({ status: 'Progressing' });
    }
  });
});

test('an account that a person has suspended, whatever its verdict', () => {
  for (const it of cases('MSPAccount', 'Ready')) {
    const object = objectOf('MSPAccount', it);
    object.spec.suspend = true;
    expect(healthOf(scriptOf('MSPAccount'), object)).toMatchObject({ status: 'Suspended' });
  }
});

describe.each(['StaticGroup', 'Customer'])('%s', (kind) => {
  test.each(cases(kind, 'Linked'))('Linked=$status, $reason', (it) => {
    const goes = it.status === 'False' || it.reason === 'AccountRemoved';
    const expected = it.status === 'True' ? 'Healthy' : goes ? 'Suspended' : 'Progressing';
    expect(healthOf(scriptOf(kind), objectOf(kind, it))).toEqual({
      status: expected,
      message: `${it.reason} in words.`,
    });
  });

  test('without a status', () => {
    expect(healthOf(scriptOf(kind), { metadata: {}, spec: {} })).toMatchObject({ status: 'Progressing' });
  });
});

test('a condition of another type changes nothing', () => {
  const object = objectOf('Customer', { type: 'Linked', status: 'True', reason: 'Present', acts: 'nobody' });
  object.status.conditions.push(condition('Suspended', 'True', 'X'), condition('SetUp', 'False', 'Y'));
  expect(healthOf(scriptOf('Customer'), object)).toMatchObject({ status: 'Healthy' });
});

test('a script that fails, fails', () => {
  expect(() => healthOf('return string.upper("x")', {})).toThrow(/string/);
});

test('groups and customers stay out of the cache of the cluster', () => {
  expect(parse(configMap.data['resource.exclusions'])).toEqual([
    { apiGroups: ['mspoperator.dev'], kinds: ['StaticGroup', 'Customer'], clusters: ['*'] },
  ]);
});
