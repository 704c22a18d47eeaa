// Writes the status of an account: only where something differs, never over somebody else's newer status, with one event for
// each change of verdict (promises 7 and 8).

import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import { isConflict, isNotFound } from '../../runtime/errors.ts';
import type { Condition } from '../../runtime/object.ts';
import { mergePatch } from '../../runtime/patch.ts';
import { MSP_ACCOUNTS, referenceTo, viewAccount, type AccountView } from './account.ts';
import type { AccountDeps } from './deps.ts';

const TRIES = 5;

/**
 * Writes `next(status)` as the status of the account and returns the account as it is then.
 * Where the spec or an annotation changed meanwhile the status is written all the same (what was found stays true, and the next
 * reconcile sees the change); where the status itself changed meanwhile nothing is written and `null` returned.
 */
export async function writeStatus(
  deps: AccountDeps,
  account: AccountView,
  next: (status: MSPAccountStatus) => MSPAccountStatus,
  signal: AbortSignal,
): Promise<AccountView | null> {
  const wanted = next(account.status);
  const patch = mergePatch(account.status, wanted);
  if (patch === undefined) return account;
  let { resourceVersion } = account;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      const written = await deps.client.patch(
        MSP_ACCOUNTS,
        account,
        { metadata: { resourceVersion }, status: patch },
        { subresource: 'status', signal },
      );
      deps.accounts.observe(written);
      announce(deps, account, wanted);
      return viewAccount(written);
    } catch (error) {
      if (isNotFound(error)) return null;
      if (!isConflict(error)) throw error;
      const object = await deps.client.get(MSP_ACCOUNTS, account, { signal }).catch((readError: unknown) => {
        if (isNotFound(readError)) return null;
        throw readError;
      });
      if (object === null) return null;
      deps.accounts.observe(object);
      const fresh = viewAccount(object);
      if (fresh.uid !== account.uid || mergePatch(account.status, fresh.status) !== undefined) return null;
      ({ resourceVersion } = fresh);
    }
  }
  return null;
}

/** RFC 3339 with whole seconds, as Kubernetes writes times. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** An event for each change of the verdict on the account, and for nothing else. */
function announce(deps: AccountDeps, account: AccountView, after: MSPAccountStatus): void {
  const ready = (status: MSPAccountStatus): Condition | undefined =>
    status.conditions?.find(({ type }) => type === 'Ready');
  const was = ready(account.status);
  const is = ready(after);
  if (is === undefined || (was?.status === is.status && was.reason === is.reason)) return;
  if (is.reason === 'Progressing') return; // the result follows
  deps.events.event(referenceTo(account), is.status === 'True' ? 'Normal' : 'Warning', is.reason, 'Sync', is.message);
}
