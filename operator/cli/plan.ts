// kubectl-msp plan: what the operator would do now, by the very functions that it uses: the same crawl, confirmations, plan and
// guard. Writes nothing.

import { planOf, questions } from '../controllers/mspaccount/planning.ts';
import { readTree } from '../controllers/mspaccount/reading.ts';
import type { AccountView } from '../controllers/mspaccount/account.ts';
import type { Family } from '../controllers/children/children.ts';
import type { Action, Plan } from '../hierarchy/action.ts';
import { isComplete, type Snapshot } from '../hierarchy/snapshot.ts';
import { countChanges } from '../hierarchy/summary.ts';
import type { Ema2Client } from '../upstream/client.ts';
import { UsageError } from './read.ts';

export interface Preview {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
}

/** Crawls upstream, asks for the absent, and plans against the children as they are. */
export async function preview(
  account: AccountView,
  family: Family,
  upstream: Ema2Client,
  now: number,
  signal: AbortSignal,
): Promise<Preview> {
  const reading = {
    questions: (snapshot: Snapshot) => questions(account, snapshot, family, 0),
    objection: () => null,
    onProgress: () => {},
    onAnswer: () => Promise.resolve(),
  };
  const read = await readTree<never>(upstream, reading, signal);
  signal.throwIfAborted();
  if (read.kind === 'refused') throw new UsageError(`Upstream refused the login: ${read.message}`);
  if (read.kind === 'failed') throw new UsageError(read.failure.message);
  if (read.kind === 'objected') return read.objection;
  const { snapshot, confirmations } = read;
  return { snapshot, plan: planOf(account, snapshot, family, confirmations, now) };
}

/** The plan in words, a line for each change, then a summary. */
export function planLines({ snapshot, plan }: Preview): string[] {
  const lines = plan.actions.flatMap((action) => lineOf(action));
  const { StaticGroup, Customer } = countChanges(plan);
  const words = Object.entries(StaticGroup)
    .map(([change, groups]) => ({ change, groups, customers: Customer[change as keyof typeof Customer] }))
    .filter(({ groups, customers }) => groups + customers > 0)
    .map(({ change, groups, customers }) => `${change} ${groups} groups and ${customers} customers`);
  const gaps = snapshot.gaps.map(({ companyID, message }) => `? ${companyID ?? 'the account'}: ${message}`);
  const { blocked } = plan.unlink;
  return [
    ...lines,
    ...gaps,
    ...(blocked === null
      ? []
      : [
          `! ${blocked.count} companies are gone, ${blocked.allowed} may be unlinked now: none is, until somebody approves ${blocked.planHash}`,
        ]),
    ...(lines.length + gaps.length > 0 ? [''] : []),
    `Read ${snapshot.companies.length} companies, ${isComplete(snapshot) ? 'all of them' : 'but not all: what lies below the others stays as it is'}.`,
    words.length === 0 ? 'Nothing would change.' : `Would ${words.join(', ')}.`,
  ];
}

function lineOf(action: Action): string[] {
  switch (action.kind) {
    case 'CreateGroup':
      return [`+ ${action.group.displayName}  (${action.group.type}, StaticGroup ${action.group.name})`];
    case 'UpdateGroup': {
      const { from, group, change } = action;
      if (change === 'Rename') return [`~ ${from.displayName} → ${group.displayName}  (StaticGroup ${group.name})`];
      if (change === 'Retype')
        return [`~ ${group.displayName}: ${from.type} → ${group.type}  (StaticGroup ${group.name})`];
      return [
        `> ${group.displayName} moves from ${from.parentName} to ${group.parentName}  (StaticGroup ${group.name})`,
      ];
    }
    case 'LinkGroup':
      return [`${SIGNS[action.change]} ${action.displayName}  (${action.linked.reason}, StaticGroup ${action.name})`];
    case 'CreateCustomer':
      return [`+ ${action.state.mirror.displayName}  (Customer ${action.name})`];
    case 'UpdateCustomer': {
      const { linked, setup, mirror } = action.state;
      const what = linked.status === 'True' ? setup.toLowerCase() : linked.reason;
      return [`${SIGNS[action.change]} ${mirror.displayName}  (${what}, Customer ${action.name})`];
    }
    case 'DeleteDuplicate':
      return [`x ${action.name}  (a second ${action.of} of the company of ${action.keep})`];
  }
}

const SIGNS: Readonly<Record<Action['change'], string>> = {
  Create: '+',
  Rename: '~',
  Move: '>',
  Retype: '~',
  Link: '+',
  Unlink: '-',
  Hold: '!',
  Status: '~',
  Delete: 'x',
};
