// Kind definition → CustomResourceDefinition manifest. The definition files in api/v1alpha1 are the single source.

import type { TSchema } from './types.ts';

export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 0 (default): always shown; 1: with `-o wide`. */
  readonly priority?: 0 | 1;
}

export interface KindDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly description: string;
  readonly spec: TSchema;
  readonly status: TSchema;
  /** CEL rules on the whole object (they may read `self.metadata.name`). */
  readonly rules: readonly { readonly rule: string; readonly message: string }[];
  readonly columns: readonly Column[];
  /** JSON paths that `--field-selector` accepts besides metadata.name and metadata.namespace. */
  readonly selectableFields: readonly string[];
}

/** The CustomResourceDefinition of a kind, as a plain object ready for YAML. */
export function toCRD(definition: KindDefinition): object {
  const { group, version, kind, plural, singular, shortNames, categories } = definition;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories },
      scope: 'Namespaced',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: definition.description,
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string', description: 'Version of the schema of this object.' },
                kind: { type: 'string', description: 'Kind of this object.' },
                metadata: { type: 'object' },
                spec: definition.spec,
                status: definition.status,
              },
              ...(definition.rules.length > 0 ? { 'x-kubernetes-validations': definition.rules } : {}),
            },
          },
          additionalPrinterColumns: definition.columns.map(({ priority, ...column }) =>
            priority === 1 ? { ...column, priority } : column,
          ),
          selectableFields: definition.selectableFields.map((jsonPath) => ({ jsonPath })),
          subresources: { status: {} },
        },
      ],
    },
  };
}
