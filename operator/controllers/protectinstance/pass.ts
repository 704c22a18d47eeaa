// What every pass over a live instance shares: problems that need no look upstream, and the write at its end.

import type { ProtectInstanceStatus } from '../../api/v1alpha1/protectinstance.ts';
import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import { jitter } from '../../runtime/deps.ts';
import type { InstanceDeps, PollTimes } from './deps.ts';
import { orphanCommand } from './guidance.ts';
import { accountKey, type InstanceView } from './instance.ts';
import { afterPass, type InstanceVerdict } from './verdict.ts';

export const CHANGED: Outcome = { kind: 'retry', why: 'the object changed meanwhile' };

/** What was found of the instance; a field that is undefined is taken out of the status. */
export type Found = Parameters<typeof afterPass>[2];

/** Another object is older and stands for the same account and service. */
export function duplicateOf(view: InstanceView, name: string): InstanceVerdict {
  const { service, lifecycle } = view.spec;
  // Deleting a Portal object asks for the removal of the instance, which is not meant here.
  const way =
    lifecycle.type === 'API' ? 'delete this object.' : `let go of this object and delete it: ${orphanCommand(view)}`;
  return {
    ready: 'False',
    reason: 'DuplicateInstance',
    message: `ProtectInstance ${name} is older and stands for the same account and ${service}. There is one instance for each account: ${way}`,
  };
}

/** Why the account does not let this object do anything; null if it does. */
export function accountProblem(deps: InstanceDeps, view: InstanceView): InstanceVerdict | null {
  const { accountRef, service } = view.spec;
  const account = deps.accounts.get(accountKey(view));
  if (account === undefined || account.deleting) {
    return {
      ready: 'False',
      reason: 'AccountNotFound',
      message: `There is no MSPAccount ${accountRef.name} in the namespace; it is picked up as soon as it is there.`,
    };
  }
  if (account.settings.services.includes(service)) return null;
  return {
    ready: 'False',
    reason: 'ServiceNotOfAccount',
    message: `MSPAccount ${accountRef.name} has the services ${account.settings.services.join(', ')}, not ${service}. Add it there, or create this object anew with one of them.`,
  };
}

/** Writes the verdict and goes on as `then` says. */
export async function write(
  deps: InstanceDeps,
  view: InstanceView,
  verdict: InstanceVerdict,
  found: Found,
  { signal }: ReconcileContext,
  then: Outcome,
): Promise<Outcome> {
  const next = (): ProtectInstanceStatus => afterPass(view, verdict, found, deps.now());
  return (await deps.status.write(view, next, signal)) === null ? CHANGED : then;
}

/** Look again, as often as the occasion asks for. */
export function wait(deps: InstanceDeps, occasion: keyof PollTimes): Outcome {
  return { kind: 'requeueAfter', ms: jitter(deps.poll[occasion], 0.1, deps.random) };
}
