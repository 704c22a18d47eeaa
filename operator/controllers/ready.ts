// Ready, Reconciling and Stalled as kstatus and Flux read them: exactly one of "fine", "the operator acts", "a person acts".
// A kind can say only what its table in api/v1alpha1/conditions.ts lists.

import type { ConditionTable, ReasonOf } from '../api/v1alpha1/conditions.ts';
import { findCondition, removeCondition, setCondition, type NextCondition } from '../runtime/conditions.ts';
import type { Condition } from '../runtime/object.ts';

export type ConditionStatus = Condition['status'];

/** The table of a kind with a verdict. */
export type VerdictTable = ConditionTable & { readonly Ready: ConditionTable[string] };

/** The verdict on an object. */
export interface ReadyVerdict<T extends VerdictTable> {
  readonly ready: ConditionStatus;
  readonly reason: ReasonOf<T, 'Ready'>;
  /** For people: what happened and what to do. Stable while nothing changes: no times, no attempt counters. */
  readonly message: string;
}

/** One condition to be set. */
export type Finding<T extends ConditionTable> = {
  [C in keyof T & string]: {
    readonly type: C;
    readonly status: ConditionStatus;
    readonly reason: ReasonOf<T, C>;
    readonly message: string;
  };
}[keyof T & string];

/** Collects findings onto a list of conditions; times move on a flip only. */
export class Conditions<T extends VerdictTable> {
  readonly #table: T;
  #list: readonly Condition[];
  readonly #generation: number;
  readonly #now: number;

  constructor(table: T, before: readonly Condition[] | undefined, generation: number, now: number) {
    this.#table = table;
    this.#list = before ?? [];
    this.#generation = generation;
    this.#now = now;
  }

  ready({ ready, reason, message }: ReadyVerdict<T>): this {
    const acts = this.#table.Ready.reasons[reason]?.acts;
    this.#put({ type: 'Ready', status: ready, reason, message });
    if (acts === 'operator') this.#put({ type: 'Reconciling', status: 'True', reason, message });
    else this.#list = removeCondition(this.#list, 'Reconciling');
    if (acts === 'person') this.#put({ type: 'Stalled', status: 'True', reason, message });
    else this.#list = removeCondition(this.#list, 'Stalled');
    return this;
  }

  set(finding: Finding<T>): this {
    this.#put(finding);
    return this;
  }

  /** Sets it, or takes it away. */
  setIf(applies: boolean, finding: Finding<T>): this {
    return applies ? this.set(finding) : this.remove(finding.type);
  }

  remove(type: keyof T & string): this {
    this.#list = removeCondition(this.#list, type);
    return this;
  }

  list(): Condition[] {
    return [...this.#list];
  }

  #put(condition: NextCondition): void {
    this.#list = setCondition(this.#list, { ...condition, observedGeneration: this.#generation }, this.#now);
  }
}

/**
 * What a condition changed to between two statuses; null if neither its status nor its reason did. `after` was made from the
 * table, so its reason is one of the table.
 */
export function changeOf<T extends ConditionTable, C extends keyof T & string>(
  _table: T,
  type: C,
  before: { readonly conditions?: Condition[] },
  after: { readonly conditions?: Condition[] },
): (Condition & { readonly reason: ReasonOf<T, C> }) | null {
  const was = findCondition(before.conditions, type);
  const is = findCondition(after.conditions, type);
  if (is === undefined || (was?.status === is.status && was.reason === is.reason)) return null;
  return is as Condition & { readonly reason: ReasonOf<T, C> };
}
