import { expect, test } from 'vitest';
import { differences, fingerprintOf } from './fingerprint.ts';
import type { Thing } from './world.ts';

function thing(uid: string, namespace: string, at: string, status: object): Thing {
  return {
    apiVersion: 'v1',
    kind: 'Customer',
    metadata: {
      name: 'bakery',
      uid,
      resourceVersion: uid,
      generation: 2,
      creationTimestamp: at,
      annotations: { note: `since ${at} in ${namespace}` },
    },
    spec: {},
    status,
  };
}
const linked = (status: string, at: string) => ({
  conditions: [{ type: 'Linked', status, reason: 'Present', message: 'x', lastTransitionTime: at }],
});
const MORNING = '2026-05-01T08:00:00Z';
const EVENING = '2026-05-01T20:00:00.123Z';

test('two runs with the same end have the same fingerprint', () => {
  const one = fingerprintOf([thing('1', 'test-a', MORNING, linked('True', MORNING))], { 'test-a': '<namespace>' });
  const other = fingerprintOf([thing('2', 'test-b', EVENING, linked('True', EVENING))], { 'test-b': '<namespace>' });
  expect(differences(one, other)).toEqual([]);
});

test('a difference names the object, the field and both values', () => {
  const one = fingerprintOf([thing('1', 'a', MORNING, { ...linked('True', MORNING), phase: 'Normal' })]);
  const other = fingerprintOf([thing('1', 'a', MORNING, linked('False', MORNING))]);
  expect(differences(one, other)).toEqual([
    'Customer/bakery .status .conditions [Linked] .status: expected "True", is "False"',
    'Customer/bakery .status .phase: expected "Normal", is nothing',
  ]);
});

test('an object that is lost, or there twice, shows', () => {
  const bakery = thing('1', 'a', MORNING, {});
  const twin = { ...bakery, metadata: { ...bakery.metadata, name: 'twin' } };
  expect(differences(fingerprintOf([bakery]), fingerprintOf([]))).toEqual([
    expect.stringMatching(/^Customer\/bakery: expected .*, is nothing$/),
  ]);
  expect(differences(fingerprintOf([bakery]), fingerprintOf([bakery, twin]))).toEqual([
    expect.stringMatching(/^Customer\/twin: expected nothing, is /),
  ]);
});

test('whether a time is there matters, not which', () => {
  const having = fingerprintOf([thing('1', 'a', MORNING, { refusedAt: MORNING })]);
  const lacking = fingerprintOf([thing('1', 'a', MORNING, {})]);
  expect(differences(having, lacking)).toEqual(['Customer/bakery .status .refusedAt: expected "<time>", is nothing']);
});
