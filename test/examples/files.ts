// The examples, by file: everything under examples/ that a person copies.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');

export interface Example {
  readonly file: string;
  readonly text: string;
}

/** The cdk8s app is a package of its own, with a test of its own. */
export const EXAMPLE_FILES: readonly Example[] = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml') && !file.startsWith('cdk8s'))
  .sort()
  .map((file) => ({ file, text: readFileSync(join(EXAMPLES, file), 'utf8') }));

// Deep and free of form; whoever reads one knows what it is about.
// oxlint-disable-next-line typescript/no-explicit-any
export type Loose = any;

/** @throws Error for text that is no YAML */
export function objectsOf({ file, text }: Example): Loose[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join(', ')}`);
    return document.toJS();
  });
}

/** Of an API that other programs bring: no test has its definitions. */
export function isForeign({ apiVersion }: Loose): boolean {
  const [group, version] = String(apiVersion).split('/');
  if (version === undefined) return false;
  return group !== 'mspoperator.dev' && group !== 'rbac.authorization.k8s.io';
}
