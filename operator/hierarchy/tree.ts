// The snapshot as a tree: who stands below whom, and which records do not fit.
// Promise kept here: a company that was seen but cannot be placed gets no action and is never taken for absent.

import type { Company, CompanyType, Snapshot } from './snapshot.ts';

/** A company at its place in the tree. */
export interface TreeNode {
  /** Lower-case GUID. */
  readonly id: string;
  readonly company: Company;
  /** `null` on the root only. */
  readonly parent: TreeNode | null;
  /** In the order of the snapshot. */
  readonly children: readonly TreeNode[];
  /** 0 on the root. */
  readonly depth: number;
  /** See `managedBy`. */
  readonly manager: TreeNode | null;
}

/** A record of the snapshot that has no place in the tree. */
export interface TreeProblem {
  readonly companyID: string;
  /**
   * `MissingParent`: listed under a company that the snapshot does not hold. `Cycle`: its own ancestor.
   * `UnreachableParent`: below one of these. `DuplicateID`: listed twice, the first record counts.
   */
  readonly cause: 'MissingParent' | 'Cycle' | 'UnreachableParent' | 'DuplicateID';
}

export interface Tree {
  readonly root: TreeNode;
  /** Every placed company, parents before children. */
  readonly order: readonly TreeNode[];
  /** Every placed company by lower-case GUID. */
  readonly nodes: ReadonlyMap<string, TreeNode>;
  /** Lower-case GUIDs of all companies in the snapshot, placed or not. */
  readonly seen: ReadonlySet<string>;
  readonly problems: readonly TreeProblem[];
}

const MANAGERS: ReadonlySet<CompanyType> = new Set<CompanyType>(['MSPManager', 'MSP', 'ManagedMSP']);

/**
 * The tree below the login's own company. Tolerates orphans, cycles and repeated ids in any order of records: they are
 * reported and left out. What the root says of its own parent is ignored: the account does not see above itself.
 */
export function buildTree(snapshot: Snapshot): Tree {
  const rootID = snapshot.root.id.toLowerCase();
  const companies = new Map<string, Company>([[rootID, snapshot.root]]);
  const below = new Map<string, string[]>();
  const problems: TreeProblem[] = [];
  let rootListed = false;
  for (const company of snapshot.companies) {
    const id = company.id.toLowerCase();
    if (id === rootID && !rootListed) {
      rootListed = true;
      continue;
    }
    if (companies.has(id)) {
      problems.push({ companyID: id, cause: 'DuplicateID' });
      continue;
    }
    companies.set(id, company);
    const parentID = company.parentID?.toLowerCase();
    if (parentID === undefined) continue;
    const siblings = below.get(parentID);
    if (siblings) siblings.push(id);
    else below.set(parentID, [id]);
  }

  const nodes = new Map<string, TreeNode>();
  const order: TreeNode[] = [];
  const place = (id: string, company: Company, parent: PlacedNode | null): PlacedNode => {
    const node: PlacedNode = {
      id,
      company,
      parent,
      children: [],
      depth: parent ? parent.depth + 1 : 0,
      manager: parent && (MANAGERS.has(parent.company.type) ? parent : parent.manager),
    };
    parent?.children.push(node);
    nodes.set(id, node);
    return node;
  };
  const root = place(rootID, snapshot.root, null);
  const pending: PlacedNode[] = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    order.push(node);
    for (const id of below.get(node.id) ?? []) {
      const company = companies.get(id);
      if (company) place(id, company, node);
    }
    for (const child of node.children.toReversed()) pending.push(child);
  }
  const seen = new Set(companies.keys());
  return { root, order, nodes, seen, problems: problems.concat(unplaced(companies, nodes)) };
}

/** The MSP above a company: its nearest ancestor of type MSP, ManagedMSP or MSPManager; `null` if there is none. */
export function managedBy(node: TreeNode): TreeNode | null {
  return node.manager;
}

interface PlacedNode extends TreeNode {
  readonly children: PlacedNode[];
  readonly parent: PlacedNode | null;
}

/** Why each company that the walk from the root did not reach has no place. Walks each parent link once. */
function unplaced(companies: ReadonlyMap<string, Company>, placed: ReadonlyMap<string, TreeNode>): TreeProblem[] {
  const causes = new Map<string, TreeProblem['cause']>();
  for (const start of companies.keys()) {
    const path: string[] = [];
    const onPath = new Map<string, number>();
    let id: string | undefined = start;
    while (id !== undefined && companies.has(id) && !placed.has(id) && !causes.has(id) && !onPath.has(id)) {
      onPath.set(id, path.length);
      path.push(id);
      id = companies.get(id)?.parentID?.toLowerCase();
    }
    const cycleFrom = id === undefined ? undefined : onPath.get(id);
    const orphan = id === undefined || !companies.has(id);
    path.forEach((member, index) => {
      if (cycleFrom !== undefined && index >= cycleFrom) causes.set(member, 'Cycle');
      else if (orphan && index === path.length - 1) causes.set(member, 'MissingParent');
      else causes.set(member, 'UnreachableParent');
    });
  }
  return [...causes].map(([companyID, cause]) => ({ companyID, cause }));
}
