// Whether the operator wrote what it promises (design §4, promise 7: quiet), so that no figure is of a wrong result; and
// whether it costs next to nothing when there is nothing to do.

import type { MSPAccountStatus } from '../../operator/api/v1alpha1/mspaccount.ts';
import type { IdleCost } from './results.ts';
import { countOf, type Writes } from './server-writes.ts';
import type { Changes } from './upstream.ts';

export interface Expected {
  readonly groups: number;
  readonly customers: number;
  readonly changes: Changes;
  readonly idleCost: IdleCost;
}

/** 1 % of a core. */
const IDLE_CPU_MS_PER_SECOND = 10;
/** A renewal of the lease every 2 s makes 30. */
const IDLE_REQUESTS_PER_MINUTE = 45;

interface Written {
  readonly writes: Writes;
}

/** In words, what is not as promised; empty if all is. */
export function notAsPromised(
  phases: Readonly<Record<'import' | 'unchanged' | 'changed' | 'idle' | 'restart', Written>>,
  status: MSPAccountStatus | undefined,
  { groups, customers, changes, idleCost }: Expected,
): string[] {
  const problems: string[] = [];
  const check = (what: string, found: number | undefined, expected: number): void => {
    if (found !== expected) problems.push(`${what}: ${found}, not ${expected}`);
  };
  const children = ({ writes }: Written): number => countOf(writes, 'staticgroups', 'customers');
  const account = ({ writes }: Written): number => countOf(writes, 'mspaccounts');
  const { renamed, added, suspended } = changes;

  check('StaticGroups of the account', status?.groups, groups);
  check('Customers of the account', status?.customers?.total, customers);
  // A group is one write; a Customer is one, and one for its status.
  check('writes to children in the first import', children(phases.import), groups + 2 * customers);
  // A name stands in the group and in the Customer; a suspension in the Customer only.
  check('writes to children for the changes', children(phases.changed), 2 * renamed + 3 * added + suspended);
  for (const [name, phase] of [
    ['a sync without change', phases.unchanged],
    ['idle', phases.idle],
    ['restart', phases.restart],
  ] as const) {
    check(`writes to children: ${name}`, children(phase), 0);
    // A new process says once that it leads.
    check(`events: ${name}`, countOf(phase.writes, 'events'), phase === phases.restart ? 1 : 0);
    check(`writes to the account: ${name}`, account(phase), phase === phases.unchanged ? 1 : 0);
  }
  const { cpuMsPerSecond, requestsPerMinute } = idleCost;
  if (cpuMsPerSecond > IDLE_CPU_MS_PER_SECOND) {
    problems.push(`CPU when idle: ${cpuMsPerSecond.toFixed(1)} ms/s, more than ${IDLE_CPU_MS_PER_SECOND}`);
  }
  if (requestsPerMinute > IDLE_REQUESTS_PER_MINUTE) {
    problems.push(
      `requests when idle: ${requestsPerMinute.toFixed(0)} a minute, more than ${IDLE_REQUESTS_PER_MINUTE}`,
    );
  }
  return problems;
}
