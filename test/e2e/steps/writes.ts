// What the audit log says of several replicas: who wrote, in which order, and how long the Lease went without a renewal.
// A pod's name is in its token, so the API server knows it.

import { isWrite, type AuditEvent } from '../../controlplane/audit.ts';

const POD = 'authentication.kubernetes.io/pod-name';
const GROUP = 'mspoperator.dev';

export interface Write {
  readonly pod: string;
  readonly atMs: number;
  /** "patch staticgroups/name" */
  readonly what: string;
}

/** Those that succeeded, of one user, since a moment. */
function writesOf(events: readonly AuditEvent[], username: string, sinceMs: number, group: string): Write[] {
  return events
    .filter((event) => event.user.username === username && isWrite(event) && event.objectRef?.apiGroup === group)
    .filter(({ responseStatus }) => (responseStatus?.code ?? 500) < 300)
    .map((event) => ({
      pod: event.user.extra?.[POD]?.[0] ?? '',
      atMs: Date.parse(event.stageTimestamp),
      what: `${event.verb} ${event.objectRef?.resource}/${event.objectRef?.name ?? ''}`,
    }))
    .filter(({ atMs }) => atMs >= sinceMs)
    .toSorted((a, b) => a.atMs - b.atMs);
}

/** Writes to the operator's own kinds. */
export function objectWrites(events: readonly AuditEvent[], username: string, sinceMs: number): Write[] {
  return writesOf(events, username, sinceMs, GROUP);
}

export function leaseWrites(events: readonly AuditEvent[], username: string, sinceMs: number): Write[] {
  return writesOf(events, username, sinceMs, 'coordination.k8s.io');
}

/** The pods in the order in which they led. */
export function leaders(writes: readonly Write[]): string[] {
  return writes.map(({ pod }) => pod).filter((pod, index, pods) => pod !== pods[index - 1]);
}

/** A pod that wrote after its successor had written; `undefined`: there is none. */
export function returned(writes: readonly Write[]): string | undefined {
  const order = leaders(writes);
  return order.find((pod, index) => order.indexOf(pod) !== index);
}

/** Objects that were created more than once. */
export function createdTwice(writes: readonly Write[]): string[] {
  const creates = writes.map(({ what }) => what).filter((what) => what.startsWith('create '));
  return creates.filter((what, index) => creates.indexOf(what) !== index);
}

/** The longest time between two writes, and to the end. */
export function longestGapMs(writes: readonly Write[], fromMs: number, toMs: number): number {
  const times = [fromMs, ...writes.map(({ atMs }) => atMs), toMs];
  return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
}
