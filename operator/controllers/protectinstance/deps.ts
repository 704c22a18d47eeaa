// What the controller of instances is given.

import type { ProtectInstanceStatus } from '../../api/v1alpha1/protectinstance.ts';
import type { Cache } from '../../runtime/cache.ts';
import type { KubeClient } from '../../runtime/client.ts';
import type { ObjectWatchSet } from '../../runtime/object-watch-set.ts';
import type { Egress } from '../../upstream/egress.ts';
import type { EndpointPolicy } from '../../upstream/endpoint.ts';
import type { Lane } from '../lane.ts';
import type { LifecycleOptions } from '../../upstream/lifecycle.ts';
import type { MSPMetrics } from '../metrics.ts';
import type { AccountView } from '../mspaccount/account.ts';
import type { StatusWriter } from '../status-writer.ts';
import type { InstanceView } from './instance.ts';

export interface InstanceDeps {
  readonly client: KubeClient;
  readonly instances: Cache<InstanceView>;
  readonly accounts: Cache<AccountView>;
  readonly secrets: ObjectWatchSet;
  /** For the instances whose lifecycle service did not answer last time. */
  readonly lane: Lane;
  readonly metrics: MSPMetrics;
  readonly status: StatusWriter<ProtectInstanceStatus, InstanceView>;
  /** Hosts of lifecycle services (`--lifecycle-hosts`): a list of its own. */
  readonly policy: EndpointPolicy;
  /** How they are reached. */
  readonly egress: Egress;
  /** Keeps a process that does not lead any more from changing instances upstream. */
  readonly writeGate?: LifecycleOptions['writeGate'];
  /** How the API server knows the operator, for the commands that messages show. */
  readonly operatorUser: string;
  readonly poll: PollTimes;
  readonly now: () => number;
  readonly random: () => number;
}

/** How often upstream is asked, ms. */
export interface PollTimes {
  /** Nothing happens. */
  readonly idle: number;
  /** Something is under way: being set up, or the outcome of a create is not known. */
  readonly busy: number;
  /** It is being removed. */
  readonly removing: number;
  /** A deletion is held; it may have gone by itself. */
  readonly held: number;
}

/** @param seconds `--lifecycle-poll-seconds` */
export function pollTimes(seconds: number): PollTimes {
  const idle = seconds * 1000;
  return { idle, busy: idle / 30, removing: idle / 60, held: idle / 5 };
}

/** Index of the cache of instances: `namespace/account`. */
export const BY_ACCOUNT = 'account';
