// Asks for companies that a complete snapshot no longer shows, one by one (domain: ema-api §5 Company/Detail, §10).
// Promise kept here: absence is not deletion (2): 404 = gone; a refusal may as well be a lost grant; silence says nothing.

import type { Confirmation } from '../hierarchy/snapshot.ts';
import type { Api } from './api.ts';
import { detailID, guid } from './decode.ts';
import { isLoginFailure, isOutage, type UpstreamFailure } from './failure.ts';

/** After so many outages in a row, or one failed login, the rest is not asked: it would be `NoAnswer` anyway. */
const MAX_OUTAGES = 5;

/**
 * Company/Detail of each id, a few at a time and at the client's rate, without retries: what is not answered now is asked
 * again after the next crawl. Out: one entry for each id, in lower case; `NoAnswer` for what is no GUID, was not reached
 * before the signal, or could not be asked.
 */
export async function confirm(
  api: Api,
  concurrency: number,
  companyIDs: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Confirmation>> {
  const out = new Map<string, Confirmation>(companyIDs.map((id) => [id.toLowerCase(), 'NoAnswer']));
  const ids = [...out.keys()].filter((id) => guid(id) !== null);
  let next = 0;
  let outages = 0;
  const worker = async (): Promise<void> => {
    while (!signal.aborted && outages < MAX_OUTAGES) {
      const id = ids[next++];
      if (id === undefined) return;
      const answer = await api.call({ operation: 'Company/Detail', body: { companyId: id } }, signal);
      if (answer.kind === 'ok') {
        outages = 0;
        if (detailID(answer.value) === id) out.set(id, 'Present');
      } else {
        const { failure } = answer;
        outages = isLoginFailure(failure) ? MAX_OUTAGES : isOutage(failure) ? outages + 1 : 0;
        out.set(id, confirmationOf(failure));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, ids.length) }, worker));
  return out;
}

/**
 * What a failed Company/Detail says about the company. A 404 in HTML comes from a web server and a 403 with code 99 /
 * subCode 1 speaks of the page: both fall under `NotVisible`, which is asked again later. 407 is a proxy's word.
 */
export function confirmationOf({ operation, status, cause }: UpstreamFailure): Confirmation {
  // A failed login (operation Token/…) is no word about a company, whatever its status.
  if (operation !== 'Company/Detail' || status === null || cause === 'TooLarge') return 'NoAnswer';
  if (status === 404 && cause === 'NotFound') return 'Gone';
  if (status === 500) return 'NotVisible';
  if (status < 400 || status > 499 || [401, 407, 408, 429].includes(status)) return 'NoAnswer';
  return 'NotVisible';
}
