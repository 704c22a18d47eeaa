// Generated files are as the sources would make them now; what is generated covers what there is.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NAMES } from '../../hack/docs/names.ts';
import { withParts } from '../../hack/docs/markdown.ts';
import { KINDS, ROOT, generatedFiles } from '../../hack/generated.ts';
import * as names from '../../operator/api/v1alpha1/group.ts';

const files = await generatedFiles();

test.each([...files])('%s is fresh', (path, content) => {
  const there = existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : '';
  expect(there === content, `${path}: run \`make generate\``).toBe(true);
});

test('each kind has its page and its part of the reference; each part of the reference is filled', () => {
  for (const { kind } of KINDS) expect([...files.keys()]).toContain(`docs/${kind.toLowerCase()}.md`);
  const reference = files.get('docs/reference.md') ?? '';
  const parts = [...reference.matchAll(/<!-- generated: (.+) -->\n\n([\s\S]*?)\n<!-- end of generated -->/g)];
  expect(parts.length).toBe(KINDS.length + 5);
  expect(parts.filter(([, , text = '']) => text.split('\n').length < 5)).toEqual([]);
});

test('every label, annotation and finalizer of the group is listed, and no other', () => {
  const exported = Object.entries(names).filter(([name]) => /^(LABEL|ANNOTATION|FINALIZER)_/.test(name));
  expect(exported.length).toBeGreaterThan(5);
  expect(new Set(NAMES.map(({ name }) => name))).toEqual(new Set(exported.map(([, value]) => value)));
  for (const { name, what } of NAMES) {
    const [constant = ''] = exported.find(([, value]) => value === name) ?? [];
    expect(constant).toMatch(new RegExp(`^${what.toUpperCase()}_`));
  }
});

test('a part that nothing makes, and one without end, are refused', () => {
  const make = { known: () => 'text' };
  const page = '<!-- generated: known -->\nold\n<!-- end of generated -->\nrest\n';
  expect(withParts(page, make)).toBe('<!-- generated: known -->\n\ntext\n\n<!-- end of generated -->\nrest\n');
  expect(() => withParts(page, {})).toThrow('nothing makes the part "known"');
  expect(() => withParts('<!-- generated: known -->\n', make)).toThrow('has no end');
});
