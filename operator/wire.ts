// Puts the parts together: what each is given is written here and nowhere else.

import type { Logger } from 'pino';
import type { EventReason } from './api/v1alpha1/events.ts';
import type { Config } from './config.ts';
import { BY_ACCOUNT, Children } from './controllers/children/children.ts';
import { CUSTOMERS, viewCustomer, type CustomerView } from './controllers/children/customer.ts';
import { LostChildren } from './controllers/children/lost.ts';
import { STATIC_GROUPS, viewGroup, type GroupView } from './controllers/children/group.ts';
import { reconcileCustomer } from './controllers/customer/reconcile.ts';
import { createMSPMetrics, isolationMetrics } from './controllers/metrics.ts';
import { MSP_ACCOUNTS, secretKey, viewAccount, type AccountView } from './controllers/mspaccount/account.ts';
import { Lane } from './controllers/lane.ts';
import { Breaker } from './controllers/mspaccount/breaker.ts';
import { SECRETS } from './controllers/secret.ts';
import { announceAccount } from './controllers/mspaccount/announce.ts';
import { LoginLimit } from './controllers/mspaccount/login-limit.ts';
import { BY_NAMESPACE, Claims } from './controllers/mspaccount/twins.ts';
import { reconcileAccount } from './controllers/mspaccount/reconcile.ts';
import { StatusWriter, referenceTo } from './controllers/status-writer.ts';
import {
  BY_SECRET,
  triggerAccounts,
  triggerBySecret,
  triggerCustomers,
  triggerInstances,
} from './controllers/triggers.ts';
import { announceInstance } from './controllers/protectinstance/announce.ts';
import { BY_ACCOUNT as INSTANCES_BY_ACCOUNT, pollTimes } from './controllers/protectinstance/deps.ts';
import {
  PROTECT_INSTANCES,
  accountKey,
  tokenKey,
  viewInstance,
  type InstanceView,
} from './controllers/protectinstance/instance.ts';
import { reconcileInstance } from './controllers/protectinstance/reconcile.ts';
import { Cache } from './runtime/cache.ts';
import { KubeClient } from './runtime/client.ts';
import { systemClock } from './runtime/clock.ts';
import { loadConnection, type ConnectionOptions } from './runtime/connection.ts';
import { Controller } from './runtime/controller.ts';
import { randomID, type Deps } from './runtime/deps.ts';
import { EventRecorder } from './runtime/events.ts';
import { Leadership } from './runtime/leadership.ts';
import { LEASES } from './runtime/lease.ts';
import { Manager } from './runtime/manager.ts';
import { createRegistry } from './runtime/metrics.ts';
import { ObjectWatchSet } from './runtime/object-watch-set.ts';
import { serveMetrics, serveProbes } from './runtime/probes.ts';
import { Transport } from './runtime/transport.ts';
import { whoAmI } from './runtime/who-am-i.ts';
import { writeGate } from './runtime/write-gate.ts';
import { Ema2Client } from './upstream/client.ts';
import { Places } from './upstream/places.ts';
import type { Egress } from './upstream/egress.ts';
import { Trust } from './upstream/trust.ts';

const NAME = 'eset-msp-operator';
/** The last resort: reading ends itself after 6 h (`turn.ts`), and 1,000,000 writes take less than one. */
const SYNC_TIMEOUT_MS = 8 * 3_600_000;
/** Passes for each account that is read and written: most wait for an upstream, and then cost a socket. */
const PASSES = 8;
/** After so much silence of upstream, ms, a sync or request is not counted any more. */
const PATIENCE_MS = 1000;
const CUSTOMER_TIMEOUT_MS = 60_000;
const INSTANCE_TIMEOUT_MS = 120_000;
const CUSTOMER_CONCURRENCY = 8;
/** A pass is some requests and no data to speak of; with a dead lifecycle service it takes 15 s. */
const INSTANCE_CONCURRENCY = 64;

