// Turns the text of a response into plain data that is safe to read: no prototype keys, bounded depth, and every key in
// lower case, since the casing differs by endpoint (domain: ema-api, "What a client must cope with" 2, §4–§7).
// Promise kept here: a bad account stays isolated (9): hostile JSON is refused or defused here, once.

export type JsonValue = string | number | boolean | null | JsonObject | readonly JsonValue[];

/** No prototype, all keys in lower case. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Deeper than any documented response by far; `Search` and `Children` nest three levels. */
const MAX_DEPTH = 32;
const DROPPED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export type ParseResult =
  | { readonly kind: 'ok'; readonly value: JsonValue }
  | { readonly kind: 'invalid'; readonly reason: 'Syntax' | 'TooDeep' };

class TooDeep extends Error {}

/**
 * Parses JSON. Of two keys that differ in case only, the first one counts. Keys named `__proto__`, `constructor` or
 * `prototype` are dropped. Nesting beyond 32 levels is refused.
 */
export function parseJson(text: string): ParseResult {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { kind: 'invalid', reason: 'Syntax' };
  }
  try {
    return { kind: 'ok', value: clean(raw, 0) };
  } catch (error) {
    if (error instanceof TooDeep) return { kind: 'invalid', reason: 'TooDeep' };
    throw error;
  }
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function clean(value: unknown, depth: number): JsonValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= MAX_DEPTH) throw new TooDeep();
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  const out = Object.create(null) as Record<string, JsonValue>;
  for (const [key, item] of Object.entries(value)) {
    const lower = key.toLowerCase();
    if (!DROPPED.has(lower) && !(lower in out)) out[lower] = clean(item, depth + 1);
  }
  return out;
}
