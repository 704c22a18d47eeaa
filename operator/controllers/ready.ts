// Ready, Reconciling and Stalled as kstatus and Flux read them: exactly one of "fine", "the operator acts", "a person acts".

import type { Acts } from '../api/v1alpha1/reasons.ts';
import { findCondition, removeCondition, setCondition } from '../runtime/conditions.ts';
import type { Condition } from '../runtime/object.ts';

export type ConditionStatus = Condition['status'];

/** The verdict on an object. */
export interface ReadyVerdict {
  readonly ready: ConditionStatus;
  readonly reason: string;
  /** For people: what happened and what to do. Stable while nothing changes: no times, no attempt counters. */
  readonly message: string;
  readonly acts: Acts;
}

/** One condition to be set. */
export interface Finding {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
}

/** Collects findings onto a list of conditions; times move on a flip only. */
export class Conditions {
  #list: readonly Condition[];
  readonly #generation: number;
  readonly #now: number;

  constructor(before: readonly Condition[] | undefined, generation: number, now: number) {
    this.#list = before ?? [];
    this.#generation = generation;
    this.#now = now;
  }

  ready({ ready, reason, message, acts }: ReadyVerdict): this {
    this.set({ type: 'Ready', status: ready, reason, message });
    this.setIf(acts === 'operator', { type: 'Reconciling', status: 'True', reason, message });
    return this.setIf(acts === 'person', { type: 'Stalled', status: 'True', reason, message });
  }

  set(finding: Finding): this {
    this.#list = setCondition(this.#list, { ...finding, observedGeneration: this.#generation }, this.#now);
    return this;
  }

  /** Sets it, or takes it away. */
  setIf(applies: boolean, finding: Finding): this {
    return applies ? this.set(finding) : this.remove(finding.type);
  }

  remove(type: string): this {
    this.#list = removeCondition(this.#list, type);
    return this;
  }

  list(): Condition[] {
    return [...this.#list];
  }
}

/** Whether the verdict on an object changed between two statuses, and to what; null if it did not. */
export function changeOf(
  type: string,
  before: { readonly conditions?: Condition[] },
  after: { readonly conditions?: Condition[] },
): Condition | null {
  const was = findCondition(before.conditions, type);
  const is = findCondition(after.conditions, type);
  if (is === undefined || (was?.status === is.status && was.reason === is.reason)) return null;
  return is;
}
