// Every event of the operator: those with a reason of their own, and the conditions whose changes are told.

import { CONDITIONS, type ConditionDoc } from '../../operator/api/v1alpha1/conditions.ts';
import { EVENTS, TOLD } from '../../operator/api/v1alpha1/events.ts';
import { code, table } from './markdown.ts';

export function eventsPart(): string {
  const own = Object.entries(EVENTS).map(([reason, { kind, type, meaning }]) => [kind, type, code(reason), meaning]);
  const told = Object.entries(TOLD).flatMap(([kind, types]) =>
    types.map((type) => {
      const conditions: Readonly<Record<string, ConditionDoc>> = CONDITIONS[kind as keyof typeof TOLD];
      const reasons = Object.keys(conditions[type]?.reasons ?? {}).filter((reason) => !QUIET.includes(reason));
      const warns = type === 'Expiring' ? 'Warning' : 'Warning, or Normal where the condition is True';
      return [kind, warns, reasons.map(code).join(', '), `A change of the condition ${code(type)}, with its message.`];
    }),
  );
  return table(['object', 'type', 'reason', 'what it tells'], [...own, ...told]);
}

/** No event: the result follows, or the schema serves it before the operator has said anything. */
const QUIET = ['Progressing', 'Pending'];
