// Prometheus metrics: one registry, passed in, from which every part gets or makes its metric by name. Names without prefix
// are those of controller-runtime and client-go; names of our own carry the prefix that the program gives.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export interface MetricsOptions {
  /** Before names of our own, such as `name_`. Default: none. */
  readonly prefix?: string;
  /** Process, heap and garbage collection metrics. Default: true. */
  readonly processMetrics?: boolean;
}

export class Metrics {
  readonly registry = new Registry();
  readonly prefix: string;
  readonly #collectors = new Set<() => void>();

  constructor(prefix = '') {
    this.prefix = prefix;
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    const existing = this.registry.getSingleMetric(name);
    if (existing !== undefined) return existing as unknown as Counter<L>;
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    const existing = this.registry.getSingleMetric(name);
    if (existing !== undefined) return existing as unknown as Gauge<L>;
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  histogram<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: readonly number[],
  ): Histogram<L> {
    const existing = this.registry.getSingleMetric(name);
    if (existing !== undefined) return existing as unknown as Histogram<L>;
    return new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [this.registry] });
  }

  /** Runs `collect` before each scrape, for what is cheaper to count then than to keep. Returns the removal. */
  onScrape(collect: () => void): () => void {
    this.#collectors.add(collect);
    return () => this.#collectors.delete(collect);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  async text(): Promise<string> {
    for (const collect of this.#collectors) collect();
    return this.registry.metrics();
  }
}

/** Each look wakes the process up: at every 10 ms, the default, that was most of what an idle operator cost. */
const LAG_RESOLUTION_MS = 100;

/** The registry of a program: with the process's own metrics and the lag of its event loop. */
export function createRegistry(options: MetricsOptions = {}): Metrics {
  const metrics = new Metrics(options.prefix);
  if (options.processMetrics === false) return metrics;
  collectDefaultMetrics({ register: metrics.registry, eventLoopMonitoringPrecision: LAG_RESOLUTION_MS });
  const delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delay.enable();
  const lag = metrics.gauge(
    `${metrics.prefix}event_loop_lag_seconds`,
    'Longest delay of the event loop since the last scrape.',
    [],
  );
  metrics.onScrape(() => {
    // The histogram counts whole intervals, so the resolution itself is not lag; max is 0 before the first sample.
    lag.set(Math.max(0, delay.max / 1e9 - LAG_RESOLUTION_MS / 1000));
    delay.reset();
  });
  return metrics;
}

/** From 1 ms to about 5 min. */
export const DURATION_BUCKETS: readonly number[] = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];
