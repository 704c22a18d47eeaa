// What must hold after every sync, whatever went wrong in it: no wrong unlink, no more of them than the limit allows, no duplicate,
// no object lost, nothing of people's overwritten, and the rules of kstatus (promises 1 to 4). Judged by the truth alone.

import { checkObjects } from '../../harness/checker.ts';
import type { Memory } from './memory.ts';
import { KINDS, isUnlinked, linkedOf, type Observed } from './observe.ts';
import { LIMIT } from './stage.ts';
import type { Truth } from './truth.ts';

export interface Round {
  /** The objects after the sync before, and now. */
  readonly before: Observed | null;
  readonly now: Observed;
  /** Upstream before this round's changes, and after them: a crawl may have seen either. */
  readonly truths: readonly [Truth, Truth];
  /** A listing left out what is there. */
  readonly misled: boolean;
}

/** Also keeps the memory up to date. @returns what is wrong, in words */
export function unsafe(round: Round, memory: Memory): string[] {
  const { now } = round;
  return [
    ...checkObjects([now.account, ...now.objects]),
    ...strangers(now, memory),
    ...lost(round, memory),
    ...wronglyUnlinked(round, memory),
    ...overTheLimit(now, memory),
    ...overwritten(now, memory),
  ];
}

function strangers({ objects }: Observed, memory: Memory): string[] {
  return objects
    .filter(({ spec }) => !memory.known.has(String(spec.companyID).toLowerCase()))
    .map(({ kind, metadata }) => `${kind} ${metadata.name} is of a company that never was`);
}

/** Promise 4: nothing goes but by people's hands, and nothing is replaced. */
function lost({ before, now, truths }: Round, memory: Memory): string[] {
  const problems: string[] = [];
  for (const kind of KINDS) {
    for (const [id, was] of before?.[kind] ?? []) {
      const is = now[kind].get(id);
      const deleted = memory.mayGo.delete(`${kind} ${id}`);
      if (is?.metadata.uid === was.metadata.uid || deleted) continue;
      const unlinked = isUnlinked(was) || truths.some(({ listed }) => !listed.has(id));
      if (kind === 'groups' && unlinked && memory.bereft.has(id)) continue;
      problems.push(`${kind} ${id}: ${is === undefined ? 'is gone' : 'another object'}`);
    }
  }
  for (const id of now.customers.keys()) memory.bereft.delete(id);
  return problems;
}

/** Promise 2: absence is not deletion. */
function wronglyUnlinked({ before, now, truths, misled }: Round, memory: Memory): string[] {
  const problems: string[] = [];
  for (const kind of KINDS) {
    for (const [id, object] of now[kind]) {
      const linked = linkedOf(object);
      const was = before?.[kind].get(id);
      if (linked.startsWith('True/')) continue;
      if (was !== undefined && linkedOf(was) === linked) continue;
      const wrong = (why: string): unknown => problems.push(`${kind} ${id} is ${linked}, ${why}`);
      const absent = truths.some(({ listed }) => !listed.has(id));
      const removed = truths.some(({ answer }) => answer(id) === 404);
      const refused = truths.some(({ answer }) => [403, 500].includes(answer(id) as number));
      switch (linked) {
        case 'False/Removed':
          if (!removed) wrong('but upstream never said that it is gone');
          break;
        case 'False/NotVisible':
          if (!refused && !(absent && removed)) wrong('but it was there to be seen');
          if (!memory.proven.has(id)) wrong('but it was not absent twice with an hour in between');
          break;
        case 'Unknown/UnlinkHeld':
          if (removed) memory.proven.add(id);
          else if (!memory.proven.has(id)) wrong('but nothing proves that it is gone');
          break;
        case 'Unknown/AbsentOnce':
          if (!absent && !misled) wrong('but upstream lists it');
          break;
        case 'Unknown/AwaitingSync':
          break;
        default:
          wrong('which nothing has led to');
      }
    }
  }
  return problems;
}

/** Promise 3: a blast is stopped. */
function overTheLimit({ groups, customers }: Observed, memory: Memory): string[] {
  const ids = new Set([...groups.keys(), ...customers.keys()]);
  for (const id of memory.recent) if (!ids.has(id)) memory.recent.delete(id);
  for (const id of ids) {
    const objects = [groups.get(id), customers.get(id)].filter((each) => each !== undefined);
    const unlinked = objects.some(isUnlinked);
    if (!unlinked) memory.recent.delete(id);
    if (objects.every((each) => linkedOf(each).startsWith('True/'))) {
      memory.proven.delete(id);
      memory.approved.delete(id);
      memory.past.delete(id);
    }
    if (unlinked && !memory.approved.has(id) && !memory.past.has(id)) memory.recent.add(id);
    if (unlinked) memory.past.add(id);
  }
  const allowed = Math.min(LIMIT.count, Math.max(1, Math.floor((LIMIT.percent * ids.size) / 100)));
  const { size } = memory.recent;
  return size > allowed ? [`${size} companies were unlinked within 24 hours, ${allowed} may be`] : [];
}

/** What people own stays as they left it, and nothing is put beside it. */
function overwritten({ customers }: Observed, memory: Memory): string[] {
  return [...customers].flatMap(([id, { spec }]) => {
    const { mode } = memory.setupOf(id);
    const wanted = mode === null ? {} : { setup: { mode } };
    const { accountRef: _, companyID: __, ...rest } = spec;
    const same = JSON.stringify(rest) === JSON.stringify(wanted);
    return same ? [] : [`customers ${id}: the spec is ${JSON.stringify(rest)}, people left ${JSON.stringify(wanted)}`];
  });
}
