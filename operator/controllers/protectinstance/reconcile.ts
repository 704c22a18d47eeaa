// One pass over one ProtectInstance. Level-based: everything is read from the caches, the Secret and upstream.

import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import type { InstanceDeps } from './deps.ts';
import { tokenKey } from './instance.ts';
import { keepInstance } from './live.ts';
import { keepDeclared } from './portal.ts';
import { protectInstanceObject, removeInstance } from './removal.ts';

/** @param key `namespace/name` of a ProtectInstance, existing or not */
export async function reconcileInstance(deps: InstanceDeps, key: string, context: ReconcileContext): Promise<Outcome> {
  const cached = deps.instances.get(key);
  if (cached === undefined) return { kind: 'done' };
  const secret = tokenKey(cached);
  if (secret !== null) deps.secrets.ensure(secret);
  if (cached.deleting) return removeInstance(deps, cached, context);
  const view = await protectInstanceObject(deps, cached, context.signal);
  if (view === null) return { kind: 'done' }; // its event is on the way
  return view.spec.lifecycle.type === 'Portal' ? keepDeclared(deps, view, context) : keepInstance(deps, view, context);
}
