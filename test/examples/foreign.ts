// What the examples say to Argo CD, Flux and External Secrets. Their definitions are not here, so this is not their validation: it
// names each field that the examples use, as those projects document it (Argo CD 3, Flux 2.7, External Secrets 1), and refuses
// every other, so that a misspelt or misplaced field is found.

import { Ajv } from 'ajv';
import type { Loose } from './files.ts';

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string', minLength: 1 };
const yesNo: Schema = { type: 'boolean' };
const duration: Schema = { type: 'string', pattern: '^([0-9]+(ms|s|m|h))+$' };
const anything: Schema = { type: 'object' };
const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
const list = (items: Schema): Schema => ({ type: 'array', items, minItems: 1 });

/** A field that ends in `?` may be left out. */
function object(fields: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(fields);
  return {
    type: 'object',
    additionalProperties: false,
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name.replace('?', ''), schema])),
  };
}

const remediation = object({ remediation: object({ retries: { type: 'integer' } }) });

const SPECS: Readonly<Record<string, Schema>> = {
  'argoproj.io/v1alpha1 Application': object({
    project: text,
    source: object({
      repoURL: text,
      targetRevision: text,
      path: text,
      'helm?': object({ valuesObject: anything }),
      'directory?': object({ recurse: yesNo }),
    }),
    destination: object({ server: text, 'namespace?': text }),
    syncPolicy: object({
      automated: object({ selfHeal: yesNo, prune: yesNo }),
      syncOptions: list(oneOf('CreateNamespace=true', 'ServerSideApply=true', 'SkipDryRunOnMissingResource=true')),
    }),
  }),
  'source.toolkit.fluxcd.io/v1 GitRepository': object({
    interval: duration,
    url: { type: 'string', pattern: '^(http|https|ssh)://.+$' },
    ref: object({ branch: text }),
  }),
  'helm.toolkit.fluxcd.io/v2 HelmRelease': object({
    interval: duration,
    chart: object({
      spec: object({
        chart: text,
        reconcileStrategy: oneOf('ChartVersion', 'Revision'),
        sourceRef: object({ kind: oneOf('HelmRepository', 'GitRepository', 'Bucket'), name: text }),
      }),
    }),
    install: remediation,
    upgrade: remediation,
    values: anything,
  }),
  'kustomize.toolkit.fluxcd.io/v1 Kustomization': object({
    interval: duration,
    timeout: duration,
    path: text,
    prune: yesNo,
    'deletionPolicy?': oneOf('MirrorPrune', 'Delete', 'WaitForTermination', 'Orphan'),
    'dependsOn?': list(object({ name: text })),
    sourceRef: object({ kind: oneOf('GitRepository', 'OCIRepository', 'Bucket'), name: text }),
    wait: yesNo,
    'decryption?': object({ provider: oneOf('sops'), secretRef: object({ name: text }) }),
    'healthCheckExprs?': list(object({ apiVersion: text, kind: text, inProgress: text, current: text })),
  }),
  'external-secrets.io/v1 ExternalSecret': object({
    refreshInterval: duration,
    secretStoreRef: object({ kind: oneOf('SecretStore', 'ClusterSecretStore'), name: text }),
    target: object({ name: text }),
    data: list(object({ secretKey: text, remoteRef: object({ key: text, property: text }) })),
  }),
};

const ajv = new Ajv({ allErrors: true });
const metadata = object({ name: text, namespace: text });

/** What is wrong with an object, in words; empty if nothing is. */
export function checkForeign(manifest: Loose): string[] {
  const spec = SPECS[`${manifest.apiVersion} ${manifest.kind}`];
  if (spec === undefined) return [`${manifest.apiVersion} ${manifest.kind} is not known here`];
  const validate = ajv.compile(object({ apiVersion: text, kind: text, metadata, spec }));
  validate(manifest);
  return (validate.errors ?? []).map(
    ({ instancePath, message = '', params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}
