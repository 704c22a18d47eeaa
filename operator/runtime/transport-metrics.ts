// Counts and times the calls to the API server under client-go's metric names.

import { DURATION_BUCKETS, type Metrics } from './metrics.ts';

export class TransportMetrics {
  readonly #host: string;
  readonly #requests;
  readonly #durations;

  constructor(metrics: Metrics, host: string) {
    this.#host = host;
    this.#requests = metrics.counter(
      'rest_client_requests_total',
      'Calls to the API server by status code, method and host; code "<error>" where no answer came.',
      ['code', 'method', 'host'],
    );
    this.#durations = metrics.histogram(
      'rest_client_request_duration_seconds',
      'Duration of calls to the API server by verb and host; of a watch, the time until it opens.',
      ['verb', 'host'],
      DURATION_BUCKETS,
    );
  }

  /** Call the result with the status of the answer, `null` for none. */
  begin(verb: string): (status: number | null) => void {
    const started = performance.now();
    return (status) => {
      const code = status === null ? '<error>' : String(status);
      this.#requests.inc({ code, method: verb === 'WATCH' ? 'GET' : verb, host: this.#host });
      this.#durations.observe({ verb, host: this.#host }, (performance.now() - started) / 1000);
    };
  }
}
