// Mirrors an instance that upstream shows into the status of its object, and asks for access where its service has none.

import type { Service } from '../../ownership/facts.ts';
import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import type { LifecycleInstance } from '../../upstream/lifecycle.ts';
import type { Asked } from './connect.ts';
import type { InstanceDeps } from './deps.ts';
import type { InstanceView } from './instance.ts';
import { wait, write, type Found } from './pass.ts';
import type { InstanceVerdict } from './verdict.ts';

export async function mirror(
  deps: InstanceDeps,
  view: InstanceView,
  asked: Asked & { kind: 'listed' },
  { instance: decided, grant }: { readonly instance: { readonly id: string }; readonly grant?: Service | null },
  context: ReconcileContext,
): Promise<Outcome> {
  const listed = asked.instances.find(({ id }) => id === decided.id);
  let instance = listed ?? (decided as LifecycleInstance);
  const service = view.spec.service;
  // The second service's object: the same instance, opened from there too.
  if (grant !== null && !instance.accessibleFrom.includes(service) && instance.state !== 'Deleting') {
    const result = await asked.client.grant(instance.id, service, context.signal);
    if (result.kind === 'ok') instance = result.value;
    else {
      const refused = result.kind === 'refused';
      const why = refused ? result.message : result.failure.message;
      const verdict: InstanceVerdict = {
        ready: 'False',
        reason: refused ? 'AccessRefused' : 'AccessPending',
        message: `${service} has no access to instance ${instance.id} yet: ${why}`,
        ownership: ownershipOf(view, instance),
      };
      return write(
        deps,
        view,
        verdict,
        mirrored(view, asked, instance),
        context,
        wait(deps, refused ? 'idle' : 'busy'),
      );
    }
  }
  const verdict = { ...stateVerdict(instance), ownership: ownershipOf(view, instance) };
  const settled = instance.state !== 'Activating' && instance.state !== 'Deleting';
  return write(deps, view, verdict, mirrored(view, asked, instance), context, wait(deps, settled ? 'idle' : 'busy'));
}

function mirrored(view: InstanceView, asked: Asked & { kind: 'listed' }, instance: LifecycleInstance): Found {
  return {
    instanceID: instance.id,
    companyID: view.status.companyID ?? asked.companyID,
    state: instance.state,
    // The first record stays: a later answer that differs is a disagreement for a person to look at, not a correction.
    creatingService: view.status.creatingService ?? instance.creatingService ?? undefined,
    accessibleFrom: [...instance.accessibleFrom].sort((a, b) => a.localeCompare(b)),
    consoleURL: instance.consoleURL ?? undefined,
    suspendAt: instance.suspendAt ?? undefined,
    deleteAt: instance.deleteAt ?? undefined,
  };
}

function ownershipOf(view: InstanceView, { creatingService }: LifecycleInstance): InstanceVerdict['ownership'] {
  const recorded = view.status.creatingService ?? creatingService;
  if (creatingService === null) {
    return {
      status: 'Unknown',
      reason: 'NotTold',
      message: 'Upstream does not say which service created the instance.',
    };
  }
  if (recorded !== creatingService) {
    return {
      status: 'False',
      reason: 'RecordsDisagree',
      message: `Upstream says that ${creatingService} created the instance, the status of this object says ${recorded}. It will not be removed through either until that is cleared up.`,
    };
  }
  return {
    status: 'True',
    reason: 'Confirmed',
    message: `Upstream says that ${creatingService} created the instance.`,
  };
}

function stateVerdict({ state, id, suspendAt, deleteAt }: LifecycleInstance): InstanceVerdict {
  switch (state) {
    case 'Active':
      return { ready: 'True', reason: 'Active', message: `Instance ${id} is active.` };
    case 'GracePeriod':
      return {
        ready: 'True',
        reason: 'GracePeriod',
        message: `Instance ${id} works until ${suspendAt ?? 'its grace period ends'}, then it is suspended.`,
      };
    case 'Activating':
      return { ready: 'False', reason: 'Activating', message: `Instance ${id} is being set up.` };
    case 'Suspended':
      return {
        ready: 'False',
        reason: 'Suspended',
        message: `Instance ${id} is suspended; it and its data go for good at ${deleteAt ?? 'a date that upstream does not name'}. An eligible licence in the creating service brings it back.`,
      };
    case 'Deleting':
    case 'Deleted':
      return {
        ready: 'False',
        reason: 'Deleting',
        message: `Instance ${id} is being deleted, and not because of this object.`,
      };
  }
}
