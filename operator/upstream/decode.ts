// Reads what upstream calls a company: id under one of its names, type, status, name. Where the reference knows of several
// spellings all are taken; what cannot be told is said to be so, never guessed.
// Promises kept here: one company, one object (1): an id has one form; absence is not deletion (2): a row that cannot be
// read is reported, not skipped.

import type { CompanyStatus, CompanyType } from '../hierarchy/snapshot.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';

/** Longest name or identifier kept, UTF-8 bytes; the rest is cut (engineering §5). */
export const MAX_TEXT_BYTES = 10_240;

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const EMPTY_GUID = '00000000-0000-0000-0000-000000000000';

/**
 * A GUID in lower case, the one form it is stored in (domain: ema-api §11, "GUID case"), or `null`. The all-zero GUID is how
 * .NET spells "none" and is no id.
 */
export function guid(value: JsonValue | undefined): string | null {
  if (typeof value !== 'string') return null;
  const lower = value.toLowerCase();
  return GUID.test(lower) && lower !== EMPTY_GUID ? lower : null;
}

/** Names of a company's id (domain: ema-api, "What a client must cope with" 3), the most specific first. */
const LIST_ID = ['publicid', 'companyid', 'id'] as const;
const OWN_ID = ['companyid', 'id', 'publicid'] as const;
const DETAIL_ID = ['id', 'publicid', 'companyid'] as const;

function firstGuid(row: JsonObject, keys: readonly string[]): string | null {
  for (const key of keys) {
    const id = guid(row[key]);
    if (id !== null) return id;
  }
  return null;
}

/** Id of a row of Children (`publicId`) or Search (`CompanyId`). */
export function rowID(row: JsonObject): string | null {
  return firstGuid(row, LIST_ID);
}

/** Id in the answer of Company/Detail (`id`, domain: ema-api §5). */
export function detailID(detail: JsonObject): string | null {
  return firstGuid(detail, DETAIL_ID);
}

/** Id in `company` of User/Current: `companyId` or `id` (domain: ema-api §4). */
export function ownID(company: JsonObject): string | null {
  return firstGuid(company, OWN_ID);
}

/** Domain: ema-api §9. 1001 (ESET Headquarters) is "not a company" and has no place in the tree. */
const TYPES: ReadonlyMap<string, CompanyType> = new Map([
  ['1002', 'Distributor'],
  ['1003', 'Division'],
  ['1004', 'MSPManager'],
  ['1005', 'MSP'],
  ['1006', 'ManagedMSP'],
  ['1007', 'Customer'],
  ['distributor', 'Distributor'],
  ['division', 'Division'],
  ['mspmanager', 'MSPManager'],
  ['msp', 'MSP'],
  ['managedmsp', 'ManagedMSP'],
  ['customer', 'Customer'],
]);

/**
 * A 100x code as number or numeric string, or the name of the type with or without spaces. The 0-based codes of Search
 * (domain: ema-api §9, mostly unknown) are not mistaken for these: they come out as `null`.
 */
export function companyType(value: JsonValue | undefined): CompanyType | null {
  return TYPES.get(plain(value)) ?? null;
}

const STATUS_NAMES: ReadonlyMap<string, CompanyStatus> = new Map([
  ['active', 'Active'],
  ['suspended', 'Suspended'],
  ['waitingforconfirmation', 'WaitingForActivation'],
  ['waitingforactivation', 'WaitingForActivation'],
]);

/** What is known of the numeric status codes (domain: ema-api §9: "1 = active is likely", the rest not found). */
export const DEFAULT_STATUS_CODES: ReadonlyMap<number, CompanyStatus> = new Map([[1, 'Active']]);

/** Status by code or by the portal's name, else `Unknown`; it never decides about a company's existence. */
export function companyStatus(value: JsonValue | undefined, codes: ReadonlyMap<number, CompanyStatus>): CompanyStatus {
  const text = plain(value);
  if (/^\d{1,9}$/.test(text)) return codes.get(Number(text)) ?? 'Unknown';
  return STATUS_NAMES.get(text) ?? 'Unknown';
}

function plain(value: JsonValue | undefined): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.length < 100 ? value.toLowerCase().replaceAll(/[\s_-]/g, '') : '';
}

/**
 * A name as upstream spells it, `''` if it has none. Lone surrogates are replaced, since they do not survive the API
 * server and would show up as a difference for ever; beyond `MAX_TEXT_BYTES` it is cut at a character.
 */
export function text(value: JsonValue | undefined): string {
  if (typeof value !== 'string') return '';
  const whole = value.toWellFormed();
  if (whole.length * 3 <= MAX_TEXT_BYTES) return whole;
  return whole.slice(0, new TextEncoder().encodeInto(whole, new Uint8Array(MAX_TEXT_BYTES)).read);
}

/** One row of a listing. */
export type Row =
  | {
      readonly kind: 'company';
      readonly id: string;
      readonly type: CompanyType;
      readonly name: string;
      readonly status: CompanyStatus;
    }
  | { readonly kind: 'unknownType'; readonly id: string }
  | { readonly kind: 'invalid' };

/**
 * Reads a row of Children. Its exact fields are unconfirmed (domain: ema-api §5, §17.2): `type`/`companyTypeId` and
 * `status`/`statusId`/`state`, the names that the sibling calls use, are taken alike.
 */
export function readRow(row: JsonValue, codes: ReadonlyMap<number, CompanyStatus>): Row {
  const id = isObject(row) ? rowID(row) : null;
  if (id === null || !isObject(row)) return { kind: 'invalid' };
  const type = companyType(row['type'] ?? row['companytypeid']);
  if (type === null) return { kind: 'unknownType', id };
  const status = companyStatus(row['status'] ?? row['statusid'] ?? row['state'], codes);
  return { kind: 'company', id, type, name: text(row['name']), status };
}
