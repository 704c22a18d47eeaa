// What an account says for each way in which upstream can fail, and each call that it can strike: the documented reasons, from
// which docs/upstream-faults.md is made, and which the test beside this holds the operator to.

import type { AccountReason } from '../../operator/api/v1alpha1/reasons.ts';
import type { FaultEffect, FaultKind } from '../simulator/simulator.ts';

/** The calls, as a crawl makes them one after the other. `own`: of the login's own company; `below`: of one below it. */
export const COLUMNS = {
  get: { title: 'Token/Get', operation: 'Token/Get' },
  renew: { title: 'Token/Renew', operation: 'Token/Renew' },
  current: { title: 'User/Current', operation: 'User/Current' },
  own: { title: 'Company/Children, own company', operation: 'Company/Children' },
  below: { title: 'Company/Children, a company below', operation: 'Company/Children' },
  detail: { title: 'Company/Detail', operation: 'Company/Detail' },
  search: { title: 'Search/Companies', operation: 'Search/Companies' },
} as const;
export type Column = keyof typeof COLUMNS;

/** `Linked` of a company that a listing left out though it is there, once Company/Detail was asked for it: status/reason. */
export type LinkedSaid = 'True/Present' | 'Unknown/AbsentOnce' | 'False/Removed';

export interface Row {
  /** What upstream does, in words. */
  readonly what: string;
  readonly effect: FaultEffect;
  /** Reason of `Ready`, by the call that is struck. */
  readonly get: AccountReason;
  readonly current: AccountReason;
  readonly own: AccountReason;
  readonly below: AccountReason;
  readonly detail: LinkedSaid;
}

/** A renewal that fails is followed by a fresh login; Search only adds the custom identifiers. */
export const ALWAYS_SYNCHRONIZED: readonly Column[] = ['renew', 'search'];

/** Detail never makes a sync incomplete: what it does not answer is asked again by the next one. */
export function reasonOf(row: Row, column: Column): AccountReason {
  return column === 'renew' || column === 'search' || column === 'detail' ? 'Synchronized' : row[column];
}

/**
 * How the account comes back once the fault is over. `soon`: at its next retry. `later`: Token/Get answered what may mean "wrong
 * username or password", so the retry waits. `person`: not before somebody changes something.
 */
export function comesBack(row: Row, column: Column): 'soon' | 'later' | 'person' {
  if (column !== 'get') return 'soon';
  if (row.get === 'LoginRefused') return 'person';
  return UNCLEAR.has(row.effect.kind) || (row.effect.kind === 'status' && row.effect.status === 500) ? 'later' : 'soon';
}

/** A 2xx without a token; a 500 "can be caused by an unauthorized request" (ema-api §10). */
const UNCLEAR: ReadonlySet<FaultKind> = new Set(['html', 'empty', 'invalid-json', 'wrong-shape', 'patch-rows']);

/** One reason wherever the account as a whole is struck; a branch that cannot be read makes the snapshot partial. */
function failing(what: string, effect: FaultEffect, reason: AccountReason, detail: LinkedSaid, get = reason): Row {
  return { what, effect, get, current: reason, own: reason, below: 'PartialSnapshot', detail };
}

/** Whole and true, if late or with more than was asked for. */
function harmless(what: string, effect: FaultEffect): Row {
  const reason = 'Synchronized';
  return { what, effect, get: reason, current: reason, own: reason, below: reason, detail: 'True/Present' };
}

const status = (status: number, more: object = {}): FaultEffect => ({ kind: 'status', status, ...more });

/** Fields of every answer, spoilt. */
const SPOILT = { accessToken: '', company: null, publicId: 'x', companyId: 'x', id: 'x', type: 9999, CompanyId: 'x' };

export const ROWS: readonly Row[] = [
  failing('302, a redirect', status(302, { location: 'https://moved.example/' }), 'UpstreamMoved', 'True/Present'),
  failing('400', status(400), 'UpstreamInvalid', 'Unknown/AbsentOnce', 'LoginRefused'),
  failing('401', status(401), 'UpstreamForbidden', 'True/Present', 'LoginRefused'),
  failing('403', status(403), 'UpstreamForbidden', 'Unknown/AbsentOnce', 'LoginRefused'),
  failing(
    '403 with 99/1: no such page',
    status(403, { code: 99, subCode: 1 }),
    'UpstreamInvalid',
    'Unknown/AbsentOnce',
  ),
  failing('404', status(404), 'UpstreamInvalid', 'False/Removed'),
  failing('404 in HTML, from a web server', status(404, { body: 'html' }), 'UpstreamInvalid', 'Unknown/AbsentOnce'),
  failing('408', status(408), 'UpstreamTimeout', 'True/Present'),
  failing('429 with Retry-After', status(429, { retryAfter: 1 }), 'UpstreamThrottled', 'True/Present'),
  failing('500', status(500), 'UpstreamError', 'Unknown/AbsentOnce'),
  failing('502 in HTML, from a gateway', status(502, { body: 'html' }), 'UpstreamError', 'True/Present'),
  failing('503, maintenance', status(503), 'UpstreamMaintenance', 'True/Present'),
  failing('200 with an HTML page', { kind: 'html' }, 'UpstreamInvalid', 'True/Present'),
  failing('200 without a body', { kind: 'empty' }, 'UpstreamInvalid', 'True/Present'),
  failing('JSON that stops in the middle', { kind: 'invalid-json' }, 'UpstreamInvalid', 'True/Present'),
  failing('JSON without what belongs there', { kind: 'wrong-shape' }, 'UpstreamInvalid', 'True/Present'),
  failing('text where the list belongs', { kind: 'wrong-shape', list: 'text' }, 'UpstreamInvalid', 'True/Present'),
  failing('a body above the limit of 8 MiB', { kind: 'huge', megabytes: 9 }, 'UpstreamInvalid', 'True/Present'),
  failing('the connection ends within the body', { kind: 'truncated' }, 'UpstreamUnreachable', 'True/Present'),
  failing(
    'the connection ends within a chunked body',
    { kind: 'truncated', framing: 'chunked' },
    'UpstreamUnreachable',
    'True/Present',
  ),
  failing('a reset before the answer', { kind: 'reset' }, 'UpstreamUnreachable', 'True/Present'),
  failing('a reset within the answer', { kind: 'reset', when: 'middle' }, 'UpstreamUnreachable', 'True/Present'),
  failing('the answer is lost', { kind: 'lost-answer' }, 'UpstreamUnreachable', 'True/Present'),
  failing('cut off, carried out later', { kind: 'late', ms: 200 }, 'UpstreamUnreachable', 'True/Present'),
  failing('no answer at all', { kind: 'hang' }, 'UpstreamTimeout', 'True/Present'),
  failing('a body in drips', { kind: 'slow', bytes: 1, everyMs: 5_000 }, 'UpstreamTimeout', 'True/Present'),
  {
    ...failing('fields spoilt', { kind: 'patch-rows', set: SPOILT }, 'UpstreamInvalid', 'True/Present'),
    own: 'PartialSnapshot',
  },
  { ...harmless('a list without an end', { kind: 'endless' }), own: 'PartialSnapshot', below: 'PartialSnapshot' },
  harmless('a row left out of the list', { kind: 'drop-rows', rows: 1 }),
  harmless('rows twice', { kind: 'duplicate-rows', rows: 1, mode: 'append' }),
  harmless('keys such as __proto__', { kind: 'proto' }),
  harmless('carried out twice', { kind: 'repeat' }),
  harmless('late, within the time limit', { kind: 'delay', ms: 200 }),
];
