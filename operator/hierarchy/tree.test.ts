import { describe, expect, test } from 'vitest';
import { company, guid, snapshot } from './fixtures.ts';
import { buildTree, managedBy } from './tree.ts';

describe('buildTree', () => {
  test('places every company below its parent, in any order of records', () => {
    const root = company(0, null, 'MSPManager');
    const tree = buildTree(
      snapshot([root, company(3, 2, 'Customer'), company(2, 0, 'ManagedMSP'), company(1, 0, 'Customer')]),
    );
    expect(tree.problems).toEqual([]);
    expect(tree.order.map(({ id, depth }) => [id, depth])).toEqual([
      [guid(0), 0],
      [guid(2), 1],
      [guid(3), 2],
      [guid(1), 1],
    ]);
    expect(tree.nodes.get(guid(3))?.parent?.id).toBe(guid(2));
    expect(tree.root.children.map((child) => child.id)).toEqual([guid(2), guid(1)]);
  });

  test('reports and leaves out what has no place, but has seen it', () => {
    const tree = buildTree(
      snapshot([
        company(0, null, 'MSP'),
        company(1, 99, 'MSP'),
        company(2, 1, 'Customer'),
        company(3, 4, 'MSP'),
        company(4, 3, 'MSP'),
        company(5, 3, 'Customer'),
        company(6, 6, 'MSP'),
        company(7, null, 'MSP'),
        company(8, 0, 'Customer'),
        company(8, 1, 'Customer'),
      ]),
    );
    expect(tree.order.map((node) => node.id)).toEqual([guid(0), guid(8)]);
    expect(Object.fromEntries(tree.problems.map((problem) => [problem.companyID, problem.cause]))).toEqual({
      [guid(1)]: 'MissingParent',
      [guid(2)]: 'UnreachableParent',
      [guid(3)]: 'Cycle',
      [guid(4)]: 'Cycle',
      [guid(5)]: 'UnreachableParent',
      [guid(6)]: 'Cycle',
      [guid(7)]: 'MissingParent',
      [guid(8)]: 'DuplicateID',
    });
    expect(tree.seen.size).toBe(9);
  });

  test('compares GUIDs in any case and tolerates a root that is not listed, or listed below itself', () => {
    const root = company(0, null, 'MSP');
    const child = company(1, 0, 'Customer', { id: guid(1).toUpperCase(), parentID: guid(0).toUpperCase() });
    const unlisted = buildTree({ ...snapshot([root]), companies: [child] });
    expect(unlisted.order.map((node) => node.id)).toEqual([guid(0), guid(1)]);
    const below = buildTree({ ...snapshot([root]), companies: [{ ...root, parentID: guid(1) }, child] });
    expect(below.problems).toEqual([]);
    expect(below.order).toHaveLength(2);
  });

  test('a chain of 100,000 takes no stack and no quadratic time', () => {
    const chain = Array.from({ length: 100_000 }, (_, n) => company(n, n === 0 ? null : n - 1, 'Division'));
    expect(buildTree(snapshot(chain)).order.at(-1)?.depth).toBe(99_999);
    const loose = chain.map((link) => (link.id === guid(1) ? { ...link, parentID: guid(99_999) } : link));
    expect(buildTree(snapshot(loose)).problems).toHaveLength(99_999);
  });
});

describe('managedBy', () => {
  test('is the nearest MSP, managed MSP or MSP manager above', () => {
    const { nodes } = buildTree(
      snapshot([
        company(0, null, 'Distributor'),
        company(1, 0, 'Division'),
        company(2, 1, 'MSPManager'),
        company(3, 2, 'ManagedMSP'),
        company(4, 3, 'Customer'),
        company(5, 2, 'Customer'),
        company(6, 1, 'Customer'),
        company(7, 1, 'MSP'),
        company(8, 7, 'Customer'),
      ]),
    );
    const above = (n: number): string | undefined => {
      const node = nodes.get(guid(n));
      return node && managedBy(node)?.id;
    };
    expect([4, 5, 6, 8, 3, 2].map(above)).toEqual([guid(3), guid(2), undefined, guid(7), guid(2), undefined]);
  });
});
