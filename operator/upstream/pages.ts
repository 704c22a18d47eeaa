// Reads a listing page by page to its end: the first page that is shorter than `take` (domain: ema-api §11). `totalCount` has
// no known meaning and is ignored. Pages are offset-based and unordered, so rows may repeat; a full page in which nothing is
// new cannot come from an honest listing and ends the reading, else it might go on for ever.
// Promise kept here: absence is not deletion (2): only `Complete` says that the end was reached.

import type { Api } from './api.ts';
import { rowID } from './decode.ts';
import { aborted, failure, type UpstreamFailure } from './failure.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';

/** The largest page allowed (domain: ema-api §11). */
export const TAKE = 100;

export interface Listing {
  readonly operation: string;
  /** Request body beside `skip` and `take`. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The rows of an answer, `null` if it has none. */
  readonly rows: (answer: JsonObject) => readonly JsonValue[] | null;
  /** Takes the rows of one page in; false ends the reading as `Stopped`. */
  readonly onPage: (rows: readonly JsonValue[], page: number) => boolean;
}

export type ListingEnd =
  | { readonly kind: 'Complete' }
  | { readonly kind: 'RepeatedPage' }
  | { readonly kind: 'Stopped' }
  /** `pages`: how many pages had been read before. */
  | { readonly kind: 'Failed'; readonly failure: UpstreamFailure; readonly pages: number };

/** Pages of one listing one after the other, each with the retries of `callPatiently`. */
export async function readPages(api: Api, listing: Listing, signal: AbortSignal): Promise<ListingEnd> {
  const { operation } = listing;
  const seen = new Set<string>();
  let skip = 0;
  for (let page = 0; ; page++) {
    const body = { ...listing.body, skip, take: TAKE };
    const answer = await api.callPatiently({ operation, body }, signal);
    if (answer.kind === 'failed') return { kind: 'Failed', failure: answer.failure, pages: page };
    if (signal.aborted) return { kind: 'Failed', failure: aborted(operation), pages: page };
    const rows = listing.rows(answer.value);
    if (rows === null) {
      const message = `${operation} answered without the list that was asked for.`;
      return { kind: 'Failed', failure: failure(operation, 'InvalidResponse', message, 200), pages: page };
    }
    const before = seen.size;
    for (const row of rows) {
      const id = isObject(row) ? rowID(row) : null;
      if (id !== null) seen.add(id);
    }
    if (!listing.onPage(rows, page)) return { kind: 'Stopped' };
    if (rows.length < TAKE) return { kind: 'Complete' };
    if (seen.size === before) return { kind: 'RepeatedPage' };
    skip += rows.length;
  }
}
