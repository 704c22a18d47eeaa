// The shape that each response must have before anything is read from it, keys in lower case (`json.ts`). Rows are looked at
// one by one (`decode.ts`), so that one bad row costs one gap and not the page. Response schemas in the reference are partial
// (domain: ema-api, "How to read this"), so only what we rely on is required and everything else is let pass.
// Promise kept here: absence is not deletion (2): an answer of another shape is a failure, never an empty list.

import { Ajv, type ValidateFunction } from 'ajv';
import type { JsonObject, JsonValue } from './json.ts';

/** Longest token taken: it has to fit into a request header. */
const token = { type: 'string', minLength: 1, maxLength: 12_288, pattern: '^[\\x21-\\x7e]+$' } as const;

export interface TokenAnswer {
  readonly accesstoken: string;
  readonly refreshtoken?: string | null;
  readonly expiresin?: number | string | null;
}

export interface CurrentAnswer {
  readonly company: JsonObject;
}

export interface ChildrenAnswer {
  readonly companies: readonly JsonValue[];
}

export interface SearchAnswer {
  readonly search: readonly JsonValue[];
}

const ajv = new Ajv({ strict: true, allowUnionTypes: true });

/** Domain: ema-api §2.1; `expiresIn` is undocumented, seconds where it occurs. */
export const isTokenAnswer: ValidateFunction<TokenAnswer> = ajv.compile({
  type: 'object',
  required: ['accesstoken'],
  properties: {
    accesstoken: token,
    refreshtoken: { type: ['string', 'null'], maxLength: 65_536 }, // opaque, only ever sent in a body
    expiresin: { type: ['number', 'string', 'null'] },
  },
});

/** Domain: ema-api §4. */
export const isCurrentAnswer: ValidateFunction<CurrentAnswer> = ajv.compile({
  type: 'object',
  required: ['company'],
  properties: { company: { type: 'object' } },
});

/** Domain: ema-api §5. `paging` has no known meaning (§11) and is not looked at. */
export const isChildrenAnswer: ValidateFunction<ChildrenAnswer> = ajv.compile({
  type: 'object',
  required: ['companies'],
  properties: { companies: { type: 'array' } },
});

/** Domain: ema-api §5. */
export const isSearchAnswer: ValidateFunction<SearchAnswer> = ajv.compile({
  type: 'object',
  required: ['search'],
  properties: { search: { type: 'array' } },
});
