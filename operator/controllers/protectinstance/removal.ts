// One pass over an instance that is being deleted. No removal is sent without an answer from upstream, in this very pass, that
// names the object's own service as the creating service (promise 5); the decision is in ownership/removal.ts.

import { INSTANCE_CONDITIONS } from '../../api/v1alpha1/conditions.ts';
import { FINALIZER_CREATING_SERVICE } from '../../api/v1alpha1/group.ts';
import type { RemovalReason } from '../../api/v1alpha1/instance-reasons.ts';
import type { ProtectInstanceStatus } from '../../api/v1alpha1/protectinstance.ts';
import { decideRemoval, type Removal } from '../../ownership/removal.ts';
import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import { isConflict, isNotFound } from '../../runtime/errors.ts';
import { Conditions } from '../ready.ts';
import { upstreamOf, withUpstream, type Asked } from './connect.ts';
import { BY_ACCOUNT, type InstanceDeps } from './deps.ts';
import { holdMessage } from './guidance.ts';
import { PROTECT_INSTANCES, accountKey, siblingsOf, subjectOf, viewInstance, type InstanceView } from './instance.ts';

const DONE: Outcome = { kind: 'done' };
const CHANGED: Outcome = { kind: 'retry', why: 'the object changed meanwhile' };

export async function removeInstance(
  deps: InstanceDeps,
  view: InstanceView,
  context: ReconcileContext,
): Promise<Outcome> {
  if (!view.finalizers.includes(FINALIZER_CREATING_SERVICE)) return DONE;
  if (view.spec.lifecycle.type === 'Portal') {
    const asked: Asked = { kind: 'unknown', reason: 'Declared', message: 'there is nobody to ask' };
    return act(deps, view, asked, context);
  }
  return withUpstream(deps, view, context.signal, (asked) => act(deps, view, asked, context));
}

async function act(deps: InstanceDeps, view: InstanceView, asked: Asked, context: ReconcileContext): Promise<Outcome> {
  const siblings = siblingsOf(view, deps.instances.byIndex(BY_ACCOUNT, accountKey(view)));
  const removal = decideRemoval(subjectOf(view), upstreamOf(asked), siblings, deps.now());
  switch (removal.kind) {
    case 'release':
      return release(deps, view, removal, context);
    case 'hold':
      return say(deps, view, 'False', removal.reason, holdMessage(view, removal), deps.poll.held, context);
    case 'wait':
      return say(
        deps,
        view,
        'True',
        'Removing',
        `Instance ${removal.instanceID} is being removed.`,
        deps.poll.removing,
        context,
      );
    case 'remove':
      return remove(deps, view, asked, removal, context);
  }
}

async function remove(
  deps: InstanceDeps,
  view: InstanceView,
  asked: Asked,
  { instanceID, as }: Removal & { kind: 'remove' },
  context: ReconcileContext,
): Promise<Outcome> {
  if (asked.kind === 'unknown') return CHANGED; // cannot be: a removal comes from a list
  // The watch may lag behind: a confirmation that was taken back, or a policy that was changed, must count. The decision stands
  // only if the object is, in the API server, the one that it was made on.
  const fresh = await reread(deps, view, context.signal);
  if (fresh === null) return DONE;
  if (fresh.resourceVersion !== view.resourceVersion) return CHANGED;
  context.log.info({ instanceID, as }, 'removing the instance');
  const result = await asked.client.remove(instanceID, as, context.signal);
  switch (result.kind) {
    case 'ok':
      return say(
        deps,
        view,
        'True',
        'Removing',
        `Instance ${instanceID} is being removed.`,
        deps.poll.removing,
        context,
      );
    case 'refused': {
      // Upstream is the last judge; what it says now counts more than what it said a moment ago.
      const why = `upstream refuses the removal: ${result.message}`;
      const held = {
        kind: 'hold',
        reason: 'OwnershipUnverified',
        instanceID,
        creator: result.creatingService ?? null,
        why,
      } as const;
      return say(deps, view, 'False', held.reason, holdMessage(view, held), deps.poll.held, context);
    }
    case 'failed':
      return say(
        deps,
        view,
        'True',
        'Removing',
        `The answer to the removal of instance ${instanceID} was lost; it is asked for again.`,
        deps.poll.removing,
        context,
      );
  }
}

