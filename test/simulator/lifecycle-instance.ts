// An instance as the lifecycle service describes it, and how a simulated account is set up.
import { services } from './lifecycle-ledger.ts';
import type { Service } from './lifecycle-ledger.ts';

export const regions = ['eu', 'de', 'us', 'ca', 'jp'] as const;
export type Region = (typeof regions)[number];
export type InstanceState = 'Activating' | 'Active' | 'GracePeriod' | 'Suspended' | 'Deleting' | 'Deleted';

export interface SimulatedInstance {
  readonly id: string;
  displayName: string;
  readonly region: Region;
  state: InstanceState;
  /** What upstream says; the truth is in the ledger. */
  creatingService: Service | null;
  accessibleFrom: Service[];
  consoleURL: string | null;
  suspendAt: string | null;
  deleteAt: string | null;
  readonly createdAt: string;
  readonly requestKey: string | null;
}

/** When a step that takes time is over: with the nth answer to a GET from now on, after so many milliseconds, or never. */
export type Pace = { reads: number } | { ms: number } | 'never';

export interface LifecycleSettings {
  /** Default `lifecycle-<username>`. */
  token?: string;
  /** Of the account; default EMA2. */
  services?: readonly Service[];
  /** Activating to Active; default `{reads: 1}`. */
  activates?: Pace;
  /** Deleting to Deleted; default `{reads: 2}`, so that Deleting is seen once. */
  deletes?: Pace;
  /**
   * false: a second instance, a removal as any service and access for any service are let through, so that a test sees whether
   * the client itself keeps the promise. One key is one create even then.
   */
  enforce?: boolean;
}

export type RefusalCode = 'InstanceExists' | 'ServiceNotOfAccount' | 'NotCreatingService' | 'InstanceNotFound';

export function isService(value: unknown): value is Service {
  return (services as readonly unknown[]).includes(value);
}

export function isRegion(value: unknown): value is Region {
  return (regions as readonly unknown[]).includes(value);
}
