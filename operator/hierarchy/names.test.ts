import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guid } from './fixtures.ts';
import { childName, cleanDisplayName } from './names.ts';

const ID = 'E0E0E0E0-1111-4222-8333-444455556666';
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const HASHED = /-[a-z2-7]{13}$/;

/** Text with what breaks names: letters of many scripts, controls, escapes, bidi, lone surrogates. */
const nastyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\u001b[31m',
        '\u001b]0;t\u0007',
        '\u001b',
        '\u009b1m',
        '\n',
        '\0',
        '\u202e',
        '\u2066',
        '\ud800',
        '\udc00',
      ),
      fc.constantFrom(
        'ACME, Inc. "best"',
        'Žluťoučký',
        'Київ',
        'Αθήνα',
        'שלום',
        '中文',
        '👩‍👩‍👧',
        '\u200b',
        'x'.repeat(300),
      ),
    ),
  )
  .map((parts) => parts.join(''));

describe('childName', () => {
  test('is a slug and 13 base32 characters of SHA-256 over account, NUL, lower-case GUID', () => {
    const name = childName('acme', ID, 'Müller & Söhne GmbH');
    expect(name).toMatch(/^muller-sohne-gmbh-[a-z2-7]{13}$/);
    // Base32 by way of BigInt, another way than the code's.
    const digest = createHash('sha256').update(`acme\0${ID.toLowerCase()}`).digest('hex');
    let rest = BigInt(`0x${digest}`) >> (256n - 65n);
    let expected = '';
    for (; expected.length < 13; rest >>= 5n)
      expected = 'abcdefghijklmnopqrstuvwxyz234567'[Number(rest & 31n)] + expected;
    expect(name.slice(-13)).toBe(expected);
  });

  test('the GUID counts in any case, the account and the GUID both count', () => {
    expect(childName('acme', ID, 'A')).toBe(childName('acme', ID.toLowerCase(), 'A'));
    expect(childName('acme', ID, 'A')).not.toBe(childName('acme2', ID, 'A'));
    expect(childName('acme', guid(1), 'A')).not.toBe(childName('acme', guid(2), 'A'));
  });

  test.each([
    ['Straße & Łódź', 'strasse-lodz'],
    ['Київ Трейд', 'kiiv-treid'],
    ['Αθήνα', 'athina'],
    ['ﬁrst ①', 'first-1'],
    ['--- 24/7 ---', '24-7'],
    ['İstanbul', 'istanbul'],
    ['\u001b[31mRed\u001b[0m', 'red'],
    ['中文公司', 'company'],
    ['', 'company'],
    ['\ud800', 'company'],
    ['x'.repeat(10_000), 'x'.repeat(49)],
    [`${'y'.repeat(48)} z`, 'y'.repeat(48)],
  ])('%j → %s-…', (display, slug) => {
    expect(childName('acme', ID, display).slice(0, -14)).toBe(slug);
  });

  test('is a DNS-1123 label for any text', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const name = childName('a'.repeat(63), ID, text);
        expect(name).toMatch(LABEL);
        expect(name).toMatch(HASHED);
      }),
    );
  });

  test('100,000 companies of one name get 100,000 names', () => {
    const names = new Set<string>();
    for (let n = 0; n < 100_000; n++) names.add(childName('acme', guid(n), 'Same'));
    expect(names.size).toBe(100_000);
  });
});

describe('cleanDisplayName', () => {
  test.each([
    ['  ACME,\t "Best"\r\n Ltd. ', 'ACME, "Best" Ltd.'],
    ['\u001b[1;31mRed\u001b[0m alert', 'Red alert'],
    ['\u001b]0;title\u0007Shell', 'Shell'],
    ['\u001b]ACME', 'ACME'],
    ['a\u202egpj.exe\u202c b', 'agpj.exe b'],
    ['שלום עולם', 'שלום עולם'],
    ['bad\ud83dhalf', 'bad half'],
    ['one\u2028two\u0085three', 'one two three'],
    ['👩‍👩‍👧 Family', '👩‍👩‍👧 Family'],
    ['', '(unnamed)'],
    ['\u0000\n', '(unnamed)'],
    ['\u200b\u200d', '(unnamed)'],
  ])('%j → %j', (name, clean) => {
    expect(cleanDisplayName(name)).toBe(clean);
  });

  test('cuts on a code point', () => {
    expect(cleanDisplayName('x'.repeat(253))).toBe('x'.repeat(253));
    expect(cleanDisplayName('x'.repeat(254))).toBe(`${'x'.repeat(252)}…`);
    const cut = cleanDisplayName('a' + '😀'.repeat(200));
    expect(cut).toBe(`a${'😀'.repeat(125)}…`);
  });

  test('is safe and idempotent for any text', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const clean = cleanDisplayName(text);
        expect(clean.length).toBeGreaterThan(0);
        expect(clean.length).toBeLessThanOrEqual(253);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]|^\s|\s$|\s\s/u);
        expect(cleanDisplayName(clean)).toBe(clean);
      }),
    );
  });

  test('1 MB of half escapes takes no more than linear time (the time limit of the test would see it)', () => {
    const clean = cleanDisplayName('\u001b]'.repeat(200_000) + '\u001b[1;'.repeat(200_000) + ' '.repeat(200_000));
    expect(clean).toHaveLength(253);
  });
});
