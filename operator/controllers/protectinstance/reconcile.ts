// One pass over one ProtectInstance. Level-based: everything is read from the caches, the Secret and upstream.

import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import { jitter } from '../../runtime/deps.ts';
import { LANE_PAUSE_MS } from '../lane.ts';
import type { InstanceDeps } from './deps.ts';
import { tokenKey, type InstanceView } from './instance.ts';
import { keepInstance } from './live.ts';
import { keepDeclared } from './portal.ts';
import { protectInstanceObject, removeInstance } from './removal.ts';

/** @param key `namespace/name` of a ProtectInstance, existing or not */
export async function reconcileInstance(deps: InstanceDeps, key: string, context: ReconcileContext): Promise<Outcome> {
  const cached = deps.instances.get(key);
  if (cached === undefined) return { kind: 'done' };
  const secret = tokenKey(cached);
  if (secret !== null) deps.secrets.ensure(secret);
  if (!mayBeSilent(cached)) return pass(deps, cached, context);
  if (!deps.lane.enter(key)) return { kind: 'requeueAfter', ms: jitter(LANE_PAUSE_MS, 0.5, deps.random) };
  try {
    return await pass(deps, cached, context);
  } finally {
    deps.lane.leave(key);
  }
}

/** Its lifecycle service did not answer last time, and its spec is still the same. */
export function mayBeSilent({
  deleting,
  generation,
  status: { observedGeneration, conditions },
}: InstanceView): boolean {
  if (observedGeneration !== generation) return false;
  const [type, reason] = deleting ? ['Removal', 'OwnershipUnverified'] : ['Ready', 'UpstreamUnavailable'];
  return conditions?.some((condition) => condition.type === type && condition.reason === reason) ?? false;
}

async function pass(deps: InstanceDeps, cached: InstanceView, context: ReconcileContext): Promise<Outcome> {
  if (cached.deleting) return removeInstance(deps, cached, context);
  const view = await protectInstanceObject(deps, cached, context.signal);
  if (view === null) return { kind: 'done' }; // its event is on the way
  return view.spec.lifecycle.type === 'Portal' ? keepDeclared(deps, view, context) : keepInstance(deps, view, context);
}
