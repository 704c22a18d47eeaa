// kubectl-msp tree: the hierarchy of an account with the statuses of its customers, as text. Paths live here and in no object,
// since a rename of one node must be one write.

import type { Family } from '../controllers/children/children.ts';
import type { CustomerView } from '../controllers/children/customer.ts';
import type { GroupView } from '../controllers/children/group.ts';
import { iconOf, phaseOf } from '../hierarchy/setup.ts';

/** The lines of the tree, each node after its parent, siblings by name. Groups without a parent that is there come as roots. */
export function treeLines({ groups, customers }: Family): string[] {
  const below = new Map<string | null, GroupView[]>();
  for (const group of groups.values()) {
    const parent = group.parentName !== null && groups.has(group.parentName) ? group.parentName : null;
    below.set(parent, [...(below.get(parent) ?? []), group]);
  }
  for (const siblings of below.values()) siblings.sort((a, b) => a.displayName.localeCompare(b.displayName));
  const byCompany = new Map([...customers.values()].map((customer) => [customer.companyID, customer]));
  const rows: { readonly text: string; readonly facts: string }[] = [];
  const shown = new Set<string>();
  const walk = (group: GroupView, lead: string, branch: string): void => {
    if (shown.has(group.name)) return; // a cycle, which only a hand-made object can bring
    shown.add(group.name);
    rows.push({ text: `${lead}${branch}${group.displayName}`, facts: factsOf(group, byCompany.get(group.companyID)) });
    const children = below.get(group.name) ?? [];
    const next = branch === '' ? '' : `${lead}${branch === '└─ ' ? '   ' : '│  '}`;
    children.forEach((child, at) => walk(child, next, at === children.length - 1 ? '└─ ' : '├─ '));
  };
  for (const root of below.get(null) ?? []) walk(root, '', '');
  const width = rows.reduce((most, { text }) => Math.max(most, lengthOf(text)), 0);
  return rows.map(({ text, facts }) => `${text}${' '.repeat(width - lengthOf(text) + 2)}${facts}`.trimEnd());
}

function factsOf(group: GroupView, customer: CustomerView | undefined): string {
  const facts: string[] = [group.type];
  if (customer !== undefined) {
    const phase = phaseOf(customer.linked.status, customer.setup ?? 'Pending');
    facts.push(phase, ...(phase === 'Normal' && customer.setup !== null ? [customer.setup.toLowerCase()] : []));
    if (customer.mirror?.suspended === 'True') facts.push('suspended');
    if (phase === 'Unlinked') facts.push(`(${iconOf(phase)})`);
  }
  if (group.linked.status !== 'True') facts.push(group.linked.reason);
  return facts.join('  ');
}

const segmenter = new Intl.Segmenter();

/** In characters as people see them. */
function lengthOf(text: string): number {
  return Array.from(segmenter.segment(text)).length;
}
