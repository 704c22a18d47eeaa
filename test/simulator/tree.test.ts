// The tree: what may change and what is refused; and the generated shapes.
import { describe, expect, test } from 'vitest';
import { hostileNames } from './hostile-names.ts';
import { generateTree, Tree } from './simulator.ts';
import type { Shape } from './simulator.ts';

const small = (): { tree: Tree; msp: string; a: string; b: string } => {
  const tree = new Tree({ name: 'Root', type: 'MSPManager' }, { seed: 1 });
  const msp = tree.add({ name: 'Managed', type: 'ManagedMSP' }).id;
  const a = tree.add({ name: 'A', parentId: msp }).id;
  const b = tree.add({ name: 'B' }).id;
  return { tree, msp, a, b };
};

describe('changes', () => {
  test('add, rename, move, suspend, unsuspend', () => {
    const { tree, msp, a, b } = small();
    tree.rename(a, 'A2');
    tree.move(b.toUpperCase(), msp);
    expect(tree.require(msp).children?.map((each) => each.name)).toEqual(['A2', 'B']);
    expect(tree.root.children?.map((each) => each.name)).toEqual(['Managed']);
    expect(tree.suspend(a).status).toBe('suspended');
    expect(tree.unsuspend(a).status).toBe('active');
    expect(tree.require(b).parentId).toBe(msp);
  });

  test('remove takes the subtree, restore brings it back under the same ids', () => {
    const { tree, msp, a } = small();
    expect(tree.remove(msp)).toBe(2);
    expect([tree.size, tree.get(a), tree.wasRemoved(a)]).toEqual([2, undefined, true]);
    expect(() => tree.restore(a)).toThrow(/removed with/);
    expect(() => tree.add({ id: a, name: 'again' })).toThrow(/restore/);
    tree.restore(msp);
    expect([tree.size, tree.require(a).parentId, tree.wasRemoved(a)]).toEqual([4, msp, false]);
    tree.remove(a);
    tree.remove(msp);
    expect(() => tree.restore(a)).toThrow(/parent/);
    tree.restore(msp);
    tree.restore(a);
    expect(tree.size).toBe(4);
  });

  test('what EMA 2 would refuse is refused, unless forced', () => {
    const { tree, msp, a, b } = small();
    expect(() => tree.rename(b, 'Managed')).toThrow(/already has/);
    expect(() => tree.add({ name: 'B' })).toThrow(/already has/);
    expect(() => tree.add({ name: 'C', parentId: b })).toThrow(/cannot stand under/);
    expect(() => tree.add({ name: 'M', type: 'MSPManager' })).toThrow(/cannot stand under/);
    expect(() => tree.add({ name: '' })).toThrow(/name/);
    expect(() => tree.add({ id: 'x', name: 'x' })).toThrow(/GUID/);
    expect(() => tree.move(msp, a, { force: true })).toThrow(/below itself/);
    expect(() => tree.remove(tree.root.id)).toThrow(/root/);
    expect(() => tree.suspend('00000000-0000-0000-0000-000000000000')).toThrow(/no company/);
    expect(tree.add({ name: 'B' }, { force: true }).name).toBe('B');
    expect(tree.size).toBe(5);
  });

  test('a tree of a list', () => {
    const root = '11111111-1111-4111-8111-1111111111AA';
    const tree = Tree.from([
      { id: root, name: 'R', type: 'MSP' },
      { name: 'C', parentId: root },
    ]);
    expect([tree.size, tree.root.id]).toEqual([2, root.toLowerCase()]);
    expect(() => Tree.from([])).toThrow(/at least one/);
  });
});

describe('shapes', () => {
  const rootTypes: readonly [Shape, number][] = [
    ['msp-manager', 1004],
    ['msp', 1005],
    ['managed-msp', 1006],
    ['distributor', 1002],
    ['flat', 1004],
  ];

  test.each(rootTypes)('%s: the exact size, legal places, unique siblings, the same for a seed', (shape, type) => {
    for (const companies of [1, 2, 7, 400]) {
      const tree = generateTree({ shape, companies, seed: 5 });
      expect(tree.size).toBe(companies);
      expect(tree.root.type).toBe(type);
      const list = [...tree.companies()];
      expect(Tree.from(list.map((each) => ({ ...input(each.toJSON()) }))).size).toBe(tree.size);
      const again = generateTree({ shape, companies, seed: 5 });
      expect([...again.companies()].map((each) => [each.id, each.name])).toEqual(
        list.map((each) => [each.id, each.name]),
      );
    }
    const ids = (seed: number): string[] =>
      [...generateTree({ shape, companies: 50, seed }).companies()].map((c) => c.id);
    expect(ids(1).filter((id) => ids(2).includes(id))).toEqual([]);
  });

  test('a distributor has every type; names are repeated under different parents', () => {
    const list = [...generateTree({ shape: 'distributor', companies: 2000 }).companies()];
    expect(new Set(list.map((each) => each.type))).toEqual(new Set([1002, 1003, 1004, 1005, 1006, 1007]));
    expect(new Set(list.map((each) => each.name)).size).toBeLessThan(list.length);
  });

  test('20,000 siblings have 20,000 names', () => {
    const { root } = generateTree({ shape: 'flat', companies: 20_001, hostileNames: true });
    expect(new Set(root.children?.map((each) => each.name)).size).toBe(20_000);
  });

  test('demo: five Managed MSPs, 55 customers, no name with digits', () => {
    const list = [...generateTree({ shape: 'demo' }).companies()];
    expect(list.filter((each) => each.type === 1006)).toHaveLength(5);
    expect(list.filter((each) => each.type === 1007)).toHaveLength(55);
    expect(list.filter((each) => /\d/.test(each.name))).toEqual([]);
  });

  test('hostile names come only when asked for', () => {
    const count = (hostile: boolean): number => {
      const names = new Set(
        [...generateTree({ companies: 1500, hostileNames: hostile }).companies()].map((c) => c.name),
      );
      return hostileNames.filter((name) => names.has(name)).length;
    };
    expect([count(false), count(true)]).toEqual([0, hostileNames.length]);
  });
});

function input({ id, parentId, type, name }: ReturnType<Tree['root']['toJSON']>): Parameters<Tree['add']>[0] {
  return { id, name, type, ...(parentId !== null && { parentId }) };
}
