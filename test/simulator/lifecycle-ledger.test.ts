// The audit sees each thing that must never happen, and nothing else.
import { expect, test } from 'vitest';
import { Ledger, violations } from './lifecycle-ledger.ts';
import type { LedgerEntry } from './lifecycle-ledger.ts';

type Line = Partial<LedgerEntry> & Pick<LedgerEntry, 'action'>;

function audit(lines: readonly Line[]): string[] {
  const ledger = new Ledger();
  for (const line of lines) {
    ledger.add({
      time: 0,
      askedAt: 0,
      by: 'operator',
      request: null,
      companyID: 'c',
      instanceID: 'i',
      service: 'EMA2',
      toldCreator: 'EMA2',
      requestKey: null,
      state: null,
      code: null,
      ...line,
    });
  }
  return violations(ledger.entries, ['EMA2', 'EBA']);
}

const created: Line = { action: 'created', requestKey: 'k' };
const removed: Line = { action: 'removed' };
const gone: Line = { action: 'gone' };

test.each<[string, Line[]]>([
  ['nothing', []],
  ['a whole life', [created, { action: 'granted', service: 'EBA' }, removed, { action: 'repeated' }, gone]],
  ['one after the other', [created, removed, gone, { ...created, instanceID: 'j', requestKey: 'l' }]],
  ['two companies', [created, { ...created, instanceID: 'j', requestKey: 'l', companyID: 'd' }]],
  ['a second create refused', [created, { action: 'refused', request: 'create', code: 'InstanceExists' }]],
])('fine: %s', (_, lines) => expect(audit(lines)).toEqual([]));

test.each<[RegExp, Line[]]>([
  [/^operator created j for company c while i lives/, [created, { ...created, instanceID: 'j', requestKey: 'l' }]],
  [/^portal created j/, [created, removed, { ...created, by: 'portal', instanceID: 'j', requestKey: null }]],
  [/created j with the key k, which made i/, [created, removed, gone, { ...created, instanceID: 'j' }]],
  [/created i a second time/, [created, gone, { ...created, requestKey: 'l' }]],
  [/removed i as EBA; EMA2 created it/, [created, { ...removed, service: 'EBA', toldCreator: 'EBA' }]],
  [/removed i as EMA2 while upstream said null/, [created, { ...removed, toldCreator: null }]],
  [/removed i as EMA2 while upstream said EBA/, [created, { ...removed, toldCreator: 'EBA' }]],
  [/removed i twice/, [created, removed, removed]],
  [/removed i, which was gone/, [created, gone, removed]],
  [/removed i, which was never created/, [removed, gone]],
  [/gave Hub access to i/, [created, { action: 'granted', service: 'Hub' }]],
  [
    /asked to remove i as EBA/,
    [created, { action: 'refused', request: 'remove', service: 'EBA', code: 'NotCreatingService' }],
  ],
])('%s', (expected, lines) => expect(audit(lines).join('\n')).toMatch(expected));

test('an entry cannot be changed, and a missing one is noticed', () => {
  const ledger = new Ledger();
  const entry = { time: 0, askedAt: 0, by: 'operator', request: null, companyID: 'c', instanceID: 'i' } as const;
  const rest = { service: 'EMA2', toldCreator: 'EMA2', requestKey: null, state: null, code: null } as const;
  ledger.add({ ...entry, ...rest, action: 'created' });
  ledger.add({ ...entry, ...rest, action: 'removed' });
  const [first, second] = ledger.entries;
  expect(() => Object.assign(first ?? {}, { service: 'EBA' })).toThrow(TypeError);
  expect(violations(second ? [second] : []).join()).toMatch(/missing/);
});
