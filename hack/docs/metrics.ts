// Every metric of the operator, from the registry: the parts that register them are made, and nothing is started.

import { createMSPMetrics, isolationMetrics } from '../../operator/controllers/metrics.ts';
import { Lane } from '../../operator/controllers/lane.ts';
import { MSP_ACCOUNTS } from '../../operator/controllers/mspaccount/account.ts';
import { Breaker } from '../../operator/controllers/mspaccount/breaker.ts';
import { Cache } from '../../operator/runtime/cache.ts';
import { KubeClient } from '../../operator/runtime/client.ts';
import { systemClock } from '../../operator/runtime/clock.ts';
import { Controller } from '../../operator/runtime/controller.ts';
import { EventRecorder } from '../../operator/runtime/events.ts';
import { createRegistry, type Metrics } from '../../operator/runtime/metrics.ts';
import { Places } from '../../operator/upstream/places.ts';
import { metaOf } from '../../operator/controllers/meta.ts';
import { Transport } from '../../operator/runtime/transport.ts';
import { pino } from 'pino';
import { code, table } from './markdown.ts';

export interface MetricDoc {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** All but those of the process itself (`process_…`, `nodejs_…`), in the order of their names. */
export async function allMetrics(): Promise<MetricDoc[]> {
  const metrics = createRegistry({ prefix: 'mspoperator_' });
  const deps = { log: pino({ level: 'silent' }), metrics, clock: systemClock, random: Math.random };
  const connection = {
    server: new URL('https://127.0.0.1'),
    namespace: null,
    verifiesServer: true,
    credentials: () => Promise.reject(new Error('nothing is asked')),
    refresh: () => false,
  };
  const transport = new Transport({ ...deps, connection, userAgent: 'docs' });
  const client = new KubeClient(transport);
  const none = { list: () => [] };
  createMSPMetrics(metrics, none, none, () => 0);
  isolationMetrics(metrics, {
    places: new Places({ places: 1, patienceMs: 1 }),
    inFlight: new Places({ places: 1, patienceMs: 1 }),
    lane: new Lane(1),
    breaker: new Breaker(),
  });
  const controller = { name: 'x', concurrency: 1, timeoutMs: 1, reconcile: () => Promise.reject(new Error('no pass')) };
  const parts = [
    new Controller({ ...deps, ...controller }),
    new EventRecorder({ ...deps, client, reportingController: 'x', reportingInstance: 'x' }),
  ];
  const cache = new Cache({ ...deps, client, namespaces: null, resource: MSP_ACCOUNTS, project: metaOf, indexes: {} });
  await cache.start(AbortSignal.abort()).catch(() => {});
  await transport.close();
  if (parts.length === 0) throw new Error('made for what they register');
  return listOf(metrics);
}

function listOf({ registry }: Metrics): MetricDoc[] {
  const registered = registry.getMetricsAsArray().map((metric) => {
    const {
      name,
      help,
      type,
      labelNames = [],
    } = metric as unknown as {
      name: string;
      help: string;
      type?: string;
      labelNames?: readonly string[];
    };
    return { name, help, labels: labelNames, type: (type ?? metric.constructor.name).toLowerCase() };
  });
  return registered.filter(({ name }) => !/^(process|nodejs)_/.test(name)).sort((a, b) => a.name.localeCompare(b.name));
}

export async function metricsPart(): Promise<string> {
  const rows = (await allMetrics()).map(({ name, type, labels, help }) => [
    code(name),
    type,
    labels.map(code).join(', '),
    help,
  ]);
  return table(['metric', 'type', 'labels', 'what it counts'], rows);
}
