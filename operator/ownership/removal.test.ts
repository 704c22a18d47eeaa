// Exhaustive over everything the decision reads: 2 lifecycles × services × policies × records × upstream answers × annotations.
// The laws are written as a reader of the design would, not as the code is.

import { describe, expect, test } from 'vitest';
import type { Instance, InstanceState, Service, Sibling, Subject, Upstream } from './facts.ts';
import { CREATE_SETTLES_MS, decideRemoval, type Removal } from './removal.ts';

const NOW = 1_000_000_000;
const ID = 'i-1';
const UID = 'uid-1';
const SERVICES: readonly Service[] = ['EMA2', 'EBA'];
const STATES: readonly InstanceState[] = ['Activating', 'Active', 'GracePeriod', 'Suspended', 'Deleting', 'Deleted'];

const instance = (over: Partial<Instance>): Instance => ({
  id: ID,
  state: 'Active',
  creatingService: 'EMA2',
  accessibleFrom: ['EMA2'],
  requestKey: null,
  ...over,
});
const UNKNOWN: Upstream = { kind: 'unknown', why: 'no answer' };

function* subjects(): Generator<Subject> {
  for (const service of SERVICES)
    for (const deletionPolicy of ['Delete', 'Orphan'] as const)
      for (const suspend of [false, true])
        for (const specInstanceID of [null, ID, 'i-other'])
          for (const instanceID of [null, ID])
            for (const recordedCreator of [null, ...SERVICES])
              for (const createStartedAt of [null, NOW - 1000, NOW - CREATE_SETTLES_MS])
                for (const confirmRemoval of [null, ID, 'i-other'])
                  yield {
                    uid: UID,
                    lifecycle: 'API',
                    service,
                    deletionPolicy,
                    suspend,
                    specInstanceID,
                    declaredCreator: null,
                    instanceID,
                    recordedCreator,
                    recordedGone: false,
                    createStartedAt,
                    confirmRemoval,
                    removedInPortal: null,
                  };
}

function* answers(): Generator<Upstream> {
  yield UNKNOWN;
  yield { kind: 'listed', instances: [] };
  for (const state of STATES)
    for (const creatingService of [null, ...SERVICES])
      for (const requestKey of [null, UID, 'uid-2'])
        for (const id of [ID, 'i-2'])
          yield { kind: 'listed', instances: [instance({ id, state, creatingService, requestKey })] };
}

/** All cases with their decision. */
const CASES: readonly { subject: Subject; upstream: Upstream; removal: Removal }[] = [...subjects()].flatMap(
  (subject) =>
    [...answers()].map((upstream) => ({ subject, upstream, removal: decideRemoval(subject, upstream, [], NOW) })),
);
/** The live instance in the answer that is this object's: by its recorded id, else by the key of its create. */
const own = ({ subject, upstream }: { subject: Subject; upstream: Upstream }): Instance | undefined =>
  upstream.kind === 'unknown'
    ? undefined
    : upstream.instances.find(
        ({ id, requestKey, state }) =>
          state !== 'Deleted' && (subject.instanceID === null ? requestKey === subject.uid : id === subject.instanceID),
      );

describe(`every one of ${CASES.length} cases of the API lifecycle`, () => {
  test('removes only what a fresh answer shows alive, created by the own service, recorded so, and confirmed by its id', () => {
    const removing = CASES.filter(({ removal }) => removal.kind === 'remove');
    expect(removing.length).toBeGreaterThan(50);
    for (const each of removing) {
      const { subject, removal } = each;
      const alive = own(each);
      expect(removal).toEqual({ kind: 'remove', instanceID: alive?.id, as: subject.service });
      expect(alive?.creatingService).toBe(subject.service);
      expect([null, subject.service]).toContain(subject.recordedCreator);
      expect(subject.confirmRemoval).toBe(alive?.id);
      expect(subject.deletionPolicy).toBe('Delete');
    }
  });

  test('removes all of those', () => {
    for (const each of CASES) {
      const { subject, removal } = each;
      const alive = own(each);
      if (alive === undefined || alive.state === 'Deleting' || subject.deletionPolicy === 'Orphan') continue;
      if (alive.creatingService !== subject.service || subject.confirmRemoval !== alive.id) continue;
      if (subject.recordedCreator !== null && subject.recordedCreator !== subject.service) continue;
      expect(removal.kind).toBe('remove');
    }
  });

  test('never lets go of an object while its instance lives, but under Orphan', () => {
    for (const each of CASES) {
      if (each.removal.kind !== 'release' || each.subject.deletionPolicy === 'Orphan') continue;
      expect(own(each)).toBeUndefined();
    }
  });

  test('never lets go by an answer that is none, but under Orphan or where nothing was ever asked for', () => {
    for (const { subject, upstream, removal } of CASES) {
      if (upstream.kind !== 'unknown' || removal.kind !== 'release' || removal.reason === 'Orphaned') continue;
      expect(subject.instanceID).toBeNull();
      expect(subject.createStartedAt).toBeNull();
    }
  });

  test('Orphan always lets go', () => {
    for (const { subject, removal } of CASES)
      if (subject.deletionPolicy === 'Orphan') expect(removal.kind).toBe('release');
  });

  test('suspend changes nothing', () => {
    for (const { subject, upstream, removal } of CASES) {
      expect(decideRemoval({ ...subject, suspend: !subject.suspend }, upstream, [], NOW)).toEqual(removal);
    }
  });

  test('a create whose outcome is open holds the object until it has settled', () => {
    const subject: Subject = { ...[...subjects()][0]!, createStartedAt: NOW - 1000 };
    const empty: Upstream = { kind: 'listed', instances: [] };
    expect(decideRemoval(subject, empty, [], NOW)).toMatchObject({ kind: 'hold', reason: 'OwnershipUnverified' });
    expect(decideRemoval(subject, empty, [], NOW + CREATE_SETTLES_MS)).toEqual({
      kind: 'release',
      reason: 'NothingCreated',
    });
  });
});

