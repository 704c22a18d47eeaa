// The metrics of work queues under client-go's names.

import type { Metrics } from './metrics.ts';

const BUCKETS = [0.0001, 0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60, 300, 1000];

export class QueueMetrics {
  readonly adds: () => void;
  readonly retries: () => void;
  readonly waited: (seconds: number) => void;
  readonly worked: (seconds: number) => void;
  readonly stop: () => void;

  /** `depth` and `running` (seconds that each key under way has taken so far) are asked at each scrape. */
  constructor(metrics: Metrics, name: string, depth: () => number, running: () => number[]) {
    const labels = ['name'] as const;
    const counter = (metric: string, help: string) => metrics.counter(metric, help, labels);
    const gauge = (metric: string, help: string) => metrics.gauge(metric, help, labels);
    const adds = counter('workqueue_adds_total', 'Keys added to the queue.');
    const retries = counter('workqueue_retries_total', 'Keys added again after a failure.');
    const waits = metrics.histogram('workqueue_queue_duration_seconds', 'Time that keys wait.', labels, BUCKETS);
    const works = metrics.histogram(
      'workqueue_work_duration_seconds',
      'Time that keys are worked on.',
      labels,
      BUCKETS,
    );
    const depths = gauge('workqueue_depth', 'Keys that are waiting now.');
    const unfinished = gauge('workqueue_unfinished_work_seconds', 'Sum of the time taken so far by keys under way.');
    const longest = gauge(
      'workqueue_longest_running_processor_seconds',
      'Longest time taken so far by a key under way.',
    );
    this.adds = () => adds.inc({ name });
    this.retries = () => retries.inc({ name });
    this.waited = (seconds) => waits.observe({ name }, seconds);
    this.worked = (seconds) => works.observe({ name }, seconds);
    this.stop = metrics.onScrape(() => {
      const seconds = running();
      depths.set({ name }, depth());
      unfinished.set(
        { name },
        seconds.reduce((sum, each) => sum + each, 0),
      );
      longest.set(
        { name },
        seconds.reduce((most, each) => Math.max(most, each), 0),
      );
    });
  }
}
