import { expect, test } from 'vitest';
import type { ReconcileContext } from '../../runtime/controller.ts';
import { Lane } from '../lane.ts';
import type { InstanceDeps } from './deps.ts';
import { viewInstance, type InstanceView } from './instance.ts';
import { mayBeSilent, reconcileInstance } from './reconcile.ts';

interface Shown {
  readonly type: string;
  readonly reason: string;
  readonly deleting?: boolean;
  readonly observedGeneration?: number;
}

function instance({ type, reason, deleting = false, observedGeneration = 2 }: Shown): InstanceView {
  return viewInstance({
    metadata: {
      name: 'pi',
      namespace: 'ns',
      generation: 2,
      ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { accountRef: { name: 'acme' }, service: 'EMA2', lifecycle: { type: 'Portal' } },
    status: {
      observedGeneration,
      conditions: [{ type, reason, status: 'False', message: '', lastTransitionTime: '' }],
    },
  });
}

test.each<[boolean, Shown]>([
  [true, { type: 'Ready', reason: 'UpstreamUnavailable' }],
  [true, { type: 'Removal', reason: 'OwnershipUnverified', deleting: true }],
  [false, { type: 'Ready', reason: 'UpstreamUnavailable', observedGeneration: 1 }],
  [false, { type: 'Ready', reason: 'Active' }],
  [false, { type: 'Removal', reason: 'ConfirmationRequired', deleting: true }],
])('its lifecycle service may be silent: %s for %j', (expected, shown) => {
  expect(mayBeSilent(instance(shown))).toBe(expected);
});

test('one whose lifecycle service may be silent waits while the lane is full', async () => {
  const lane = new Lane(1);
  lane.enter('ns/other');
  const view = instance({ type: 'Ready', reason: 'UpstreamUnavailable' });
  const deps = { lane, random: () => 0.5, instances: { get: () => view } } as unknown as InstanceDeps;
  expect(await reconcileInstance(deps, 'ns/pi', {} as ReconcileContext)).toEqual({ kind: 'requeueAfter', ms: 5000 });
  expect(lane.size).toBe(1);
});
