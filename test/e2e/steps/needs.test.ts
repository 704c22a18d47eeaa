// The examples bring what the simulator and the operator's lists are made from.

import { expect, test } from 'vitest';
import { rewrites } from '../node/config.ts';
import { namesOf, needsOf, readExamples } from './needs.ts';
import { aliasesOf, SIMULATOR_NAME } from './simulator.ts';

const needs = needsOf(readExamples());

test('each account has a login of its own', () => {
  const names = needs.logins.map(({ username }) => username);
  expect(names.length).toBeGreaterThan(1);
  expect(new Set(names).size).toBe(names.length);
  for (const { password, services, namespace } of needs.logins) {
    expect(password).not.toBe('');
    expect(services).toContain('EMA2');
    expect(namespace).not.toBe('');
  }
});

test('the account of a lifecycle service has its token, and its host is on the list', () => {
  const withToken = needs.logins.filter(({ lifecycleToken }) => lifecycleToken !== undefined);
  expect(withToken).toHaveLength(1);
  expect(withToken[0]?.services).toEqual(['EMA2', 'EBA']);
  expect(needs.lifecycleHosts).toEqual(['lifecycle.borealis-msp.example']);
});

test('every name leads to the simulator', () => {
  expect(namesOf(needs)).toContain('mspapi.eset.com');
  const text = rewrites(aliasesOf(needs));
  for (const name of namesOf(needs)) expect(text).toContain(`rewrite name exact ${name} ${SIMULATOR_NAME}\n`);
  expect(namesOf({ ...needs, upstreamHosts: ['a.example:8443', 'a.example'] })).toContain('a.example');
});
