// Writes the generated files, or with --check says which of them are not fresh.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { toCRD, type KindDefinition } from '../operator/api/schema/crd.ts';
import { customer } from '../operator/api/v1alpha1/customer.ts';
import { mspAccount } from '../operator/api/v1alpha1/mspaccount.ts';
import { protectInstance } from '../operator/api/v1alpha1/protectinstance.ts';
import { staticGroup } from '../operator/api/v1alpha1/staticgroup.ts';
import { PAGE, upstreamFaultsPage } from '../test/upstream-faults/page.ts';

const kinds: readonly KindDefinition[] = [mspAccount, staticGroup, customer, protectInstance];
const root = join(import.meta.dirname, '..');

/** By path. Nothing else may be in crds/. */
const wanted = new Map([
  ...kinds.map((kind): [string, string] => [
    `crds/${kind.group}_${kind.plural}.yaml`,
    `# Generated from operator/api by \`make generate\`; do not edit.\n---\n${stringify(toCRD(kind), { lineWidth: 120, aliasDuplicateObjects: false })}`,
  ]),
  [`docs/${PAGE}`, upstreamFaultsPage()],
]);

const there = readdirSync(join(root, 'crds')).map((name) => `crds/${name}`);
const stale = [
  ...there.filter((path) => !wanted.has(path)),
  ...[...wanted].filter(([path, content]) => read(path) !== content).map(([path]) => path),
];

if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    console.error(`not fresh: ${stale.join(', ')}; run \`make generate\` and commit the result`);
    process.exit(1);
  }
} else {
  for (const path of stale) {
    const content = wanted.get(path);
    if (content === undefined) rmSync(join(root, path));
    else {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
  }
  console.log(`generated files: ${stale.length === 0 ? 'fresh' : `wrote ${stale.join(', ')}`}`);
}

function read(path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return null;
  }
}
