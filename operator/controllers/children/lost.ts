// Children that somebody deleted although their company is there upstream: remembered until the next plan makes them anew, with
// where the setup of a customer stood (promise 4). Lost with a restart; the next scheduled sync then makes them anew as well.

import type { SetupState } from '../../hierarchy/objects.ts';
import type { CustomerView } from './customer.ts';
import type { GroupView } from './group.ts';

export interface LostChild {
  readonly of: 'StaticGroup' | 'Customer';
  readonly name: string;
  readonly companyID: string;
  readonly displayName: string;
  readonly setup: SetupState | null;
}

const MAX_KEPT = 10_000;

export class LostChildren {
  readonly #byAccount = new Map<string, Map<string, LostChild>>();

  /** A child that is gone from the cluster; only linked ones count. */
  note(view: GroupView | CustomerView): void {
    if (view.linked.status !== 'True') return;
    const account = `${view.namespace}/${view.account}`;
    const lost = this.#byAccount.get(account) ?? new Map<string, LostChild>();
    if (lost.size >= MAX_KEPT) return;
    const { name, companyID } = view;
    const child: LostChild =
      'mode' in view
        ? { of: 'Customer', name, companyID, displayName: view.mirror?.displayName ?? name, setup: view.setup }
        : { of: 'StaticGroup', name, companyID, displayName: view.displayName, setup: null };
    lost.set(`${child.of} ${companyID}`, child);
    this.#byAccount.set(account, lost);
  }

  /** Those of an account (`namespace/name`) that were not taken yet. */
  of(account: string): readonly LostChild[] {
    return [...(this.#byAccount.get(account)?.values() ?? [])];
  }

  /** They are made anew, or their company is gone: nothing is left to do about them. */
  forget(account: string, children: readonly LostChild[]): void {
    const lost = this.#byAccount.get(account);
    for (const { of, companyID } of children) lost?.delete(`${of} ${companyID}`);
    if (lost?.size === 0) this.#byAccount.delete(account);
  }
}