/** The object as the API server has it now; null if it is gone. */
async function reread(deps: InstanceDeps, view: InstanceView, signal: AbortSignal): Promise<InstanceView | null> {
  try {
    const object = await deps.client.get(PROTECT_INSTANCES, view, { signal });
    deps.instances.observe(object);
    return viewInstance(object);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Writes what holds or moves the deletion. The same again writes nothing. */
async function say(
  deps: InstanceDeps,
  view: InstanceView,
  status: 'True' | 'False',
  reason: RemovalReason,
  message: string,
  again: number,
  { signal }: ReconcileContext,
): Promise<Outcome> {
  const next = (before: ProtectInstanceStatus): ProtectInstanceStatus => ({
    ...before,
    observedGeneration: view.generation,
    ...(view.requestedAt === null ? {} : { lastHandledRequestedAt: view.requestedAt.slice(0, 256) }),
    conditions: new Conditions(INSTANCE_CONDITIONS, before.conditions, view.generation, deps.now())
      .set({ type: 'Removal', status, reason, message: message.slice(0, 4096) })
      .remove('RemovalArmed')
      .list(),
  });
  if ((await deps.status.write(view, next, signal)) === null) return CHANGED;
  return { kind: 'requeueAfter', ms: again };
}

async function release(
  deps: InstanceDeps,
  view: InstanceView,
  { reason }: Removal & { kind: 'release' },
  context: ReconcileContext,
): Promise<Outcome> {
  if (reason === 'RemovedInPortal' && !(await tellSiblings(deps, view, context.signal))) return CHANGED;
  const finalizers = view.finalizers.filter((finalizer) => finalizer !== FINALIZER_CREATING_SERVICE);
  const patch = { metadata: { resourceVersion: view.resourceVersion, finalizers } };
  try {
    // With the resourceVersion that was decided on: whatever changed since then is decided on first.
    deps.instances.observe(await deps.client.patch(PROTECT_INSTANCES, view, patch, { signal: context.signal }));
  } catch (error) {
    if (isNotFound(error)) return DONE;
    if (isConflict(error)) return CHANGED;
    throw error;
  }
  context.log.info({ reason, instanceID: view.status.instanceID }, 'object released');
  return DONE;
}

/**
 * Portal: nobody else can tell the objects of the other service that the instance is gone. Told before this object goes: after a
 * crash in between it is simply told again. False if one changed meanwhile.
 */
async function tellSiblings(deps: InstanceDeps, view: InstanceView, signal: AbortSignal): Promise<boolean> {
  const id = view.spec.instanceID;
  for (const other of deps.instances.byIndex(BY_ACCOUNT, accountKey(view))) {
    if (other.uid === view.uid || other.spec.lifecycle.type !== 'Portal' || other.spec.instanceID !== id) continue;
    const gone = (status: ProtectInstanceStatus): ProtectInstanceStatus => ({ ...status, state: 'Deleted' });
    if ((await deps.status.write(other, gone, signal)) === null) return false;
  }
  return true;
}

/** Puts the finalizer on, before anything is created upstream. Null if the object changed under our hands. */
export async function protectInstanceObject(
  deps: InstanceDeps,
  view: InstanceView,
  signal: AbortSignal,
): Promise<InstanceView | null> {
  if (view.finalizers.includes(FINALIZER_CREATING_SERVICE)) return view;
  const finalizers = [...view.finalizers, FINALIZER_CREATING_SERVICE];
  const patch = { metadata: { resourceVersion: view.resourceVersion, finalizers } };
  try {
    const written = await deps.client.patch(PROTECT_INSTANCES, view, patch, { signal });
    deps.instances.observe(written);
    return viewInstance(written);
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return null;
    throw error;
  }
}
