// Puts the parts together: what each is given is written here and nowhere else.

import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { BY_ACCOUNT, Children } from './controllers/children/children.ts';
import { CUSTOMERS, viewCustomer, type CustomerView } from './controllers/children/customer.ts';
import { STATIC_GROUPS, viewGroup, type GroupView } from './controllers/children/group.ts';
import { reconcileCustomer } from './controllers/customer/reconcile.ts';
import { createMSPMetrics } from './controllers/metrics.ts';
import { MSP_ACCOUNTS, viewAccount, type AccountView } from './controllers/mspaccount/account.ts';
import { SECRETS } from './controllers/mspaccount/login.ts';
import { announceAccount } from './controllers/mspaccount/announce.ts';
import { reconcileAccount, secretKey } from './controllers/mspaccount/reconcile.ts';
import { StatusWriter } from './controllers/status-writer.ts';
import { triggerAccounts, triggerCustomers } from './controllers/triggers.ts';
import { Cache } from './runtime/cache.ts';
import { KubeClient } from './runtime/client.ts';
import { systemClock } from './runtime/clock.ts';
import { loadConnection } from './runtime/connection.ts';
import { Controller } from './runtime/controller.ts';
import type { Deps } from './runtime/deps.ts';
import { EventRecorder } from './runtime/events.ts';
import { Manager } from './runtime/manager.ts';
import { createRegistry } from './runtime/metrics.ts';
import { ObjectWatchSet } from './runtime/object-watch-set.ts';
import { serveMetrics, serveProbes } from './runtime/probes.ts';
import { Transport } from './runtime/transport.ts';
import { whoAmI } from './runtime/who-am-i.ts';
import { Ema2Client } from './upstream/client.ts';

const NAME = 'eset-msp-operator';
/** A sync of 100,000 companies at 10 requests per second and 1,000 writes per second takes some minutes. */
const SYNC_TIMEOUT_MS = 60 * 60_000;
const CUSTOMER_TIMEOUT_MS = 60_000;
const CUSTOMER_CONCURRENCY = 8;

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

  const connection = loadConnection({
    ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
    ...(config.context === undefined ? {} : { context: config.context }),
  });
  if (!connection.verifiesServer) log.warn('the kubeconfig says not to verify the certificate of the API server');
  const transport = new Transport({ ...deps, connection, userAgent: `${NAME}/${program.version}` });
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
    indexes: { secret: (account) => [secretKey(account)] },
  });
  const children = new Children({ client, groups, customers, now });
  const events = new EventRecorder({
    ...deps,
    client,
    reportingController: `mspoperator.dev/${NAME}`,
    reportingInstance: program.instance,
  });
  const secrets = new ObjectWatchSet({
    ...deps,
    client,
    resource: SECRETS,
    onChange: (key) => {
      for (const { namespace, name } of accounts.byIndex('secret', key)) {
        accountController.enqueue(`${namespace}/${name}`, { priority: 'high' });
      }
    },
  });

  const accountDeps = {
    client,
    accounts,
    children,
    secrets,
    now,
    status: new StatusWriter({
      client,
      cache: accounts,
      resource: MSP_ACCOUNTS,
      view: viewAccount,
      announce: announceAccount(events),
    }),
    metrics: createMSPMetrics(metrics, accounts, now),
    operatorUser: await whoAmI(transport, signal),
    random: Math.random,
    upstream: {
      policy: { hosts: config.upstreamHosts, allowLoopbackHTTP: config.upstreamAllowLoopbackHTTP },
      requestsPerSecond: config.upstreamRequestsPerSecond,
      statusCodes: config.companyStatusCodes,
      connect: (options: ConstructorParameters<typeof Ema2Client>[0]) => new Ema2Client(options),
    },
  };
  const accountController = new Controller({
    ...deps,
    name: 'mspaccount',
    reconcile: (key, context) => reconcileAccount(accountDeps, key, context),
    concurrency: config.concurrency,
    timeoutMs: SYNC_TIMEOUT_MS,
  });
  const customerController = new Controller({
    ...deps,
    name: 'customer',
    reconcile: (key, context) => reconcileCustomer({ customers, accounts, children }, key, context),
    concurrency: CUSTOMER_CONCURRENCY,
    timeoutMs: CUSTOMER_TIMEOUT_MS,
  });
  triggerAccounts(accountController, { accounts, groups, customers, secrets });
  triggerCustomers(customerController, customers);

  const manager = new Manager({
    ...deps,
    runnables: [accounts, groups, customers, secrets],
    controllers: [accountController, customerController],
    closers: [
      { name: 'events', close: (deadlineMs) => events.close(deadlineMs) },
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
