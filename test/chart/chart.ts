// Renders the chart as Helm does, for tests.

import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { helmOk } from '../controlplane/helm.ts';
import type { ShippedObject } from '../harness/shipped.ts';

export const CHART = join(import.meta.dirname, '..', '..', 'charts', 'eset-msp-operator');

export interface Release {
  readonly name?: string;
  readonly namespace?: string;
}

/** @throws Error with what Helm says */
export async function render(
  values: object = {},
  { name = 'eset-msp-operator', namespace = 'eset-msp-operator' }: Release = {},
): Promise<ShippedObject[]> {
  const text = await helmOk([
    'template',
    name,
    CHART,
    `--namespace=${namespace}`,
    '--kube-version=1.37.0',
    `--set-json=${JSON.stringify(values)}`,
  ]);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as ShippedObject | null)
    .filter((object) => object !== null);
}

/** The one object of this kind (and name). */
export function theOnly(objects: readonly ShippedObject[], kind: string, name?: string): ShippedObject {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} objects of kind ${kind} ${name ?? ''}`);
  return only;
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly containers: readonly {
    readonly image: string;
    readonly command?: readonly string[];
    readonly args?: readonly string[];
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
    readonly [field: string]: unknown;
  }[];
  readonly [field: string]: unknown;
}

interface Deployment {
  readonly spec: {
    readonly replicas: number;
    readonly strategy: { readonly type: string };
    readonly template: { readonly metadata: object; readonly spec: PodSpec };
  };
}

export function deploymentOf(objects: readonly ShippedObject[]): Deployment {
  return theOnly(objects, 'Deployment') as unknown as Deployment;
}

/** The flags of the operator. */
export function argsOf(objects: readonly ShippedObject[]): readonly string[] {
  return deploymentOf(objects).spec.template.spec.containers[0]?.args ?? [];
}