describe('the reasons, gate by gate', () => {
  const base: Subject = { ...[...subjects()][0]!, instanceID: ID, recordedCreator: 'EMA2' };
  const listed = (over: Partial<Instance> = {}): Upstream => ({ kind: 'listed', instances: [instance(over)] });
  const reason = (subject: Subject, upstream: Upstream, siblings: Sibling[] = []): string => {
    const removal = decideRemoval(subject, upstream, siblings, NOW);
    return removal.kind === 'release' || removal.kind === 'hold' ? `${removal.kind} ${removal.reason}` : removal.kind;
  };

  test.each<[string, Subject, Upstream]>([
    ['release NothingCreated', { ...base, instanceID: null, recordedCreator: null }, UNKNOWN],
    ['release InstanceGone', base, { kind: 'listed', instances: [] }],
    ['release InstanceGone', base, listed({ state: 'Deleted' })],
    ['release Orphaned', { ...base, deletionPolicy: 'Orphan' }, UNKNOWN],
    ['hold NotCreatingService', { ...base, service: 'EBA' }, listed()],
    ['hold NotCreatingService', { ...base, service: 'EBA' }, UNKNOWN],
    ['hold OwnershipUnverified', base, UNKNOWN],
    ['hold OwnershipUnverified', base, listed({ creatingService: null })],
    [
      'hold OwnershipUnverified',
      { ...base, service: 'EBA', recordedCreator: 'EMA2' },
      listed({ creatingService: 'EBA' }),
    ],
    ['hold ConfirmationRequired', base, listed()],
    ['hold ConfirmationRequired', { ...base, confirmRemoval: 'i-2' }, listed()],
    ['remove', { ...base, confirmRemoval: ID }, listed()],
    ['wait', { ...base, confirmRemoval: ID }, listed({ state: 'Deleting' })],
  ])('%s', (expected, subject, upstream) => {
    expect(reason(subject, upstream)).toBe(expected);
  });

  const portal: Subject = {
    ...base,
    lifecycle: 'Portal',
    instanceID: ID,
    specInstanceID: ID,
    recordedCreator: null,
    declaredCreator: 'EMA2',
  };
  const sibling: Sibling = {
    name: 'other',
    service: 'EBA',
    older: true,
    lifecycle: 'Portal',
    instanceID: ID,
    creator: 'EBA',
    createStartedAt: null,
  };
  test.each<[string, Subject, Sibling[]]>([
    ['release InstanceGone', { ...portal, recordedGone: true }, []],
    ['release Orphaned', { ...portal, deletionPolicy: 'Orphan' }, []],
    ['hold NotCreatingService', { ...portal, service: 'EBA', removedInPortal: ID }, []],
    ['hold OwnershipUnverified', { ...portal, declaredCreator: null, removedInPortal: ID }, []],
    ['hold OwnershipUnverified', { ...portal, removedInPortal: ID }, [sibling]],
    ['hold AwaitingPortal', portal, []],
    ['hold AwaitingPortal', { ...portal, removedInPortal: 'i-2' }, [{ ...sibling, creator: 'EMA2' }]],
    ['hold AwaitingPortal', { ...portal, confirmRemoval: ID }, []],
    ['release RemovedInPortal', { ...portal, removedInPortal: ID }, [{ ...sibling, creator: 'EMA2' }]],
    ['release RemovedInPortal', { ...portal, removedInPortal: ID }, [{ ...sibling, instanceID: 'i-2' }]],
  ])('Portal: %s', (expected, subject, siblings) => {
    expect(reason(subject, UNKNOWN, siblings)).toBe(expected);
  });
});
