// Carries out a plan with bounded concurrency, and plans again where somebody else changed an object meanwhile, until nothing
// differs. Each action stands for itself: one that fails keeps no other back.

import type { Action, Plan } from '../../hierarchy/action.ts';
import type { Children, Family } from '../children/children.ts';

/** Writes in flight for one account. */
const CONCURRENCY = 24;
/** How often a plan is made again for objects that changed under our hands. */
const ROUNDS = 4;
const MAX_FAILURES_SHOWN = 3;

export interface Applied {
  /** Actions carried out. */
  readonly done: number;
  /** Names of objects that could not be written and why, sorted; at most some. */
  readonly failures: readonly string[];
  readonly failed: number;
  readonly terminating: boolean;
  /** The last plan made. */
  readonly plan: Plan;
}

/**
 * @param makePlan computes the plan from the children as the caches know them now
 * @param onDone called once for each action carried out
 */
export async function applyPlan(
  children: Children,
  namespace: string,
  account: string,
  makePlan: (family: Family) => Plan,
  onDone: (action: Action) => void,
  signal: AbortSignal,
): Promise<Applied> {
  let done = 0;
  for (let round = 1; ; round++) {
    const family = children.of(`${namespace}/${account}`);
    const plan = makePlan(family);
    const failures = new Map<string, string>();
    let changed = 0;
    let terminating = false;
    await forEach(plan.actions, CONCURRENCY, signal, async (action) => {
      if (terminating) return;
      try {
        const written = await children.apply(namespace, account, action, family, signal);
        if (written.kind === 'written') {
          done++;
          onDone(action);
        } else if (written.kind === 'changed') changed++;
        else terminating = true;
      } catch (error) {
        signal.throwIfAborted();
        failures.set(nameOf(action), error instanceof Error ? error.message : String(error));
      }
    });
    if (changed === 0 || terminating || round === ROUNDS) {
      const shown = [...failures].sort(([a], [b]) => a.localeCompare(b)).slice(0, MAX_FAILURES_SHOWN);
      const unsettled = round === ROUNDS ? changed : 0;
      return {
        done,
        failures: [
          ...shown.map(([name, message]) => `${name}: ${message}`),
          ...(unsettled > 0 ? [`${unsettled} objects kept changing under our hands`] : []),
        ],
        failed: failures.size + unsettled,
        terminating,
        plan,
      };
    }
  }
}

/** Runs `work` over the items in order, at most `concurrency` at a time. Rejects only if the signal fires or `work` throws. */
export async function forEach<T>(
  items: readonly T[],
  concurrency: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items.values();
  const worker = async () => {
    for (const item of iterator) {
      signal.throwIfAborted();
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}

function nameOf(action: Action): string {
  switch (action.kind) {
    case 'CreateGroup':
    case 'UpdateGroup':
      return `StaticGroup ${action.group.name}`;
    case 'LinkGroup':
      return `StaticGroup ${action.name}`;
    case 'CreateCustomer':
    case 'UpdateCustomer':
      return `Customer ${action.name}`;
    case 'DeleteDuplicate':
      return `${action.of} ${action.name}`;
  }
}
