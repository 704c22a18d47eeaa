// Accounts of one namespace whose logins belong to the same company: one of them has it, the others say so and wait (promise 1).
// An account has a company from the moment that `status.company` names it, which is written before its first child: so there is
// never a second set of children, however long a crawl takes. Of two that come at the same time the older one has it.

import type { Company } from '../../hierarchy/snapshot.ts';
import type { Cache } from '../../runtime/cache.ts';
import type { AccountView } from './account.ts';
import type { Verdict } from './verdict.ts';

/** Index of the cache of accounts. */
export const BY_NAMESPACE = 'namespace';

export type Claim =
  /** The company is this account's until `release`; whoever wants it for longer writes it into the status before. */
  | { readonly kind: 'taken' }
  /** Another account has it. */
  | { readonly kind: 'refused'; readonly twin: AccountView }
  /** Another account is about to have it. */
  | { readonly kind: 'wait' };

type Accounts = Pick<Cache<AccountView>, 'get' | 'byIndex'>;

export class Claims {
  readonly #accounts: Accounts;
  /** Claims that are being written, `namespace/companyID` → uid of the account: the cache does not show them yet. */
  readonly #writing = new Map<string, string>();

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  take(account: AccountView, { id }: Pick<Company, 'id'>): Claim {
    const twin = this.twinOf(account, id);
    if (twin !== null) return { kind: 'refused', twin };
    const key = `${account.namespace}/${id}`;
    if (this.#writing.has(key)) return { kind: 'wait' };
    this.#writing.set(key, account.uid);
    return { kind: 'taken' };
  }

  /** Ends what `take` began; nothing where it did not begin. */
  release({ namespace, uid }: AccountView, { id }: Pick<Company, 'id'>): void {
    const key = `${namespace}/${id}`;
    if (this.#writing.get(key) === uid) this.#writing.delete(key);
  }

  /**
   * True while an older account that names the same login has not been looked at yet: the company will be its. One whose first
   * sync came to nothing holds nobody up.
   */
  mustWait(account: AccountView): boolean {
    if (account.status.company !== undefined) return false;
    return this.#accounts
      .byIndex(BY_NAMESPACE, account.namespace)
      .some((other) => isOlder(other, account) && sameLogin(other, account) && this.#isToBegin(other));
  }

  /** True if the account waits for another one that does not have their company any more. */
  isFree({ namespace, status }: AccountView): boolean {
    const { duplicateOf } = status;
    if (duplicateOf === undefined) return false;
    const twin = this.#accounts.get(`${namespace}/${duplicateOf.name}`);
    return twin === undefined || !holds(twin, duplicateOf.companyID);
  }

  /** Its first sync is still to end, or it is about to take over. */
  #isToBegin(account: AccountView): boolean {
    const { deleting, settings, status } = account;
    if (deleting || settings.suspend || !settings.services.includes('EMA2') || status.company !== undefined)
      return false;
    const reason = status.conditions?.find(({ type }) => type === 'Ready')?.reason;
    if (reason === 'DuplicateAccount') return this.isFree(account);
    return reason === undefined || reason === 'Pending' || reason === 'Progressing';
  }

  /** The account that has the company instead of this one. Should both have it, the older does. */
  twinOf(account: AccountView, companyID: string): AccountView | null {
    const mine = holds(account, companyID);
    for (const other of this.#accounts.byIndex(BY_NAMESPACE, account.namespace)) {
      if (!holds(other, companyID)) continue;
      if (!mine || isOlder(other, account)) return other;
    }
    return null;
  }
}

/** @param companyID lower-case GUID */
export function holds({ deleting, status }: AccountView, companyID: string): boolean {
  return !deleting && status.company?.id === companyID && status.duplicateOf === undefined;
}

export function duplicateVerdict(twin: AccountView, companyID: string): Verdict {
  return {
    ready: 'False',
    reason: 'DuplicateAccount',
    message: `MSPAccount ${twin.name} mirrors the same company ${companyID} already. Delete one of the two; when ${twin.name} goes, this one takes over on its own.`,
    credentials: 'True',
    synchronized: 'False',
  };
}

function isOlder(a: AccountView, b: AccountView): boolean {
  return a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.uid < b.uid);
}

function sameLogin({ settings: a }: AccountView, { settings: b }: AccountView): boolean {
  return a.endpoint === b.endpoint && a.secretName === b.secretName;
}
