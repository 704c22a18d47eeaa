// The end of an account: a finalizer makes sure that its children hear of it, as its deletionPolicy says. Nothing is deleted
// but under the policy Delete (promise 4); every step can be repeated after a crash (promise 6).

import { ACCOUNT_CONDITIONS } from '../../api/v1alpha1/conditions.ts';
import { FINALIZER_CHILDREN } from '../../api/v1alpha1/group.ts';
import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { Action } from '../../hierarchy/action.ts';
import { release, type Release } from '../../hierarchy/release.ts';
import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import { isConflict, isNotFound } from '../../runtime/errors.ts';
import { parseKey } from '../../runtime/object.ts';
import type { Family } from '../children/children.ts';
import { Conditions } from '../ready.ts';
import { MSP_ACCOUNTS, viewAccount, type AccountView } from './account.ts';
import { applyPlan, forEach } from './apply.ts';
import type { AccountDeps } from './deps.ts';

const DONE: Outcome = { kind: 'done' };

/** Deletions in flight for one account. */
const DELETE_CONCURRENCY = 16;

/** Puts the finalizer on before anything is created for the account, so that its children hear of its end. */
export async function protect(
  deps: AccountDeps,
  account: AccountView,
  signal: AbortSignal,
): Promise<AccountView | null> {
  if (account.finalizers.includes(FINALIZER_CHILDREN)) return account;
  return patchFinalizers(deps, account, [...account.finalizers, FINALIZER_CHILDREN], signal);
}

/** The account is being deleted: its children are told as its policy says, then it may go. */
export async function finish(
  deps: AccountDeps,
  key: string,
  account: AccountView,
  context: ReconcileContext,
): Promise<Outcome> {
  if (!account.finalizers.includes(FINALIZER_CHILDREN)) return DONE;
  const { signal } = context;
  // Its login and what it knows of the company are needed until the last instance is gone.
  const instances = deps.instancesOf(key);
  if (instances.length > 0) return hold(deps, account, instances, signal);
  const { deletionPolicy } = account.settings;
  const failures = await letGo(deps, key, deletionPolicy === 'Orphan' ? 'Orphan' : 'Unlink', signal);
  if (failures.length > 0) return { kind: 'retry', why: failures.join('; ') };
  if (deletionPolicy === 'Delete') {
    const { groups, customers } = deps.children.of(key);
    const all = [
      ...[...customers.values()].map((view) => ({ of: 'Customer' as const, view })),
      ...[...groups.values()].map((view) => ({ of: 'StaticGroup' as const, view })),
    ];
    await forEach(all, DELETE_CONCURRENCY, signal, async ({ of, view }) => {
      await deps.children.delete(of, view, signal);
    });
    const left = deps.children.of(key);
    if (left.groups.size + left.customers.size > 0) return { kind: 'retry', why: 'some children are still there' };
  }
  const rest = account.finalizers.filter((finalizer) => finalizer !== FINALIZER_CHILDREN);
  if ((await patchFinalizers(deps, account, rest, signal)) === null && deps.accounts.get(key) !== undefined) {
    return { kind: 'retry', why: 'the account changed meanwhile' };
  }
  context.log.info({ deletionPolicy }, 'account released its children');
  return DONE;
}

/** Says what holds the account; nothing is synced meanwhile. The end of an instance calls this again. */
async function hold(
  deps: AccountDeps,
  account: AccountView,
  instances: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  const shown = instances.slice(0, 10).join(', ');
  const message = `ProtectInstances still refer to this account: ${shown}${instances.length > 10 ? ', …' : ''}. Delete them first, or let go of them with deletionPolicy Orphan.`;
  const next = (status: MSPAccountStatus): MSPAccountStatus => ({
    ...status,
    conditions: new Conditions(ACCOUNT_CONDITIONS, status.conditions, account.generation, deps.now())
      .set({ type: 'DeletionBlocked', status: 'True', reason: 'InstancesRefer', message })
      .list(),
  });
  return (await deps.status.write(account, next, signal)) === null ? { kind: 'retry', why: 'conflict' } : DONE;
}

/** Children whose account object is not there: never unlinked, never deleted, but they say so. */
export async function releaseOrphans(deps: AccountDeps, key: string, signal: AbortSignal): Promise<Outcome> {
  const failures = await letGo(deps, key, 'AccountMissing', signal);
  return failures.length > 0 ? { kind: 'retry', why: failures.join('; ') } : DONE;
}

async function letGo(deps: AccountDeps, key: string, how: Release, signal: AbortSignal): Promise<readonly string[]> {
  const { namespace, name } = parseKey(key);
  const plan = ({ groups, customers }: Family) => ({
    actions: release([...groups.values()], [...customers.values()], how),
    unlink: { unlinked: [], blocked: null },
  });
  const onDone = (action: Action) => deps.metrics.change(action);
  const { failures } = await applyPlan(deps.children, namespace, name, plan, onDone, signal);
  return failures;
}

async function patchFinalizers(
  deps: AccountDeps,
  account: AccountView,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<AccountView | null> {
  const patch = { metadata: { resourceVersion: account.resourceVersion, finalizers } };
  try {
    const written = await deps.client.patch(MSP_ACCOUNTS, account, patch, { signal });
    deps.accounts.observe(written);
    return viewAccount(written);
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return null;
    throw error;
  }
}
