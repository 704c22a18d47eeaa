// Custom identifiers, which Children does not carry, from Search/Companies (domain: ema-api §5). Its two known clients
// disagree about the fields, so this is an extra: whatever goes wrong, the crawl keeps what was collected.
// Promise kept here: absence is not deletion (2): nothing read here says anything about a company's existence.

import type { Api } from './api.ts';
import { rowID, text } from './decode.ts';
import { isObject } from './json.ts';
import { readPages } from './pages.ts';
import { isSearchAnswer } from './schemas.ts';

const KEY = 'customidentifier';

/**
 * Reads Search/Companies with an empty search, "everything visible to the account" [client], page by page. Ends early if no
 * row of the first page has the property at all. Only ids for which `wanted` says yes are kept. Out: by lower-case company
 * GUID the identifier, empty where the row says that there is none. A company that no row speaks of is left out, so that a
 * search which ends early, or misses a row, takes no identifier away.
 */
export async function readIdentifiers(
  api: Api,
  wanted: (id: string) => boolean,
  maxCompanies: number,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let rowsRead = 0;
  await readPages(
    api,
    {
      operation: 'Search/Companies',
      body: { search: {} },
      rows: (answer) => (isSearchAnswer(answer) ? answer.search : null),
      onPage: (rows, page) => {
        rowsRead += rows.length;
        let carried = false;
        for (const row of rows) {
          if (!isObject(row)) continue;
          carried ||= KEY in row;
          const id = rowID(row);
          const identifier = row[KEY];
          const speaks = identifier === null || typeof identifier === 'string';
          if (id !== null && speaks && wanted(id)) found.set(id, text(identifier));
        }
        return (page > 0 || carried) && rowsRead < maxCompanies * 2;
      },
    },
    signal,
  );
  return found;
}
