// Writes the generated files, or with --check says which of them are not fresh.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { toCRD, type KindDefinition } from '../operator/api/schema/crd.ts';
import { customer } from '../operator/api/v1alpha1/customer.ts';
import { mspAccount } from '../operator/api/v1alpha1/mspaccount.ts';
import { protectInstance } from '../operator/api/v1alpha1/protectinstance.ts';
import { staticGroup } from '../operator/api/v1alpha1/staticgroup.ts';

const kinds: readonly KindDefinition[] = [mspAccount, staticGroup, customer, protectInstance];
const directory = join(import.meta.dirname, '..', 'crds');

const wanted = new Map(
  kinds.map((kind) => [
    `${kind.group}_${kind.plural}.yaml`,
    `# Generated from operator/api by \`make generate\`; do not edit.\n---\n${stringify(toCRD(kind), { lineWidth: 120, aliasDuplicateObjects: false })}`,
  ]),
);

const stale: string[] = [];
mkdirSync(directory, { recursive: true });
for (const file of readdirSync(directory)) if (!wanted.has(file)) stale.push(file);
for (const [file, content] of wanted) {
  if (read(join(directory, file)) !== content) stale.push(file);
}

if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    console.error(`not fresh in crds/: ${stale.join(', ')}; run \`make generate\` and commit the result`);
    process.exit(1);
  }
} else {
  for (const file of stale) {
    const content = wanted.get(file);
    if (content === undefined) rmSync(join(directory, file));
    else writeFileSync(join(directory, file), content);
  }
  console.log(`crds/: ${stale.length === 0 ? 'fresh' : `wrote ${stale.join(', ')}`}`);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
