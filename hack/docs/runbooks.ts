// Which page of docs/runbooks is about which reason. A page says so itself: `<!-- covers: Kind/Reason Kind/Reason … -->`.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CONDITIONS, type ConditionDoc } from '../../operator/api/v1alpha1/conditions.ts';
import { code, table } from './markdown.ts';

export interface Runbook {
  /** Name of the file, without the folder. */
  readonly file: string;
  readonly text: string;
  /** `Kind/Reason`. */
  readonly covers: readonly string[];
}

export function readRunbooks(root: string): Runbook[] {
  const folder = join(root, 'docs', 'runbooks');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const covers = /^<!-- covers: (.+) -->$/m.exec(text)?.[1] ?? '';
      return { file, text, covers: covers.split(' ').filter((word) => word !== '') };
    });
}

/** The page about a reason; null if it has none. */
export function runbookOf(runbooks: readonly Runbook[], kind: string, reason: string): string | null {
  return runbooks.find(({ covers }) => covers.includes(`${kind}/${reason}`))?.file ?? null;
}

export interface ReasonSeen {
  readonly kind: string;
  readonly condition: string;
  readonly status: string;
  readonly reason: string;
  readonly acts: string;
  readonly meaning: string;
}

/** Every reason of every condition of every kind, in the order of the tables. */
export function allReasons(): ReasonSeen[] {
  return Object.entries(CONDITIONS).flatMap(([kind, conditions]) =>
    Object.entries(conditions as Readonly<Record<string, ConditionDoc>>).flatMap(([condition, doc]) =>
      Object.entries(doc.reasons).map(([reason, { acts, meaning, status }]) => ({
        kind,
        condition,
        status: status ?? doc.status,
        reason,
        acts,
        meaning,
      })),
    ),
  );
}

/** What a runbook is about, as its first table. */
export function coveredTable({ covers }: Runbook): string {
  const rows = allReasons()
    .filter(({ kind, reason }) => covers.includes(`${kind}/${reason}`))
    .map(({ kind, condition, status, reason, acts, meaning }) => [
      kind,
      code(`${condition}=${status}`),
      code(reason),
      acts,
      meaning,
    ]);
  return table(['kind', 'condition', 'reason', 'who acts', 'what it means'], rows);
}

/** docs/runbooks/README.md: the way from a reason to its page. */
export function runbookIndex(runbooks: readonly Runbook[]): string {
  const rows = runbooks.flatMap(({ file, covers }) =>
    covers.map((covered) => {
      const [kind = '', reason = ''] = covered.split('/');
      return [code(reason), kind, `[${file.replace(/\.md$/, '')}](${file})`];
    }),
  );
  return table(
    ['reason', 'kind', 'runbook'],
    rows.sort(([a = ''], [b = '']) => a.localeCompare(b)),
  );
}
