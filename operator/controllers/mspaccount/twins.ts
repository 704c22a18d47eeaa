// Two accounts of one namespace whose logins belong to the same company: the older one works, the other says so and waits.

import type { Cache } from '../../runtime/cache.ts';
import type { AccountView } from './account.ts';
import type { Verdict } from './verdict.ts';

/**
 * The account that works instead of this one; null if none does.
 * @param companyID the login's own company, lower-case GUID
 */
export function olderTwin(accounts: Cache<AccountView>, account: AccountView, companyID: string): AccountView | null {
  for (const other of accounts.byIndex(BY_NAMESPACE, account.namespace)) {
    if (other.uid === account.uid || other.deleting || other.status.company?.id !== companyID) continue;
    if (other.status.conditions?.some(({ type, reason }) => type === 'Ready' && reason === 'DuplicateAccount'))
      continue;
    if (isOlder(other, account)) return other;
  }
  return null;
}

/** Index of the cache of accounts. */
export const BY_NAMESPACE = 'namespace';

export function duplicateVerdict(twin: AccountView, companyID: string): Verdict {
  return {
    ready: 'False',
    reason: 'DuplicateAccount',
    message: `MSPAccount ${twin.name} is older and mirrors the same company ${companyID}. Delete one of the two; when ${twin.name} goes, this one takes over on its own.`,
    credentials: 'True',
    synchronized: 'False',
  };
}

function isOlder(a: AccountView, b: AccountView): boolean {
  return a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.uid < b.uid);
}
