// Every kind of fault on every call of upstream: the account says the documented reason, no object is touched that should not be,
// and after the fault the account mirrors upstream again (promises 2, 8 and 10). Injected: docs/upstream-faults.md, cell by cell.
// A refused login has to wait for a person, and what may be one for 20 minutes: there a sync is asked for, as it is where the account
// stayed Ready, since its next sync is a day away. All others are waited for.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CELLS, Cells, type Outcome } from './cells.ts';
import { COLUMNS, comesBack, reasonOf, type Column } from './table.ts';

let cells: Cells;
let outcomes: ReadonlyMap<string, Outcome>;
beforeAll(async () => {
  cells = await Cells.start();
  outcomes = await cells.happen();
}, 240_000);
afterAll(() => cells.end(), 120_000);

const READY = { ready: 'True/Synchronized', synchronized: 'True/AccountSynchronized', whole: true };

describe.each(Object.entries(COLUMNS))('%s', (column, { title }) => {
  test.each(CELLS.filter((cell) => cell.column === (column as Column)).map((cell) => [cell.row.what, cell] as const))(
    `${title}: %s`,
    (_, { row, name }) => {
      const outcome = outcomes.get(name);
      const reason = reasonOf(row, column as Column);
      const failed = { ready: `False/${reason}`, synchronized: `False/${reason}`, whole: true };
      const asked = column === 'detail';
      expect(outcome?.hits, 'requests struck').toBeGreaterThan(0);
      expect(outcome?.problems).toEqual([]);
      expect(outcome?.during).toEqual({
        ...(reason === 'Synchronized' ? READY : failed),
        linked: asked ? row.detail : null,
      });
      expect(outcome?.after).toEqual({ ...READY, linked: asked ? 'True/Present' : null });
      if (reason === 'Synchronized') return;
      const back = comesBack(row, column as Column);
      if (back !== 'soon') expect(outcome?.hits, 'a login that may have been refused is not repeated').toBe(1);
      expect(retryOf(outcome?.retrySeconds ?? null)).toBe(back);
    },
  );
});

/** The first retry follows after 8 to 12 s. */
function retryOf(seconds: number | null): string {
  if (seconds === null) return 'person';
  return seconds < 15 ? 'soon' : seconds > 15 * 60 && seconds < 25 * 60 ? 'later' : `in ${seconds} s`;
}
