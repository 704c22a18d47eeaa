// Company names that break careless code: separators, quotes, markup, control characters, templates, every script, great length.

export const hostileNames: readonly string[] = [
  'Harrow, Finch & Cole',
  'The "Golden Goose" Inn',
  "O'Malley's Bar",
  'Müller-Lüdenscheidt Öfen',
  'Žilinská mliekareň, a.s.',
  'Кондитерская «Север»',
  '東京歯科クリニック',
  'مخبز الشرق',
  '🦷 Dental 🦷',
  'Zoe\u0301 Coiffure',
  'zero\u200Bwidth\u200Djoiner',
  'right\u202Etfel',
  '<script>alert(1)</script>',
  '<b>Bold</b> & Partners',
  'red \u001B[31malert\u001B[0m',
  'two\nlines',
  'carriage\r\nreturn: injected',
  'tab\tseparated',
  ' leading and trailing ',
  '../../etc/passwd',
  '{{ .Values.secret }}',
  '${HOME} `id` $(id)',
  "'; DROP TABLE companies; --",
  '__proto__',
  'constructor',
  'null',
  '0',
  '-',
  '---',
  '!!!',
  '% s %d %n',
  'lone \uD800 surrogate',
  'UPPER CASE ONLY LTD',
  'upper case only ltd',
  'L'.repeat(300),
  'Very long '.repeat(1000),
];

/** The n-th name; every further round is told apart by a suffix, so that siblings stay unique. */
export function hostileName(n: number): string {
  const round = Math.floor(n / hostileNames.length);
  return `${hostileNames[n % hostileNames.length] ?? ''}${round > 0 ? ` (${round + 1})` : ''}`;
}
