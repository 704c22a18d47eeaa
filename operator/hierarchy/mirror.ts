// The status of a Customer: what it should say, and what differs.
// Promises kept here: quiet (nothing is written where nothing differs); people's spec is never part of it.

import type { Change } from './action.ts';
import { linkedChange, sameLinked } from './linked.ts';
import type { CustomerMirror, CustomerState, ExistingCustomer, Group } from './objects.ts';
import type { Company, CompanyStatus } from './snapshot.ts';
import { cleanText } from './text.ts';

/**
 * The mirror of a company that is there.
 * @param group its own group, with the name that the object has or will have.
 * @param manager the group of the MSP above, if there is one.
 * @param found its entry in `snapshot.customIdentifiers`; `undefined` where Search did not carry one: Search is best
 *   effort, so what is known already stays.
 */
export function mirrorOf(
  company: Company,
  group: Group,
  manager: Group | null,
  found: string | undefined,
  existing: CustomerMirror | null,
): CustomerMirror {
  return {
    displayName: group.displayName,
    groupName: group.name,
    managedBy: manager && { name: manager.name, displayName: manager.displayName },
    customIdentifier: found === undefined ? (existing?.customIdentifier ?? null) : cleanText(found) || null,
    suspended: SUSPENDED[company.status],
  };
}

/**
 * The mirror of a company that is not there: what was last seen. A Customer that people made for a company which was
 * never seen goes by its own name, also as the name of its group: those two share one.
 */
export function lastMirror(existing: ExistingCustomer, groupName: string | null): CustomerMirror {
  const { mirror, name } = existing;
  if (mirror) return groupName === null ? mirror : { ...mirror, groupName };
  return {
    displayName: cleanText(name),
    groupName: groupName ?? name,
    managedBy: null,
    customIdentifier: null,
    suspended: 'Unknown',
  };
}

/** The word for the most significant difference between a Customer and its desired state; `null` if nothing differs. */
export function customerChange(
  existing: ExistingCustomer,
  desired: CustomerState,
): Exclude<Change, 'Create' | 'Delete'> | null {
  const from = existing.mirror;
  const to = desired.mirror;
  if (!sameLinked(existing.linked, desired.linked)) return linkedChange(desired.linked);
  if (!from || existing.setup === null) return 'Status';
  if (from.managedBy?.name !== to.managedBy?.name) return 'Move';
  if (from.displayName !== to.displayName) return 'Rename';
  const same =
    existing.setup === desired.setup &&
    from.groupName === to.groupName &&
    from.managedBy?.displayName === to.managedBy?.displayName &&
    from.customIdentifier === to.customIdentifier &&
    from.suspended === to.suspended;
  return same ? null : 'Status';
}

const SUSPENDED: Readonly<Record<CompanyStatus, CustomerMirror['suspended']>> = {
  Active: 'False',
  WaitingForActivation: 'False',
  Suspended: 'True',
  Unknown: 'Unknown',
};
