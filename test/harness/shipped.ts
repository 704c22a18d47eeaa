// The objects that deploy/install.yaml installs, by what they are for. Tests, demo and bench run with exactly these.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const INSTALL = join(import.meta.dirname, '..', '..', 'deploy', 'install.yaml');

export interface ShippedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export const PARTS = ['definitions', 'rights', 'admission', 'workload'] as const;
export type Part = (typeof PARTS)[number];

const PART_OF: Readonly<Record<string, Part>> = {
  CustomResourceDefinition: 'definitions',
  Namespace: 'rights',
  ServiceAccount: 'rights',
  ClusterRole: 'rights',
  ClusterRoleBinding: 'rights',
  Role: 'rights',
  RoleBinding: 'rights',
  ValidatingAdmissionPolicy: 'admission',
  ValidatingAdmissionPolicyBinding: 'admission',
  Deployment: 'workload',
  Service: 'workload',
};

/** @throws Error for an object of which nobody has said what it is for */
export function shipped(...parts: readonly Part[]): ShippedObject[] {
  const objects = parseAllDocuments(readFileSync(INSTALL, 'utf8')).map((document) => document.toJS() as ShippedObject);
  return objects.filter(({ kind }) => {
    const part = PART_OF[kind];
    if (part === undefined) throw new Error(`deploy/install.yaml has a ${kind}: say in shipped.ts what it is for`);
    return parts.includes(part);
  });
}
