// For tests only: applies a plan to objects in memory the way the controller does on the API server, one write at a time,
// and refuses what the API server would refuse. A write that changes nothing is refused too (promise: quiet).

import { isDeepStrictEqual } from 'node:util';
import type { Action, Plan } from './action.ts';
import type { ExistingCustomer, ExistingGroup, Linked, LinkedSince } from './objects.ts';

/** The objects of one account. */
export interface World {
  readonly groups: readonly ExistingGroup[];
  readonly customers: readonly ExistingCustomer[];
}

/** How many writes a plan takes: two for CreateCustomer (POST, then status), one for every other action. */
export function writesOf(plan: Pick<Plan, 'actions'>): number {
  return plan.actions.reduce((sum, action) => sum + (action.kind === 'CreateCustomer' ? 2 : 1), 0);
}

/** The world after the first `writes` writes of a plan at `now` (ms); after all of them by default. */
export function applied(world: World, plan: Pick<Plan, 'actions'>, now: number, writes = Infinity): World {
  const groups = new Map(world.groups.map((group) => [group.name, group]));
  const customers = new Map(world.customers.map((customer) => [customer.name, customer]));
  let left = writes;
  for (const action of plan.actions) {
    if (left <= 0) break;
    apply(groups, customers, action, now, left);
    left -= action.kind === 'CreateCustomer' ? 2 : 1;
  }
  return { groups: [...groups.values()], customers: [...customers.values()] };
}

function apply(
  groups: Map<string, ExistingGroup>,
  customers: Map<string, ExistingCustomer>,
  action: Action,
  now: number,
  writes: number,
): void {
  switch (action.kind) {
    case 'CreateGroup': {
      const { group } = action;
      if (groups.has(group.name)) throw new Error(`409 StaticGroup ${group.name}`);
      if (group.parentName !== null && !groups.has(group.parentName)) throw new Error(`no parent ${group.parentName}`);
      const linked: LinkedSince = { status: 'True', reason: 'Present', since: 0 };
      groups.set(group.name, { ...group, uid: `uid-${group.name}`, createdAt: now, linked });
      return;
    }
    case 'UpdateGroup': {
      const { group } = action;
      const existing = must(groups, group.name);
      if (existing.companyID !== group.companyID) throw new Error(`422 companyID of ${group.name}`);
      if (group.parentName !== null && !groups.has(group.parentName)) throw new Error(`no parent ${group.parentName}`);
      groups.set(group.name, changed(existing, { ...existing, ...group }));
      return;
    }
    case 'LinkGroup': {
      const existing = must(groups, action.name);
      groups.set(action.name, changed(existing, { ...existing, linked: since(existing.linked, action.linked, now) }));
      return;
    }
    case 'CreateCustomer': {
      const { name, companyID, state } = action;
      if (customers.has(name)) throw new Error(`409 Customer ${name}`);
      const awaiting: LinkedSince = { status: 'Unknown', reason: 'AwaitingSync', since: 0 };
      const base = { name, companyID, uid: `uid-${name}`, createdAt: now, mode: null };
      if (writes < 2) customers.set(name, { ...base, linked: awaiting, setup: null, mirror: null });
      else customers.set(name, { ...base, ...state, linked: since(awaiting, state.linked, now) });
      return;
    }
    case 'UpdateCustomer': {
      const existing = must(customers, action.name);
      const linked = since(existing.linked, action.state.linked, now);
      customers.set(action.name, changed(existing, { ...existing, ...action.state, linked }));
      return;
    }
    case 'DeleteDuplicate': {
      const objects = action.of === 'StaticGroup' ? groups : customers;
      if (must<{ uid: string }>(objects, action.name).uid !== action.uid) throw new Error(`409 uid of ${action.name}`);
      must<unknown>(objects, action.keep);
      objects.delete(action.name);
    }
  }
}

function must<T>(objects: ReadonlyMap<string, T>, name: string): T {
  const object = objects.get(name);
  if (object === undefined) throw new Error(`404 ${name}`);
  return object;
}

function changed<T>(before: T, after: T): T {
  if (isDeepStrictEqual(before, after)) throw new Error(`write without a difference: ${JSON.stringify(after)}`);
  return after;
}

/** Kubernetes keeps whole seconds, and the time of a condition changes with its status or reason only. */
function since(before: LinkedSince, to: Linked, now: number): LinkedSince {
  if (before.status === to.status && before.reason === to.reason) return before;
  return { ...to, since: Math.floor(now / 1000) * 1000 };
}
