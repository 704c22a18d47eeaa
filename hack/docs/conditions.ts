// The part of a page that lists every condition and reason of a kind, from the constants.

import { CONDITIONS, type ConditionDoc } from '../../operator/api/v1alpha1/conditions.ts';
import { code, table } from './markdown.ts';
import { runbookOf, type Runbook } from './runbooks.ts';

export function conditionsPart(kind: keyof typeof CONDITIONS, runbooks: readonly Runbook[]): string {
  const conditions: Readonly<Record<string, ConditionDoc>> = CONDITIONS[kind];
  const overview = Object.entries(conditions).map(([type, { about, shown }]) => [code(type), shown, about]);
  if (conditions['Ready'] !== undefined) {
    overview.splice(
      1,
      0,
      [
        code('Reconciling'),
        'while it applies',
        "Repeats `Ready` while the operator goes on by itself ('who acts': operator).",
      ],
      [code('Stalled'), 'while it applies', "Repeats `Ready` while a person has to act ('who acts': person)."],
    );
  }
  const sections = Object.entries(conditions).map(([type, condition]) => {
    const rows = Object.entries(condition.reasons).map(([reason, { acts, meaning, status }]) => {
      const runbook = runbookOf(runbooks, kind, reason);
      const name = runbook === null ? code(reason) : `[${code(reason)}](runbooks/${runbook})`;
      return [name, status ?? condition.status, acts, meaning];
    });
    return `### ${type}\n\n${table(['reason', 'status', 'who acts', 'what it means'], rows)}`;
  });
  return [table(['condition', 'there', 'what it says'], overview), ...sections].join('\n\n');
}
