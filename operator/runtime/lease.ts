// The Lease of leader election as it stands in the API (coordination.k8s.io/v1): who leads, until when, and since when.

import type { ObjectMeta, Resource } from './object.ts';

export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};

export interface LeaseSpec {
  /** '' or missing: nobody. */
  readonly holderIdentity?: string;
  /** How long after a renewal the others wait. */
  readonly leaseDurationSeconds?: number;
  /** MicroTime, by the holder's wall clock: for people to read. Nothing is decided by it, here or in client-go. */
  readonly acquireTime?: string;
  readonly renewTime?: string;
  /** How often the holder changed. */
  readonly leaseTransitions?: number;
}

export interface Lease {
  metadata: ObjectMeta;
  spec?: LeaseSpec;
}
