// skip and take, the page they cut, and the total beside it; with the faults and quirks that bend pages.
import type { FaultEffect } from './faults.ts';
import type { Quirks } from './quirks.ts';
import type { Random } from './random.ts';
import { invalid } from './reply.ts';
import type { JsonObject, Reply } from './reply.ts';

export interface Paging {
  skip: number;
  take: number;
}

/** `skip` ≥ 0 (default 0) and `take` 1…100: the sample's 0 is what a missing one counts as, and invalid. */
export function readPaging(body: JsonObject): Paging | Reply {
  const skip = body['skip'] ?? 0;
  const take = body['take'] ?? 0;
  if (typeof skip !== 'number' || !Number.isInteger(skip) || skip < 0) return invalid('skip');
  if (typeof take !== 'number' || !Number.isInteger(take) || take < 1 || take > 100) return invalid('take');
  return { skip, take };
}

export interface PageContext {
  quirks: Readonly<Quirks>;
  faults: readonly FaultEffect[];
  random: Random;
}

/** Costs as much as the page is long, however long the list. */
export function cutPage<T>(list: readonly T[], { skip, take }: Paging, { quirks, faults, random }: PageContext): T[] {
  let start = skip;
  let end = skip + take;
  let endless = false;
  let appended = 0;
  for (const fault of faults) {
    if (fault.kind === 'endless') endless = true;
    else if (fault.kind === 'drop-rows') {
      start += fault.rows;
      if (fault.refill !== false) end += fault.rows;
    } else if (fault.kind === 'duplicate-rows') {
      if (fault.mode === 'append') appended += fault.rows;
      else {
        const back = Math.min(fault.rows, take - 1) * Math.floor(skip / take);
        start -= back;
        end -= back;
      }
    }
  }
  const size = list.length;
  let rows: T[];
  if (endless && size > 0) {
    rows = Array.from({ length: take }, (_, i) => list[(start + i) % size] as T);
  } else if (quirks.pageOrder === 'request') {
    const order = random.permutation(size);
    rows = [];
    for (let i = start; i < Math.min(end, size); i++) rows.push(list[order(i)] as T);
  } else {
    rows = list.slice(start, Math.max(start, end));
  }
  if (quirks.pageOrder === 'page') shuffle(rows, random);
  return appended > 0 ? [...rows, ...rows.slice(0, appended)] : rows;
}

/** The `paging` object, or undefined where it is not to be there. */
export function pagingInfo(size: number, { take }: Paging, quirks: Readonly<Quirks>): JsonObject | undefined {
  if (quirks.paging === 'absent') return undefined;
  if (quirks.totalCount === 'absent') return {};
  return { totalCount: quirks.totalCount === 'pages' ? Math.ceil(size / take) : size };
}

function shuffle(rows: unknown[], random: Random): void {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
}
