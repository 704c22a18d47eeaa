import { expect, test } from 'vitest';
import { TREE, snapshot, synced } from '../../hierarchy/fixtures.ts';
import type { Family } from '../children/children.ts';
import type { AccountView } from './account.ts';
import { questions } from './planning.ts';

const { groups, customers } = synced(TREE);
const byName = (objects: readonly { readonly name: string }[]) => new Map(objects.map((each) => [each.name, each]));
const family = { groups: byName(groups), customers: byName(customers) } as unknown as Family;
const account = {
  approveUnlink: null,
  status: {},
  settings: { unlinkLimit: { percent: 10, count: 50 } },
} as AccountView;
const [root] = TREE;
const last = TREE.at(-1);

test('nobody is asked for while nobody is absent', () => {
  expect(questions(account, snapshot(TREE), family, 0)).toEqual([]);
});

test('with the absent ones the own company of the login is asked for', () => {
  const rest = TREE.filter(({ id }) => id !== last?.id);
  expect(new Set(questions(account, snapshot(rest), family, 0))).toEqual(new Set([root?.id, last?.id]));
});
