// Every generated file of the repository with its content: the CRDs, what the chart takes from them and from its values.yaml, the
// constructs for cdk8s, the reference, and the generated parts of the pages. Not deploy/install.yaml, which takes Helm: hack/install-yaml.ts.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { toCRD, type KindDefinition } from '../operator/api/schema/crd.ts';
import { customer } from '../operator/api/v1alpha1/customer.ts';
import { mspAccount } from '../operator/api/v1alpha1/mspaccount.ts';
import { protectInstance } from '../operator/api/v1alpha1/protectinstance.ts';
import { staticGroup } from '../operator/api/v1alpha1/staticgroup.ts';
import { CONSTRUCTS, constructs } from './cdk8s.ts';
import { crdTemplate } from './chart-crd.ts';
import { readValues, valuesReference } from './chart-values.ts';
import { conditionsPart } from './docs/conditions.ts';
import { eventsPart } from './docs/events.ts';
import { conditionFieldsPart, kindPart } from './docs/fields.ts';
import { flagsPart } from './docs/flags.ts';
import { withParts } from './docs/markdown.ts';
import { metricsPart } from './docs/metrics.ts';
import { namesPart } from './docs/names.ts';
import { PAGE, upstreamFaultsPage } from '../test/upstream-faults/page.ts';
import { coveredTable, readRunbooks, runbookIndex } from './docs/runbooks.ts';

export const ROOT = join(import.meta.dirname, '..');
const CHART = 'charts/eset-msp-operator';
/** Folders that hold nothing but generated files. */
export const GENERATED_FOLDERS = ['crds', `${CHART}/templates/crds`];
export const KINDS: readonly KindDefinition[] = [mspAccount, staticGroup, customer, protectInstance];

/** By path from the root. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const kind of KINDS) {
    const yaml = stringify(toCRD(kind), { lineWidth: 120, aliasDuplicateObjects: false });
    const lead = '# Generated from operator/api by `make generate`; do not edit.\n---\n';
    const name = `${kind.group}_${kind.plural}.yaml`;
    files.set(`crds/${name}`, `${lead}${yaml}`);
    files.set(`${CHART}/templates/crds/${name}`, crdTemplate(yaml));
  }
  const { values, schema } = readValues(readFileSync(join(ROOT, CHART, 'values.yaml'), 'utf8'));
  files.set(`${CHART}/values.schema.json`, `${JSON.stringify(schema, null, 2)}\n`);
  // A StaticGroup is written by the operator alone.
  files.set(CONSTRUCTS, constructs(KINDS.filter((kind) => kind !== staticGroup)));
  files.set('docs/helm-values.md', valuesReference(values));
  files.set(`docs/${PAGE}`, upstreamFaultsPage());
  const runbooks = readRunbooks(ROOT);
  const metrics = await metricsPart();
  const parts: Readonly<Record<string, () => string>> = {
    'conditions of MSPAccount': () => conditionsPart('MSPAccount', runbooks),
    'conditions of StaticGroup': () => conditionsPart('StaticGroup', runbooks),
    'conditions of Customer': () => conditionsPart('Customer', runbooks),
    'conditions of ProtectInstance': () => conditionsPart('ProtectInstance', runbooks),
    ...Object.fromEntries(KINDS.map((kind) => [`fields of ${kind.kind}`, () => kindPart(kind)])),
    'fields of a condition': conditionFieldsPart,
    names: namesPart,
    events: eventsPart,
    flags: flagsPart,
    metrics: () => metrics,
    'runbook index': () => runbookIndex(runbooks),
  };
  const pages = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md'));
  for (const page of [...pages, 'runbooks/README.md']) {
    const path = `docs/${page}`;
    const text = readFileSync(join(ROOT, path), 'utf8');
    if (text.includes('<!-- generated: ')) files.set(path, withParts(text, parts));
  }
  for (const runbook of runbooks) {
    const covered = { 'what it covers': () => coveredTable(runbook) };
    files.set(`docs/runbooks/${runbook.file}`, withParts(runbook.text, covered));
  }
  return files;
}
