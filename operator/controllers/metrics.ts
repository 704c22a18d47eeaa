// The operator's own metrics. Never a label per company.

import type { Action } from '../hierarchy/action.ts';
import type { Cache } from '../runtime/cache.ts';
import { DURATION_BUCKETS, type Metrics } from '../runtime/metrics.ts';
import type { Places } from '../upstream/places.ts';
import type { Lane } from './lane.ts';
import type { AccountView } from './mspaccount/account.ts';
import type { Breaker } from './mspaccount/breaker.ts';
import { accountKey, isArmed, type InstanceView } from './protectinstance/instance.ts';

export interface MSPMetrics {
  upstreamRequest(request: { operation: string; code: string; seconds: number }): void;
  change(action: Action): void;
}

/** Registers them. What can be counted at scrape time is, so that nothing stale stays after an account is gone. */
export function createMSPMetrics(
  metrics: Metrics,
  accounts: Pick<Cache<AccountView>, 'list'>,
  instances: Pick<Cache<InstanceView>, 'list'>,
  now: () => number,
): MSPMetrics {
  const requests = metrics.counter('mspoperator_upstream_requests_total', 'Requests to upstream.', [
    'operation',
    'code',
  ]);
  const seconds = metrics.histogram(
    'mspoperator_upstream_request_duration_seconds',
    'Time of a request to upstream.',
    ['operation'],
    DURATION_BUCKETS,
  );
  const changes = metrics.counter('mspoperator_sync_changes_total', 'Changes that syncs made.', ['kind', 'action']);
  const synchronized = metrics.gauge('mspoperator_accounts', 'MSPAccounts by the status of Synchronized.', [
    'synchronized',
  ]);
  const customers = metrics.gauge('mspoperator_customers', 'Customer companies.', ['account', 'phase']);
  const age = metrics.gauge('mspoperator_snapshot_age_seconds', 'Age of the last complete snapshot.', ['account']);
  const blocked = metrics.gauge('mspoperator_unlink_blocked', '1 while the guard holds companies back.', ['account']);

  const states = metrics.gauge('mspoperator_instances', 'ProtectInstances by state.', ['account', 'state']);
  const armed = metrics.gauge(
    'mspoperator_instance_removal_armed',
    'Live ProtectInstances whose removal is already confirmed by an annotation.',
    ['account'],
  );

  metrics.onScrape(() => {
    for (const gauge of [synchronized, customers, age, blocked, states, armed]) gauge.reset();
    for (const instance of instances.list()) {
      const account = accountKey(instance);
      states.inc({ account, state: instance.status.state ?? 'Unknown' });
      armed.inc({ account }, !instance.deleting && isArmed(instance) ? 1 : 0);
    }
    for (const { namespace, name, status } of accounts.list()) {
      const account = `${namespace}/${name}`;
      const condition = status.conditions?.find(({ type }) => type === 'Synchronized');
      synchronized.inc({ synchronized: condition?.status ?? 'Unknown' });
      const counts = status.customers;
      if (counts !== undefined) {
        customers.set({ account, phase: 'NotSetUp' }, counts.notSetUp);
        customers.set({ account, phase: 'Normal' }, counts.normal);
        customers.set({ account, phase: 'Unlinked' }, counts.unlinked);
      }
      const completedAt = Date.parse(status.sync?.completedAt ?? '');
      if (!Number.isNaN(completedAt)) age.set({ account }, Math.max(0, (now() - completedAt) / 1000));
      blocked.set({ account }, status.sync?.blockedAt === undefined ? 0 : 1);
    }
  });

  return {
    upstreamRequest({ operation, code, seconds: took }) {
      requests.inc({ operation, code });
      seconds.observe({ operation }, took);
    },
    change(action) {
      changes.inc({ kind: kindOf(action), action: action.change });
    },
  };
}

/** How far accounts get in each other's way. Counted at scrape time. */
export function isolationMetrics(
  metrics: Metrics,
  parts: { readonly places: Places; readonly inFlight: Places; readonly lane: Lane; readonly breaker: Breaker },
): void {
  const open = metrics.gauge(
    'mspoperator_breakers_open',
    'Accounts that are asked with one request until upstream answers.',
    [],
  );
  const lane = metrics.gauge('mspoperator_syncs_in_lane', 'Syncs under way after one that upstream failed.', []);
  const syncs = metrics.gauge('mspoperator_syncs_active', 'Syncs whose upstream answers, or that write.', []);
  const requests = metrics.gauge('mspoperator_upstream_in_flight', 'Requests to upstream under way for up to 1 s.', []);
  metrics.onScrape(() => {
    open.set(parts.breaker.open);
    lane.set(parts.lane.size);
    syncs.set(parts.places.taken);
    requests.set(parts.inFlight.taken);
  });
}

function kindOf(action: Action): 'StaticGroup' | 'Customer' {
  switch (action.kind) {
    case 'CreateGroup':
    case 'UpdateGroup':
    case 'LinkGroup':
      return 'StaticGroup';
    case 'CreateCustomer':
    case 'UpdateCustomer':
      return 'Customer';
    case 'DeleteDuplicate':
      return action.of;
  }
}
