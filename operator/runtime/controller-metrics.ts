// The metrics of controllers under controller-runtime's names.

import type { Metrics } from './metrics.ts';

export type Result = 'success' | 'requeue' | 'requeue_after' | 'error' | 'terminal_error';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export class ControllerMetrics {
  /** Call it when a pass begins, and what it returns when the pass ends. */
  readonly begin: () => (result: Result) => void;

  constructor(metrics: Metrics, controller: string, concurrency: number) {
    const labels = ['controller'] as const;
    const total = metrics.counter('controller_runtime_reconcile_total', 'Passes by controller and result.', [
      'controller',
      'result',
    ]);
    const errors = metrics.counter('controller_runtime_reconcile_errors_total', 'Passes that failed.', labels);
    const terminal = metrics.counter(
      'controller_runtime_terminal_reconcile_errors_total',
      'Passes that are pointless to repeat until something changes.',
      labels,
    );
    const seconds = metrics.histogram('controller_runtime_reconcile_time_seconds', 'Time of a pass.', labels, BUCKETS);
    const active = metrics.gauge('controller_runtime_active_workers', 'Passes under way.', labels);
    const most = metrics.gauge('controller_runtime_max_concurrent_reconciles', 'Most passes at a time.', labels);
    most.set({ controller }, concurrency);
    active.set({ controller }, 0);
    errors.inc({ controller }, 0);
    this.begin = () => {
      const started = performance.now();
      active.inc({ controller });
      return (result) => {
        active.dec({ controller });
        seconds.observe({ controller }, (performance.now() - started) / 1000);
        total.inc({ controller, result: result === 'terminal_error' ? 'error' : result });
        if (result === 'error' || result === 'terminal_error') errors.inc({ controller });
        if (result === 'terminal_error') terminal.inc({ controller });
      };
    };
  }
}
