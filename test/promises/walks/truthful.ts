// What a sync that claims to be complete, or that nothing disturbed, must have done: every company that upstream lists has its
// objects, right in every field, and what is gone says so (promises 1 and 8). Judged by the truth alone.

import { conditionOf, type Thing } from '../../harness/world.ts';
import type { Memory } from './memory.ts';
import { isUnlinked, linkedOf, type Observed } from './observe.ts';
import type { Listed, Truth } from './truth.ts';

/** `mirrors`: every company listed has its objects, and they are right. @returns what is wrong, in words */
export function unmirrored(now: Observed, truth: Truth): string[] {
  return [...truth.listed.values()].flatMap((company) => [
    ...groupProblems(company, now),
    ...customerProblems(company, now),
  ]);
}

/** What is gone upstream, and upstream said so. */
export function unsaid({ groups, customers }: Observed, truth: Truth): string[] {
  return [...groups, ...customers]
    .filter(([id]) => !truth.listed.has(id))
    .flatMap(([id, object]) => {
      const answer = truth.answer(id);
      const linked = linkedOf(object);
      const name = `${object.kind} ${object.metadata.name}`;
      if (answer === 404 && !isUnlinked(object)) return [`${name} is ${linked}; upstream says that it is gone`];
      const marked = isUnlinked(object) || linked === 'Unknown/AbsentOnce';
      if ((answer === 403 || answer === 500) && !marked) return [`${name} is ${linked}; the login does not see it`];
      return [];
    });
}

/** What is held, maybe approved, while upstream does not say now that it is gone: an approval does not stand in for that. */
export function unconfirmed({ groups, customers }: Observed, truth: Truth): string[] {
  const held = [...groups, ...customers].filter(([, object]) => linkedOf(object) === 'Unknown/UnlinkHeld');
  return held.map(([id]) => id).filter((id) => !truth.listed.has(id) && truth.answer(id) !== 404);
}

/** Setup and counts follow without a sync, so they may need a moment. */
export function unsettled(now: Observed, memory: Memory): string[] {
  const { customers, groups, account } = now;
  const problems: string[] = [];
  const counts = { total: customers.size, notSetUp: 0, normal: 0, unlinked: 0, suspended: 0 };
  for (const [id, customer] of customers) {
    const { status } = customer;
    const { states } = memory.setupOf(id);
    if (linkedOf(customer) === 'Unknown/AwaitingSync') {
      problems.push(`customers ${id} waits for its first sync`);
      continue;
    }
    if (!states.has(status.setup))
      problems.push(`customers ${id}: setup ${status.setup}, not ${[...states].join('|')}`);
    const phase = isUnlinked(customer) ? 'Unlinked' : status.setup === 'Pending' ? 'NotSetUp' : 'Normal';
    if (status.phase !== phase) problems.push(`customers ${id}: phase ${status.phase} with setup ${status.setup}`);
    if (phase === 'Unlinked') counts.unlinked++;
    else {
      counts[phase === 'Normal' ? 'normal' : 'notSetUp']++;
      if (conditionOf(customer, 'Suspended')?.status === 'True') counts.suspended++;
    }
  }
  if (account.status.groups !== groups.size)
    problems.push(`groups: ${account.status.groups}, there are ${groups.size}`);
  for (const [name, count] of Object.entries(counts)) {
    const is = account.status.customers?.[name] as unknown;
    if (is !== count) problems.push(`customers.${name}: ${String(is)}, there are ${count}`);
  }
  return problems;
}

function groupProblems(company: Listed, { groups }: Observed): string[] {
  const group = groups.get(company.id);
  if (group === undefined) return [`there is no group of ${company.id} (${company.name})`];
  const parent = company.parentID === null ? undefined : groups.get(company.parentID)?.metadata.name;
  return differing(group, {
    Linked: [linkedOf(group), 'True/Present'],
    displayName: [group.spec.displayName, company.name],
    type: [group.spec.type, company.type],
    parentRef: [group.spec.parentRef?.name, parent],
  });
}

function customerProblems(company: Listed, { groups, customers }: Observed): string[] {
  const customer = customers.get(company.id);
  if (customer === undefined) {
    return company.type === 'Customer' ? [`there is no customer of ${company.id} (${company.name})`] : [];
  }
  const { manager } = company;
  const { status } = customer;
  return differing(customer, {
    Linked: [linkedOf(customer), 'True/Present'],
    displayName: [status.displayName, company.name],
    groupRef: [status.groupRef?.name, groups.get(company.id)?.metadata.name],
    managedBy: [status.managedBy?.name, manager === null ? undefined : groups.get(manager.id)?.metadata.name],
    'managedBy.displayName': [status.managedBy?.displayName, manager?.name],
    Suspended: [conditionOf(customer, 'Suspended')?.status, company.suspended],
  });
}

function differing(object: Thing, fields: Readonly<Record<string, readonly [is: unknown, wanted: unknown]>>): string[] {
  return Object.entries(fields)
    .filter(([, [is, wanted]]) => is !== wanted)
    .map(([field, [is, wanted]]) => {
      const name = `${object.kind} ${object.metadata.name}`;
      return `${name}: ${field} is ${JSON.stringify(is)}, upstream has ${JSON.stringify(wanted)}`;
    });
}
