// Conditions of a status, kept so that writing the same thing twice is no change: the result is the very same array where
// nothing differs, and lastTransitionTime moves only when the status flips.

import type { Condition } from './object.ts';

export type NextCondition = Omit<Condition, 'lastTransitionTime'>;

/** `now` in ms since the epoch. New conditions go to the end; the others keep their places. */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  next: NextCondition,
  now: number,
): Condition[] {
  const current = findCondition(conditions, next.type);
  if (conditions !== undefined && current !== undefined && sayTheSame(current, next)) return conditions as Condition[];
  const condition: Condition = {
    type: next.type,
    status: next.status,
    reason: next.reason,
    message: next.message,
    lastTransitionTime: current?.status === next.status ? current.lastTransitionTime : rfc3339(now),
    ...(next.observedGeneration === undefined ? {} : { observedGeneration: next.observedGeneration }),
  };
  if (current === undefined) return [...(conditions ?? []), condition];
  return (conditions ?? []).map((each) => (each === current ? condition : each));
}

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((each) => each.type === type);
}

export function removeCondition(conditions: readonly Condition[] | undefined, type: string): Condition[] {
  if (findCondition(conditions, type) === undefined) return (conditions ?? []) as Condition[];
  return (conditions ?? []).filter((each) => each.type !== type);
}

/** The same conditions in the same order, times included. */
export function conditionsEqual(a: readonly Condition[] | undefined, b: readonly Condition[] | undefined): boolean {
  if (a === b) return true;
  const [left, right] = [a ?? [], b ?? []];
  return (
    left.length === right.length &&
    left.every((each, at) => {
      const other = right[at];
      return other !== undefined && each.lastTransitionTime === other.lastTransitionTime && sayTheSame(each, other);
    })
  );
}

function sayTheSame(a: NextCondition, b: NextCondition): boolean {
  return (
    a.type === b.type &&
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.observedGeneration === b.observedGeneration
  );
}

/** metav1.Time: whole seconds. The API server would cut anything finer, and what we compare would differ. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
