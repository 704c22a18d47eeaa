// What an upstream that was taken over, or a proxy gone wild, may put where an answer belongs: an honest answer bent byte by byte,
// by what parsers are known to trip over.

/** 0 ≤ x < 1. */
export type Chance = () => number;

/** Part of each name in an honest answer: no message may repeat it. */
export const MARK = 'M4RK';

const WORDS = '{ } [ ] , : " \\ null true -0 1e999 1e-7 -1 1002 1007 9007199254740993 NaN <html> --><script> ﷽'.split(
  ' ',
);
const MEMBERS = [
  '"__proto__":{"polluted":1},',
  '"constructor":{"prototype":{"polluted":1}},',
  '"toString":1,',
  '"length":-1,',
  '"publicId":null,',
  '"companies":{},',
  '"Companies":[],',
  '"search":[],',
  '"state":"Deleted",',
  '"code":99,',
];
const CHARACTERS = ['\0', '\r\n', '\\u0000', '\\ud800', '\u202e', '\u2028', '\ufeff'];
const LONG = ['['.repeat(40), '{"a":'.repeat(40), '['.repeat(50_000), 'x'.repeat(12_000)];
const NOT_UTF8 = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f]];
const PIECES = [
  ...[...WORDS, ...MEMBERS, ...CHARACTERS, ...LONG].map((text) => Buffer.from(text)),
  ...NOT_UTF8.map((bytes) => Buffer.from(bytes)),
];

/** The bytes with one to six changes; `others` are honest answers to other questions, of which it may take parts. */
export function bend(bytes: Buffer, others: readonly Buffer[], chance: Chance): Buffer {
  let bent = bytes;
  for (let left = 1 + below(6, chance); left > 0; left--) bent = once(bent, others, chance);
  return bent;
}

function once(bytes: Buffer, others: readonly Buffer[], chance: Chance): Buffer {
  const from = below(bytes.length + 1, chance);
  const to = Math.min(bytes.length, from + below(chance() < 0.5 ? 8 : 200, chance));
  const [before, within, after] = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)];
  switch (below(7, chance)) {
    case 0:
      return before;
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, within, within, after]);
    case 3: {
      const flipped = Buffer.from(bytes);
      if (from < flipped.length) flipped[from] = (flipped[from] ?? 0) ^ (1 << below(8, chance));
      return flipped;
    }
    case 4: {
      const other = pick(others, chance) ?? bytes;
      return Buffer.concat([before, other.subarray(below(other.length, chance)), after]);
    }
    default:
      return Buffer.concat([before, pick(PIECES, chance) ?? Buffer.of(), after]);
  }
}

/** A line of an HTTP answer that is well-formed or nearly so; none asks to wait. */
export function head(length: number, chance: Chance): string {
  if (chance() < 0.6) return headOf('HTTP/1.1 200 OK', [`content-length: ${length}`]);
  const status = pick(
    ['200 OK', '201 Created', '204 No Content', '302 Found', '400 X', '401 X', '403 X', '404 X'],
    chance,
  );
  const other = pick(
    ['409 X', '413 X', '418 X', '500 X', '501 X', '599 X', '999 X', '-1 X', '100 Continue', ''],
    chance,
  );
  const lengths = [`content-length: ${length}`, 'content-length: -5', 'content-length: 99999999999', ''];
  return headOf(`HTTP/1.1 ${chance() < 0.7 ? status : other}`, [
    pick(lengths, chance) ?? '',
    pick(['content-type: text/html', 'content-encoding: gzip', 'transfer-encoding: chunked', 'x: \0', ''], chance) ??
      '',
    pick(['location: http://127.0.0.1:1/', `x-long: ${'y'.repeat(20_000)}`, 'retry-after: soon', ': :', ''], chance) ??
      '',
  ]);
}

function headOf(status: string, headers: readonly string[]): string {
  return [status, 'content-type: application/json', ...headers.filter((line) => line !== ''), '', ''].join('\r\n');
}

function below(n: number, chance: Chance): number {
  return Math.floor(chance() * n);
}

function pick<T>(items: readonly T[], chance: Chance): T | undefined {
  return items[below(items.length, chance)];
}
