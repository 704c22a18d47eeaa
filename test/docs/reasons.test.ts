// Every reason that is documented can be set; each that needs a person has its runbook; no runbook is about nothing.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allReasons, readRunbooks, runbookOf } from '../../hack/docs/runbooks.ts';
import { ROOT } from '../../hack/generated.ts';
import { EVENTS } from '../../operator/api/v1alpha1/events.ts';

const runbooks = readRunbooks(ROOT);
const reasons = allReasons();

const sources = ['controllers', 'hierarchy', 'ownership', 'upstream']
  .flatMap((folder) => {
    const at = join(ROOT, 'operator', folder);
    return readdirSync(at, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(at, file), 'utf8'));
  })
  // Served by the schema before the operator has written anything.
  .concat(
    ['common', 'customer', 'staticgroup'].map((file) =>
      readFileSync(join(ROOT, `operator/api/v1alpha1/${file}.ts`), 'utf8'),
    ),
  )
  .join('\n');

test.each([...new Set([...reasons.map(({ reason }) => reason), ...Object.keys(EVENTS)])])(
  '%s stands somewhere in the sources',
  (reason) => expect(sources).toContain(`'${reason}'`),
);

test('each reason that needs a person has a runbook', () => {
  const lacking = reasons.filter(
    ({ acts, kind, reason }) => acts === 'person' && runbookOf(runbooks, kind, reason) === null,
  );
  expect(lacking.map(({ kind, reason }) => `${kind}/${reason}`)).toEqual([]);
});

test('a reason has one runbook at most', () => {
  const covered = runbooks.flatMap(({ covers }) => covers);
  expect(covered.filter((each, at) => covered.indexOf(each) !== at)).toEqual([]);
});

describe.each(runbooks)('$file', ({ file, text, covers }) => {
  test('is about reasons that there are, and is named after the first', () => {
    const known = new Set(reasons.map(({ kind, reason }) => `${kind}/${reason}`));
    expect(covers.length).toBeGreaterThan(0);
    expect(covers.filter((each) => !known.has(each))).toEqual([]);
    expect(covers[0]).toMatch(new RegExp(`/${file.replace(/\.md$/, '')}$`));
    expect(text.startsWith(`# ${file.replace(/\.md$/, '')}\n`)).toBe(true);
  });

  test('says what is seen, what it means, what is at risk, what to check and to do, and when it is over', () => {
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([
      'What you see',
      'What it means',
      'Is anything at risk',
      'What to check',
      'What to do',
      'When it is over',
    ]);
  });
});
