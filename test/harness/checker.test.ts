// The checker finds a secret in every form in which programs write texts.

import { expect, test } from 'vitest';
import { checkSecrets } from './checker.ts';

const SECRET = 'p"ä<w>&\'rd/+=\\ 9f27';

test.each<[form: string, output: string]>([
  ['plain', `login ${SECRET} refused`],
  ['JSON', JSON.stringify({ password: SECRET })],
  ['a log line that holds JSON', JSON.stringify({ msg: JSON.stringify({ password: SECRET }) })],
  ['a URL', `https://x/?password=${encodeURIComponent(SECRET)}`],
  ['a form', new URLSearchParams({ password: SECRET }).toString()],
  ['a Secret', Buffer.from(SECRET).toString('base64')],
  ['basic authentication', Buffer.from(`api@msp.example:${SECRET}`).toString('base64')],
  ...[0, 1, 2].map((n): [string, string] => [
    `a JWT at ${n}`,
    Buffer.from(`{"p${'x'.repeat(n)}":"${SECRET}"}`.replaceAll(JSON.stringify(SECRET), SECRET)).toString('base64url'),
  ]),
  ['hex', Buffer.from(`{"${SECRET}"}`).toString('hex')],
  ['HTML', "<p>p&quot;ä&lt;w&gt;&amp;'rd/+=\\ 9f27</p>"],
])('%s', (_form, output) => {
  expect(checkSecrets([SECRET], { there: output, elsewhere: 'nothing' })).not.toEqual([]);
  expect(checkSecrets(['another ' + SECRET.slice(8)], { there: output })).toEqual([]);
});
