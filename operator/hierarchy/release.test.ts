import { describe, expect, test } from 'vitest';
import { applied } from './apply-model.ts';
import { HOUR, NOW, customerOf, groupOf, guid, input, msp, relinked, snapshot, synced } from './fixtures.ts';
import { makePlan } from './plan.ts';
import { release } from './release.ts';

describe('release', () => {
  const gone = { status: 'False', reason: 'Removed', since: NOW - HOUR } as const;
  const world = relinked(synced(msp(3), { newCustomers: 'Skip' }), [2], gone);

  test.each([
    ['Unlink', 'False', 'AccountRemoved', 'Unlink'],
    ['Orphan', 'Unknown', 'AccountRemoved', 'Hold'],
    ['AccountMissing', 'Unknown', 'AccountMissing', 'Hold'],
  ] as const)('%s: %s/%s, and nothing the second time', (how, status, reason, change) => {
    const actions = release(world.groups, world.customers, how);
    expect(actions.map((action) => action.change)).toEqual(Array.from({ length: 5 }, () => change));
    const after = applied(world, { actions }, NOW);
    expect(groupOf(after, 1).linked).toEqual({ status, reason, since: NOW });
    expect(customerOf(after, 1)).toEqual({ ...customerOf(world, 1), linked: { status, reason, since: NOW } });
    expect(groupOf(after, 2).linked).toEqual(gone);
    expect(customerOf(after, 2).linked).toEqual(gone);
    expect(release(after.groups, after.customers, how)).toEqual([]);
    // The same account applied again finds its children.
    const again = makePlan(input(snapshot(msp(3)), after));
    expect(new Set(again.actions.map((action) => action.change))).toEqual(new Set(['Link']));
    expect(customerOf(applied(after, again, NOW), 1).setup).toBe('Skipped');
  });

  test('a missing account says less than one that was deleted on purpose', () => {
    const orphans = applied(world, { actions: release(world.groups, world.customers, 'Orphan') }, NOW);
    expect(release(orphans.groups, orphans.customers, 'AccountMissing')).toEqual([]);
    const missing = applied(world, { actions: release(world.groups, world.customers, 'AccountMissing') }, NOW);
    expect(release(missing.groups, missing.customers, 'Orphan')).toHaveLength(5);
  });

  test('a Customer without status gets one under its own name', () => {
    const bare = {
      name: 'mine',
      uid: 'mine',
      companyID: guid(9),
      createdAt: NOW,
      mode: 'Configured',
      linked: { status: 'Unknown', reason: 'AwaitingSync', since: 0 },
      setup: null,
      mirror: null,
    } as const;
    expect(release([], [bare], 'AccountMissing')).toMatchObject([
      {
        name: 'mine',
        state: {
          mirror: { displayName: 'mine', groupName: 'mine' },
          setup: 'Completed',
          linked: { status: 'Unknown' },
        },
      },
    ]);
  });
});
