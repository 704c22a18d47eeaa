import { describe, expect, test } from 'vitest';
import { companyStatus, companyType, detailID, guid, MAX_TEXT_BYTES, ownID, readRow, rowID, text } from './decode.ts';
import { isObject, parseJson, type JsonObject, type JsonValue } from './json.ts';
import { id } from './scripted.ts';

const UPPER = 'ABCDEF01-2345-6789-ABCD-EF0123456789';
const LOWER = UPPER.toLowerCase();
const codes = new Map([[1, 'Active'] as const, [7, 'Suspended'] as const]);

function object(json: string): JsonObject {
  const parsed = parseJson(json);
  if (parsed.kind !== 'ok' || !isObject(parsed.value)) throw new Error('no object');
  return parsed.value;
}

describe('parseJson', () => {
  test('keys are read without regard to case, the first of two counts', () => {
    expect({ ...object('{"PublicId": 1, "publicID": 2, "Paging": {"TotalCount": 3}}') }).toEqual({
      publicid: 1,
      paging: { totalcount: 3 },
    });
  });

  test('prototype keys are dropped and poison nothing', () => {
    const value = object(
      '{"__proto__": {"polluted": 1}, "Constructor": 1, "prototype": 1, "a": {"__PROTO__": 1}, "b": 2}',
    );
    expect(Object.keys(value)).toEqual(['a', 'b']);
    expect(Object.keys(value['a'] as object)).toEqual([]);
    expect(value['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(value['tostring']).toBeUndefined();
  });

  test('depth is bounded, however deep the text goes', () => {
    expect(parseJson('['.repeat(32) + ']'.repeat(32)).kind).toBe('ok');
    expect(parseJson('['.repeat(33) + ']'.repeat(33))).toEqual({ kind: 'invalid', reason: 'TooDeep' });
    expect(parseJson('['.repeat(1_000_000) + ']'.repeat(1_000_000)).kind).toBe('invalid');
    expect(parseJson('{').kind).toBe('invalid');
  });
});

describe('ids', () => {
  test('one form, lower case; anything else is none', () => {
    expect(guid(UPPER)).toBe(LOWER);
    for (const bad of [
      '',
      'x',
      `{${UPPER}}`,
      `${UPPER}0`,
      `${UPPER}\n`,
      '00000000-0000-0000-0000-000000000000',
      5,
      null,
      undefined,
    ]) {
      expect(guid(bad)).toBeNull();
    }
  });

  test('all names of an id are known, the most specific one wins', () => {
    for (const key of ['publicId', 'companyId', 'CompanyId', 'id', 'Id']) {
      expect(rowID(object(`{"${key}": "${UPPER}"}`))).toBe(LOWER);
      expect(detailID(object(`{"${key}": "${UPPER}"}`))).toBe(LOWER);
      expect(ownID(object(`{"${key}": "${UPPER}"}`))).toBe(LOWER);
    }
    const both = object(`{"id": "${id(1)}", "publicId": "${id(2)}", "companyId": "${id(3)}"}`);
    expect([rowID(both), detailID(both), ownID(both)]).toEqual([id(2), id(1), id(3)]);
    expect(rowID(object(`{"publicId": 17, "companyId": "${UPPER}"}`))).toBe(LOWER);
  });
});

describe('type and status', () => {
  test.each<[JsonValue, string | null]>([
    [1002, 'Distributor'],
    [1003, 'Division'],
    ['1004', 'MSPManager'],
    ['MSP Manager', 'MSPManager'],
    ['mspManager', 'MSPManager'],
    [1005, 'MSP'],
    ['Managed MSP', 'ManagedMSP'],
    ['customer', 'Customer'],
    [1001, null],
    [1008, null],
    [1, null],
    ['HQ', null],
    [null, null],
    [1007.5, null],
    [['1007'], null],
  ])('type %j is %s', (value, type) => expect(companyType(value)).toBe(type));

  test.each<[JsonValue | undefined, string]>([
    [1, 'Active'],
    ['1', 'Active'],
    [7, 'Suspended'],
    [2, 'Unknown'],
    ['active', 'Active'],
    ['SUSPENDED', 'Suspended'],
    ['Waiting for confirmation', 'WaitingForActivation'],
    ['WaitingForActivation', 'WaitingForActivation'],
    ['whatever', 'Unknown'],
    [null, 'Unknown'],
    [undefined, 'Unknown'],
  ])('status %j is %s', (value, status) => expect(companyStatus(value, codes)).toBe(status));
});

describe('names', () => {
  test('any text is kept as it is', () => {
    const hostile = 'a,"b"\n\u001b[31m<script>\u0000';
    expect(text(hostile)).toBe(hostile);
    expect([text(undefined), text(null), text(5)]).toEqual(['', '', '']);
  });

  test('beyond 10 kB it is cut at a character', () => {
    const cut = text('a' + '😀'.repeat(5000));
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(MAX_TEXT_BYTES);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(MAX_TEXT_BYTES - 4);
    expect(cut.isWellFormed()).toBe(true);
  });

  test('lone surrogates do not get through', () => expect(text('a\ud800b')).toBe('a\ufffdb'));
});

describe('readRow', () => {
  test('camelCase and PascalCase', () => {
    const company = { kind: 'company', id: LOWER, type: 'Customer', name: 'A', status: 'Active' };
    expect(readRow(object(`{"publicId": "${UPPER}", "name": "A", "type": 1007, "status": 1}`), codes)).toEqual(company);
    expect(
      readRow(object(`{"CompanyId": "${UPPER}", "Name": "A", "CompanyTypeId": "1007", "Status": "Active"}`), codes),
    ).toEqual(company);
  });

  test('what cannot be read is said to be so', () => {
    for (const bad of [null, 5, 'x', [], object('{}'), object('{"publicId": "x", "type": 1007}')]) {
      expect(readRow(bad, codes)).toEqual({ kind: 'invalid' });
    }
    expect(readRow(object(`{"publicId": "${UPPER}", "type": 1001}`), codes)).toEqual({
      kind: 'unknownType',
      id: LOWER,
    });
    expect(readRow(object(`{"publicId": "${UPPER}"}`), codes)).toEqual({ kind: 'unknownType', id: LOWER });
  });
});
