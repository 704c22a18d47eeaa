// MSPAccount as the controller sees it, with the defaults filled in.

import {
  ANNOTATION_APPROVE_COMPANY,
  ANNOTATION_APPROVE_UNLINK,
  ANNOTATION_REQUESTED_AT,
  GROUP,
  VERSION,
} from '../../api/v1alpha1/group.ts';
import { DEFAULTS, type MSPAccountSpec, type MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { KubeObject, Resource } from '../../runtime/object.ts';
import { metaOf, type Meta } from '../meta.ts';

export const MSP_ACCOUNTS: Resource = {
  group: GROUP,
  version: VERSION,
  plural: 'mspaccounts',
  kind: 'MSPAccount',
  namespaced: true,
};

/** An MSPAccount as the cache keeps it. */
export interface AccountView extends Meta {
  readonly generation: number;
  readonly finalizers: readonly string[];
  readonly requestedAt: string | null;
  readonly approveUnlink: string | null;
  readonly approveCompany: string | null;
  readonly settings: Settings;
  readonly status: MSPAccountStatus;
}

/** The spec with its defaults: every field has a value. */
export interface Settings {
  readonly services: MSPAccountSpec['services'];
  readonly secretName: string;
  readonly endpoint: string;
  readonly intervalMs: number;
  readonly mode: 'Apply' | 'Observe';
  readonly unlinkLimit: { readonly percent: number; readonly count: number };
  readonly distributor: 'Refuse' | 'Allow';
  readonly newCustomers: 'Pending' | 'Skip';
  readonly deletionPolicy: 'Unlink' | 'Delete' | 'Orphan';
  readonly suspend: boolean;
}

/** An MSPAccount as the API server sends it → what we keep of it. */
export function viewAccount(object: KubeObject): AccountView {
  const { metadata } = object;
  const annotation = (name: string) => metadata.annotations?.[name] ?? null;
  return {
    ...metaOf(object),
    generation: metadata.generation ?? 0,
    finalizers: metadata.finalizers ?? [],
    requestedAt: annotation(ANNOTATION_REQUESTED_AT),
    approveUnlink: annotation(ANNOTATION_APPROVE_UNLINK),
    approveCompany: annotation(ANNOTATION_APPROVE_COMPANY),
    settings: settingsOf(object['spec'] as MSPAccountSpec),
    status: object['status'] ?? {},
  };
}

/** The key of the Secret that the account names. */
export function secretKey({ namespace, settings }: AccountView): string {
  return `${namespace}/${settings.secretName}`;
}

/** A duration such as 24h or 1h30m, as the CRD admits it → milliseconds. */
export function parseDuration(text: string): number {
  const unit = { h: 3_600_000, m: 60_000, s: 1000 };
  let ms = 0;
  for (const [, amount, suffix] of text.matchAll(/(\d+)(h|m|s)/g)) ms += Number(amount) * unit[suffix as 'h'];
  return ms;
}

function settingsOf(spec: MSPAccountSpec): Settings {
  return {
    services: spec.services,
    secretName: spec.credentials.secretRef.name,
    endpoint: spec.endpoint ?? DEFAULTS.endpoint,
    intervalMs: parseDuration(spec.sync?.interval ?? DEFAULTS.interval),
    mode: spec.sync?.mode ?? DEFAULTS.mode,
    unlinkLimit: { ...DEFAULTS.unlinkLimit, ...spec.sync?.unlinkLimit },
    distributor: spec.sync?.distributor ?? DEFAULTS.distributor,
    newCustomers: spec.newCustomers?.setup ?? DEFAULTS.newCustomers,
    deletionPolicy: spec.deletionPolicy ?? DEFAULTS.deletionPolicy,
    suspend: spec.suspend ?? false,
  };
}
