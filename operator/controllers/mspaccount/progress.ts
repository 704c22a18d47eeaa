// What of a sync is written to the status before it has ended: that the account has its company now (promise 1), and how far a
// long sync is, for those who watch it: after 30 s, and then at most every 30 s.

import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { Company } from '../../hierarchy/snapshot.ts';
import type { AccountView } from './account.ts';
import type { AccountDeps } from './deps.ts';
import { afterClaim } from './report.ts';
import type { Progress } from './sync.ts';

const PROGRESS_EVERY_MS = 30_000;

/** Writes how far a long sync is. What cannot be written is left out: the end of the sync says it all. */
export function progressWriter(deps: AccountDeps, account: AccountView, signal: AbortSignal) {
  let current: AccountView | null = account;
  let last = deps.now();
  let writing: Promise<void> | null = null;
  const write = async (from: AccountView, { companiesRead, requests, pending }: Progress): Promise<void> => {
    const next = (status: MSPAccountStatus): MSPAccountStatus => ({
      ...status,
      sync: { ...status.sync, companiesRead, requests, pending },
    });
    try {
      current = await deps.status.write(from, next, signal);
    } catch {
      // The next one, or the end of the sync, tries again.
    } finally {
      writing = null;
    }
  };
  return {
    onProgress: (progress: Progress): void => {
      if (writing !== null || current === null || deps.now() - last < PROGRESS_EVERY_MS) return;
      last = deps.now();
      writing = write(current, progress);
    },
    claim: async (root: Company): Promise<boolean> => {
      await writing;
      if (current === null) return false;
      current = await deps.status.write(current, (status) => afterClaim(status, root), signal);
      return current !== null;
    },
    /** The account as last written; null if somebody else wrote its status. */
    stop: async (): Promise<AccountView | null> => {
      await writing;
      return current;
    },
  };
}
