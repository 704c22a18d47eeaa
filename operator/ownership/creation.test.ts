// Exhaustive over everything the decision reads. The laws are written as a reader of the design would, not as the code is.

import { describe, expect, test } from 'vitest';
import { decideCreate, type Creation } from './creation.ts';
import type { Instance, InstanceState, Service, Sibling, Subject, Upstream } from './facts.ts';
import { CREATE_SETTLES_MS } from './removal.ts';

const NOW = 1_000_000_000;
const ID = 'i-1';
const UID = 'uid-1';
const SERVICES: readonly Service[] = ['EMA2', 'EBA'];
const STATES: readonly InstanceState[] = ['Activating', 'Active', 'GracePeriod', 'Suspended', 'Deleting', 'Deleted'];

function* subjects(): Generator<Subject> {
  for (const service of SERVICES)
    for (const suspend of [false, true])
      for (const specInstanceID of [null, ID, 'i-other'])
        for (const instanceID of [null, ID])
          for (const createStartedAt of [null, NOW - 1000, NOW - CREATE_SETTLES_MS])
            yield {
              uid: UID,
              lifecycle: 'API',
              service,
              deletionPolicy: 'Delete',
              suspend,
              specInstanceID,
              declaredCreator: null,
              instanceID,
              recordedCreator: instanceID === null ? null : 'EMA2',
              recordedGone: false,
              createStartedAt,
              confirmRemoval: null,
              removedInPortal: null,
            };
}

function* answers(): Generator<Upstream> {
  yield { kind: 'unknown', why: 'no answer' };
  yield { kind: 'listed', instances: [] };
  for (const state of STATES)
    for (const requestKey of [null, UID])
      for (const id of [ID, 'i-2'])
        for (const accessibleFrom of [['EMA2'], ['EMA2', 'EBA']] as const) {
          const first: Instance = { id, state, creatingService: 'EMA2', accessibleFrom, requestKey };
          yield { kind: 'listed', instances: [first] };
          yield { kind: 'listed', instances: [{ ...first, id: 'i-0', state: 'Deleted', requestKey: null }, first] };
        }
}

function* relatives(): Generator<Sibling[]> {
  yield [];
  for (const service of SERVICES)
    yield [
      {
        name: 'other',
        service,
        older: false,
        lifecycle: 'API',
        instanceID: ID,
        creator: 'EMA2',
        createStartedAt: null,
      },
    ];
  for (const service of SERVICES)
    for (const older of [true, false])
      for (const createStartedAt of [null, NOW - 1000, NOW - CREATE_SETTLES_MS])
        yield [{ name: 'other', service, older, lifecycle: 'API', instanceID: null, creator: null, createStartedAt }];
}

interface Case {
  readonly subject: Subject;
  readonly upstream: Upstream;
  readonly siblings: Sibling[];
  readonly creation: Creation;
}
const CASES: readonly Case[] = [...subjects()].flatMap((subject) =>
  [...answers()].flatMap((upstream) =>
    [...relatives()].map((siblings) => ({
      subject,
      upstream,
      siblings,
      creation: decideCreate(subject, upstream, siblings, NOW),
    })),
  ),
);
const instancesOf = ({ upstream }: Case): readonly Instance[] => (upstream.kind === 'listed' ? upstream.instances : []);

describe(`every one of ${CASES.length} cases`, () => {
  test('creates only where a fresh list shows none alive, none was ever had, none may still come, and no older twin is there', () => {
    const creating = CASES.filter(({ creation }) => creation.kind === 'create');
    expect(creating.length).toBeGreaterThan(10);
    for (const each of creating) {
      const { subject, upstream, siblings } = each;
      expect(upstream.kind).toBe('listed');
      expect(instancesOf(each).every(({ state }) => state === 'Deleted')).toBe(true);
      expect(instancesOf(each).some(({ requestKey }) => requestKey === UID && subject.createStartedAt !== null)).toBe(
        false,
      );
      expect(subject.instanceID).toBeNull();
      expect(subject.specInstanceID).toBeNull();
      expect(subject.suspend).toBe(false);
      expect(NOW - (subject.createStartedAt ?? -Infinity)).toBeGreaterThanOrEqual(CREATE_SETTLES_MS);
      expect(siblings.some(({ older, service }) => older && service === subject.service)).toBe(false);
    }
  });

  test('does not create while an older sibling may still get one, and does as soon as that is settled', () => {
    const base: Subject = {
      ...[...subjects()][0]!,
      specInstanceID: null,
      instanceID: null,
      createStartedAt: null,
      suspend: false,
    };
    const other = {
      name: 'other',
      service: 'EBA',
      older: true,
      lifecycle: 'API',
      instanceID: null,
      creator: null,
    } as const;
    const decide = (sibling: Partial<Sibling>): string =>
      decideCreate(
        base,
        { kind: 'listed', instances: [] },
        [{ ...other, createStartedAt: NOW - 1000, ...sibling }],
        NOW,
      ).kind;
    expect(decide({})).toBe('wait');
    expect(decide({ older: false })).toBe('create');
    expect(decide({ createStartedAt: NOW - CREATE_SETTLES_MS })).toBe('create');
    expect(decide({ createStartedAt: null })).toBe('create');
  });

  test('an object that has had an instance never creates, and says so when that is gone', () => {
    for (const each of CASES) {
      const { subject, upstream, creation } = each;
      if (subject.instanceID === null) continue;
      const alive = instancesOf(each).some(({ id, state }) => id === subject.instanceID && state !== 'Deleted');
      expect(creation.kind).toBe(upstream.kind === 'unknown' ? 'wait' : alive ? 'mirror' : 'gone');
    }
  });

  test('what is adopted lives and is not on its way out', () => {
    for (const { creation } of CASES) {
      if (creation.kind === 'adopt') expect(creation.instance.state).not.toBe('Deleted');
    }
    const leaving = CASES.filter(
      (each) => each.creation.kind === 'adopt' && each.creation.instance.state === 'Deleting',
    );
    // Only one that is its own, by the id that a person gave or by the key of its create.
    for (const { subject, creation } of leaving) {
      if (creation.kind !== 'adopt') continue;
      expect(creation.instance.id === subject.specInstanceID || creation.instance.requestKey === UID).toBe(true);
    }
  });

  test('an id that a person gave is adopted or missed, and never replaced by a new instance', () => {
    for (const { subject, creation } of CASES) {
      if (subject.specInstanceID === null || subject.instanceID !== null) continue;
      expect(['adopt', 'notFound', 'duplicate', 'wait']).toContain(creation.kind);
      if (creation.kind === 'adopt') expect(creation.instance.id).toBe(subject.specInstanceID);
    }
  });

  test('asks for access exactly where the own service has none', () => {
    for (const { subject, creation } of CASES) {
      if (creation.kind !== 'mirror' || creation.instance.state === 'Deleting') continue;
      expect(creation.grant).toBe(creation.instance.accessibleFrom.includes(subject.service) ? null : subject.service);
    }
  });

  test('of two objects for one service the older works, or the one that has the instance', () => {
    for (const { subject, siblings, creation } of CASES) {
      const twin = siblings.some(
        ({ older, service, creator }) => (older || creator !== null) && service === subject.service,
      );
      expect(creation.kind === 'duplicate').toBe(twin && subject.instanceID === null);
    }
  });
});
