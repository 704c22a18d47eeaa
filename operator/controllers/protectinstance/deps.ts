// What the controller of instances is given.

import type { ProtectInstanceStatus } from '../../api/v1alpha1/protectinstance.ts';
import type { Cache } from '../../runtime/cache.ts';
import type { KubeClient } from '../../runtime/client.ts';
import type { ObjectWatchSet } from '../../runtime/object-watch-set.ts';
import type { EndpointPolicy } from '../../upstream/endpoint.ts';
import type { MSPMetrics } from '../metrics.ts';
import type { AccountView } from '../mspaccount/account.ts';
import type { StatusWriter } from '../status-writer.ts';
import type { InstanceView } from './instance.ts';

export interface InstanceDeps {
  readonly client: KubeClient;
  readonly instances: Cache<InstanceView>;
  readonly accounts: Cache<AccountView>;
  readonly secrets: ObjectWatchSet;
  readonly metrics: MSPMetrics;
  readonly status: StatusWriter<ProtectInstanceStatus, InstanceView>;
  /** Hosts of lifecycle services (`--lifecycle-hosts`): a list of its own. */
  readonly policy: EndpointPolicy;
  /** How the API server knows the operator, for the commands that messages show. */
  readonly operatorUser: string;
  readonly now: () => number;
  readonly random: () => number;
}

/** Index of the cache of instances: `namespace/account`. */
export const BY_ACCOUNT = 'account';
