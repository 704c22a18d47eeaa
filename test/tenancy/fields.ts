// Every field in which people can write free text, and what the operator makes of that text. A field that is not here fails the test:
// say what it is, and if it names or leads to something, add a try to reach another tenant by it.

import { PLURALS, readCRD, type Plural, type Schema } from '../api/schema.ts';

/** name: of an object. url: where to connect to. id: of something upstream. plain: followed nowhere. */
export type Meaning = 'name' | 'url' | 'id' | 'plain';

export const FIELDS = {
  'mspaccounts.credentials.secretRef.name': 'name',
  'mspaccounts.endpoint': 'url',
  'mspaccounts.sync.interval': 'plain',
  'staticgroups.accountRef.name': 'name',
  'staticgroups.companyID': 'id',
  'staticgroups.displayName': 'plain',
  'staticgroups.parentRef.name': 'name',
  'customers.accountRef.name': 'name',
  'customers.companyID': 'id',
  'protectinstances.accountRef.name': 'name',
  'protectinstances.displayName': 'plain',
  'protectinstances.lifecycle.endpoint': 'url',
  'protectinstances.lifecycle.secretRef.name': 'name',
  'protectinstances.instanceID': 'id',
} as const satisfies Readonly<Record<string, Meaning>>;

type Fields = typeof FIELDS;
export type Reaching = { [F in keyof Fields]: Fields[F] extends 'plain' ? never : F }[keyof Fields];
export const REACHING = (Object.keys(FIELDS) as (keyof Fields)[]).filter(
  (field): field is Reaching => FIELDS[field] !== 'plain',
);

/** Of the specs of all kinds, as the CRDs have them. */
export function freeTextFields(): string[] {
  return PLURALS.flatMap((plural: Plural) => {
    const spec = readCRD(plural).schema.properties?.['spec'];
    return spec === undefined ? [] : freeText(spec, plural);
  });
}

function freeText(schema: Schema, path: string): string[] {
  if (schema.type === 'string') return schema.enum === undefined ? [path] : [];
  if (schema.type === 'array') return schema.items === undefined ? [] : freeText(schema.items, `${path}[]`);
  if (['integer', 'boolean'].includes(schema.type)) return [];
  const properties = Object.entries(schema.properties ?? {});
  // An object without named properties would take anything.
  return properties.length === 0 ? [path] : properties.flatMap(([name, field]) => freeText(field, `${path}.${name}`));
}
