// What an operation answers, before faults: status, JSON, and where in it the list stands.
import type { Casing, Quirks } from './quirks.ts';

export type JsonObject = Record<string, unknown>;

export interface Reply {
  status: number;
  /** undefined: no body at all. */
  body: JsonObject | undefined;
  /** The name of the list of rows in the body, where it has one. */
  listKey?: string;
}

/** The error tables of Company and Token are unknown: code and subCode are 0 unless the reference has them. */
export function failure(status: number, message: string, code = 0, subCode = 0): Reply {
  return { status, body: { code, subCode, message } };
}

/** "Model-validation errors look like this" (§10). */
export function invalid(field: string): Reply {
  return { status: 400, body: { [field]: ['The input was not valid.'] } };
}

export function unknownPage(quirks: Readonly<Quirks>): Reply {
  return failure(quirks.unknownPage, 'The page cannot be found.', 99, 1);
}

/** Renames the keys of a whole answer; `written` is the casing in which the code spells them. */
export function cased<T>(value: T, wanted: Casing, written: Casing): T {
  return wanted === written ? value : (recase(value, wanted) as T);
}

function recase(value: unknown, wanted: Casing): unknown {
  if (Array.isArray(value)) return value.map((each) => recase(each, wanted));
  if (typeof value !== 'object' || value === null) return value;
  const out: JsonObject = {};
  for (const [key, each] of Object.entries(value)) out[caseKey(key, wanted)] = recase(each, wanted);
  return out;
}

export function caseKey(key: string, wanted: Casing): string {
  const first = key.charAt(0);
  return (wanted === 'camel' ? first.toLowerCase() : first.toUpperCase()) + key.slice(1);
}