/** Runs the operator until the signal fires; rejects with the reason if a part of it dies. */
export async function runOperator(
  config: Config,
  program: { readonly version: string; readonly instance: string },
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const metrics = createRegistry({ prefix: 'mspoperator_' });
  const deps: Deps = { log, metrics, clock: systemClock, random: Math.random };
  const now = (): number => systemClock.now();

  const egress: Egress = {
    trust: new Trust({
      file: config.upstreamCaFile,
      monotonic: () => systemClock.monotonic(),
      onTrouble: (error) => log.warn({ error }, '--upstream-ca-file cannot be read; what was read before still counts'),
    }),
    proxy: config.upstreamProxy === null ? null : { url: config.upstreamProxy, except: config.upstreamNoProxy },
  };
  if (config.upstreamProxy !== null)
    log.info({ proxy: config.upstreamProxy.host }, 'upstream is reached through a proxy');
  const connectionOptions: ConnectionOptions = {
    ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
    ...(config.context === undefined ? {} : { context: config.context }),
  };
  const connection = loadConnection(connectionOptions);
  if (!connection.verifiesServer) log.warn('the kubeconfig says not to verify the certificate of the API server');
  const userAgent = `${NAME}/${program.version}`;
  const leaseNamespace = config.leaseNamespace ?? connection.namespace;
  if (config.leaderElect && leaseNamespace === null) throw new Error('--leader-elect: name a --lease-namespace');
  const lease = { namespace: leaseNamespace ?? '', name: NAME };
  const leadership = !config.leaderElect
    ? null
    : new Leadership({
        ...deps,
        // Like no other process, also not the one before in this pod.
        election: { ...lease, ...config.leaseTimes, identity: `${program.instance}_${randomID(Math.random)}` },
        connection: connectionOptions,
        userAgent: `${userAgent} leader-election`,
        onElected: (uid) =>
          events.event(
            referenceTo(LEASES, { ...lease, uid }),
            'Normal',
            'LeaderElection',
            'Leading',
            `${program.instance} became leader`,
          ),
      });
  const mayWrite = leadership?.mayWrite;
  const transport = new Transport({ ...deps, connection, userAgent, ...(mayWrite === undefined ? {} : { mayWrite }) });
  const client = new KubeClient(transport);

  const { watchNamespaces: namespaces } = config;
  const byAccount = (item: GroupView | CustomerView): string[] => [`${item.namespace}/${item.account}`];
  const groups = new Cache<GroupView>({
    ...deps,
    client,
    namespaces,
    resource: STATIC_GROUPS,
    project: viewGroup,
    indexes: { [BY_ACCOUNT]: byAccount },
  });
  const customers = new Cache<CustomerView>({
    ...deps,
    client,
    namespaces,
    resource: CUSTOMERS,
    project: viewCustomer,
    indexes: { [BY_ACCOUNT]: byAccount },
  });
  const accounts = new Cache<AccountView>({
    ...deps,
    client,
    namespaces,
    resource: MSP_ACCOUNTS,
    project: viewAccount,
    indexes: {
      [BY_SECRET]: (account) => [secretKey(account)],
      [BY_NAMESPACE]: (account) => [account.namespace],
    },
  });
  const instances = new Cache<InstanceView>({
    ...deps,
    client,
    namespaces,
    resource: PROTECT_INSTANCES,
    project: viewInstance,
    indexes: {
      [INSTANCES_BY_ACCOUNT]: (instance) => [accountKey(instance)],
      [BY_SECRET]: (instance) => [tokenKey(instance)].filter((key) => key !== null),
    },
  });
  const children = new Children({ client, groups, customers, now });
  const lost = new LostChildren();
  const events = new EventRecorder<EventReason | 'LeaderElection'>({
    ...deps,
    client,
    reportingController: `mspoperator.dev/${NAME}`,
    reportingInstance: program.instance,
  });
  const secrets = new ObjectWatchSet({
    ...deps,
    client,
    resource: SECRETS,
    onChange: (key) =>
      triggerBySecret(
        key,
        { cache: accounts, controller: accountController },
        { cache: instances, controller: instanceController },
      ),
  });

  const operatorUser = await whoAmI(transport, signal);
  const places = new Places({ places: config.concurrency, patienceMs: PATIENCE_MS });
  const inFlight = new Places({ places: config.upstreamMaxInFlight, patienceMs: PATIENCE_MS });
  const lane = new Lane(config.concurrency);
  const breaker = new Breaker();
  const mspMetrics = createMSPMetrics(metrics, accounts, instances, now);
  isolationMetrics(metrics, { places, inFlight, lane, breaker });
  const accountDeps = {
    client,
    lost,
    logins: new LoginLimit(now),
    places,
    lane,
    breaker,
    claims: new Claims(accounts),
    events,
    accounts,
    children,
    instancesOf: (key: string) =>
      instances
        .byIndex(INSTANCES_BY_ACCOUNT, key)
        .map(({ name }) => name)
        .sort(),
    secrets,
    now,
    status: new StatusWriter({
      client,
      cache: accounts,
      resource: MSP_ACCOUNTS,
      view: viewAccount,
      announce: announceAccount(events),
    }),
    metrics: mspMetrics,
    operatorUser,
    random: Math.random,
    upstream: {
      policy: { hosts: config.upstreamHosts, allowLoopbackHTTP: config.upstreamAllowLoopbackHTTP },
      requestsPerSecond: config.upstreamRequestsPerSecond,
      inFlight,
      statusCodes: config.companyStatusCodes,
      connect: (options: ConstructorParameters<typeof Ema2Client>[0]) => new Ema2Client({ ...options, egress }),
    },
  };
  const accountController = new Controller({
    ...deps,
    name: 'mspaccount',
    reconcile: (key, context) => reconcileAccount(accountDeps, key, context),
    concurrency: config.concurrency * PASSES,
    timeoutMs: SYNC_TIMEOUT_MS,
  });
  const customerController = new Controller({
    ...deps,
    name: 'customer',
    reconcile: (key, context) => reconcileCustomer({ customers, accounts, children }, key, context),
    concurrency: CUSTOMER_CONCURRENCY,
    timeoutMs: CUSTOMER_TIMEOUT_MS,
  });
  const instanceDeps = {
    client,
    instances,
    accounts,
    secrets,
    metrics: mspMetrics,
    status: new StatusWriter({
      client,
      cache: instances,
      resource: PROTECT_INSTANCES,
      view: viewInstance,
      announce: announceInstance(events),
    }),
    policy: { hosts: config.lifecycleHosts, allowLoopbackHTTP: config.upstreamAllowLoopbackHTTP },
    egress,
    operatorUser,
    lane: new Lane(INSTANCE_CONCURRENCY),
    ...(mayWrite === undefined ? {} : { writeGate: writeGate(mayWrite) }),
    poll: pollTimes(config.lifecyclePollSeconds),
    now,
    random: Math.random,
  };
  const instanceController = new Controller({
    ...deps,
    name: 'protectinstance',
    reconcile: (key, context) => reconcileInstance(instanceDeps, key, context),
    concurrency: INSTANCE_CONCURRENCY,
    timeoutMs: INSTANCE_TIMEOUT_MS,
  });
  const watched = { accounts, groups, customers, instances, secrets, children, lost };
  triggerAccounts(accountController, watched);
  triggerInstances(instanceController, watched);
  triggerCustomers(customerController, customers);

  const manager = new Manager({
    ...deps,
    runnables: [accounts, groups, customers, instances, secrets],
    controllers: [accountController, customerController, instanceController],
    ...(leadership === null ? {} : { leadership }),
    closers: [
      { name: 'events', close: (deadlineMs) => events.close(deadlineMs) },
      // Only now: nothing is written any more.
      { name: 'lease', close: async (deadlineMs) => leadership?.resign(deadlineMs) },
      { name: 'transport', close: () => transport.close() },
    ],
  });
  const probes = await serveProbes({
    address: config.healthAddress,
    clock: systemClock,
    ready: { 'caches-synced': () => (manager.ready ? null : 'still reading') },
  });
  const scrape = await serveMetrics({ address: config.metricsAddress, metrics });
  log.info({ health: probes.address, metrics: scrape.address, user: accountDeps.operatorUser }, 'started');
  try {
    await manager.run(signal);
  } finally {
    await Promise.all([probes.close(), scrape.close()]);
  }
}
