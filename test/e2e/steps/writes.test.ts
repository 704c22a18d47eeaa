// What the audit log of two replicas is read for.

import { expect, test } from 'vitest';
import type { AuditEvent } from '../../controlplane/audit.ts';
import { createdTwice, leaders, leaseWrites, longestGapMs, objectWrites, returned } from './writes.ts';

const USER = 'system:serviceaccount:a:a';
const START = Date.parse('2026-01-01T00:00:00Z');

interface Short {
  readonly pod: string;
  readonly at: number;
  readonly name?: string;
  readonly verb?: string;
  readonly group?: string;
  readonly code?: number;
  readonly username?: string;
}

const event = ({
  pod,
  at,
  name = 'x',
  verb = 'patch',
  group = 'mspoperator.dev',
  code = 200,
  username = USER,
}: Short): AuditEvent => {
  const time = new Date(START + at * 1_000).toISOString();
  return {
    auditID: '',
    verb,
    requestURI: '',
    user: { username, extra: { 'authentication.kubernetes.io/pod-name': [pod] } },
    objectRef: { apiGroup: group, resource: 'customers', name },
    responseStatus: { code },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
  };
};

const writes = (...events: Short[]): ReturnType<typeof objectWrites> => objectWrites(events.map(event), USER, START);

test('only writes that the operator made, and that succeeded, since the moment', () => {
  const found = writes(
    { pod: 'late', at: 3 },
    { pod: 'early', at: 1 },
    { pod: 'read', at: 1, verb: 'get' },
    { pod: 'refused', at: 1, code: 409 },
    { pod: 'other', at: 1, username: 'kubectl' },
    { pod: 'event', at: 1, group: 'events.k8s.io' },
    { pod: 'before', at: -1 },
  );
  expect(found.map(({ pod }) => pod)).toEqual(['early', 'late']);
});

test('one after the other is a change of the leader, one that comes back is two at once', () => {
  const order = writes({ pod: 'a', at: 1 }, { pod: 'a', at: 2 }, { pod: 'b', at: 3 }, { pod: 'c', at: 4 });
  expect(leaders(order)).toEqual(['a', 'b', 'c']);
  expect(returned(order)).toBeUndefined();
  expect(returned(writes({ pod: 'a', at: 1 }, { pod: 'b', at: 2 }, { pod: 'a', at: 3 }))).toBe('a');
});

test('an object is created once', () => {
  const create = (name: string, at: number): Short => ({ pod: 'a', at, verb: 'create', name });
  expect(createdTwice(writes(create('x', 1), create('y', 2), { pod: 'a', at: 3, name: 'x' }))).toEqual([]);
  expect(createdTwice(writes(create('x', 1), create('y', 2), create('x', 3)))).toEqual(['create customers/x']);
});

test('the longest gap, the time before the first and after the last renewal included', () => {
  const renewals = (...at: number[]): ReturnType<typeof leaseWrites> =>
    leaseWrites(
      at.map((second) => event({ pod: 'a', at: second, group: 'coordination.k8s.io' })),
      USER,
      START,
    );
  const gap = (at: number[], to: number): number => longestGapMs(renewals(...at), START, START + to * 1_000) / 1_000;
  expect(gap([1, 3, 9, 10], 11)).toBe(6);
  expect(gap([5], 6)).toBe(5);
  expect(gap([1], 20)).toBe(19);
  expect(gap([], 7)).toBe(7);
});
