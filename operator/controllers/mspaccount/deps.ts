// What the controller of accounts is given.

import type { EventReason } from '../../api/v1alpha1/events.ts';
import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { CompanyStatus } from '../../hierarchy/snapshot.ts';
import type { Cache } from '../../runtime/cache.ts';
import type { KubeClient } from '../../runtime/client.ts';
import type { EventRecorder } from '../../runtime/events.ts';
import type { ObjectWatchSet } from '../../runtime/object-watch-set.ts';
import type { Ema2Client, Ema2ClientOptions, EndpointPolicy } from '../../upstream/client.ts';
import type { Places } from '../../upstream/places.ts';
import type { Children } from '../children/children.ts';
import type { LostChildren } from '../children/lost.ts';
import type { Lane } from '../lane.ts';
import type { MSPMetrics } from '../metrics.ts';
import type { StatusWriter } from '../status-writer.ts';
import type { AccountView } from './account.ts';
import type { Breaker } from './breaker.ts';
import type { LoginLimit } from './login-limit.ts';
import type { Claims } from './twins.ts';

export interface AccountDeps {
  readonly client: KubeClient;
  readonly accounts: Cache<AccountView>;
  readonly children: Children;
  /** Names of the ProtectInstances that refer to an account (`namespace/name`). */
  readonly instancesOf: (accountKey: string) => readonly string[];
  /** The Secrets that accounts name, each followed by name. */
  readonly secrets: ObjectWatchSet;
  readonly status: StatusWriter<MSPAccountStatus, AccountView>;
  /** Linked children that somebody deleted. */
  readonly lost: LostChildren;
  readonly logins: LoginLimit;
  /** For the syncs whose upstream answers. */
  readonly places: Places;
  /** For the accounts whose last sync ended by an outage. */
  readonly lane: Lane;
  readonly breaker: Breaker;
  readonly claims: Claims;
  readonly events: EventRecorder<EventReason>;
  readonly metrics: MSPMetrics;
  readonly upstream: UpstreamOptions;
  /** How the API server knows the operator, for the commands that messages show. */
  readonly operatorUser: string;
  readonly now: () => number;
  readonly random: () => number;
}

export interface UpstreamOptions {
  readonly policy: EndpointPolicy;
  readonly requestsPerSecond: number;
  /** Requests to upstream under way, of all accounts. */
  readonly inFlight: Places;
  readonly statusCodes: ReadonlyMap<number, CompanyStatus>;
  /** Makes the client of one sync. */
  readonly connect: (options: Ema2ClientOptions) => Ema2Client;
}
