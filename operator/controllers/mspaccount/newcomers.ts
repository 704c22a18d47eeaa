// What people are told of a sync: new customers, children that somebody had deleted, and second objects of a company that went;
// one event for each, with count and sample.

import type { EventReason } from '../../api/v1alpha1/events.ts';
import type { Action, Plan } from '../../hierarchy/action.ts';
import type { LostChild } from '../children/lost.ts';
import { referenceTo } from '../status-writer.ts';
import { MSP_ACCOUNTS, type AccountView } from './account.ts';
import type { AccountDeps } from './deps.ts';

type Creation = Action & { kind: 'CreateCustomer' | 'CreateGroup' };
type Duplicate = Action & { kind: 'DeleteDuplicate' };
const SAMPLE = 10;

/** The plan with the last-seen setup of the customers that somebody deleted (promise 4). */
export function restored(plan: Plan, lost: readonly LostChild[]): Plan {
  const setups = new Map(lost.filter(({ of }) => of === 'Customer').map(({ companyID, setup }) => [companyID, setup]));
  if (setups.size === 0) return plan;
  const actions = plan.actions.map((action): Action => {
    const setup = action.kind === 'CreateCustomer' ? setups.get(action.companyID) : null;
    if (action.kind !== 'CreateCustomer' || setup === null || setup === undefined) return action;
    return { ...action, state: { ...action.state, setup } };
  });
  return { ...plan, actions };
}

/** One event for the new customers of a sync, one for what was restored, one for the duplicates that it deleted. */
export function tell(
  deps: AccountDeps,
  account: AccountView,
  { created, duplicates }: { readonly created: readonly Creation[]; readonly duplicates: readonly Duplicate[] },
  lost: readonly LostChild[],
): void {
  const wasLost = new Set(lost.map(({ of, companyID }) => `${of} ${companyID}`));
  const back = created.filter((action) => wasLost.has(keyOf(action)));
  const fresh = created.filter((action) => action.kind === 'CreateCustomer' && !wasLost.has(keyOf(action)));
  const say = (type: 'Normal' | 'Warning', reason: EventReason, what: string, names: readonly string[]): void => {
    if (names.length === 0) return;
    const sorted = names.toSorted((a, b) => a.localeCompare(b));
    const sample = sorted.slice(0, SAMPLE).join(', ') + (names.length > SAMPLE ? ', …' : '');
    deps.events.event(referenceTo(MSP_ACCOUNTS, account), type, reason, 'Sync', `${names.length} ${what}: ${sample}`);
  };
  say('Normal', 'NewCustomers', fresh.length === 1 ? 'new customer' : 'new customers', fresh.map(nameOf));
  say('Warning', 'Restored', 'deleted although the company is there upstream, and made anew', back.map(nameOf));
  const second = duplicates.map(({ of, name, keep }) => `${of} ${name} (${keep} is older and stays)`);
  say('Warning', 'DuplicateDeleted', 'deleted, since its company has an older object', second);
}

/** The object and the company of a creation. */
export function keyOf(action: Creation): string {
  return action.kind === 'CreateCustomer'
    ? `Customer ${action.companyID}`
    : `StaticGroup ${action.group.companyID.toLowerCase()}`;
}

function nameOf(action: Creation): string {
  return action.kind === 'CreateCustomer' ? action.state.mirror.displayName : action.group.displayName;
}
