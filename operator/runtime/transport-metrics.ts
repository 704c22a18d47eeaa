// Counts and times the calls to the API server under client-go's metric names: those of this thread, and those that another
// thread tells of.

import { DURATION_BUCKETS, type Metrics } from './metrics.ts';

export interface Call {
  /** The HTTP method, or WATCH. */
  readonly verb: string;
  readonly host: string;
  /** Of the answer; null: there was none. */
  readonly status: number | null;
  readonly seconds: number;
}

export type OnCall = (call: Call) => void;

/** Counts them in these metrics. */
export function countCalls(metrics: Metrics): OnCall {
  const requests = metrics.counter(
    'rest_client_requests_total',
    'Calls to the API server by status code, method and host; code "<error>" where no answer came.',
    ['code', 'method', 'host'],
  );
  const durations = metrics.histogram(
    'rest_client_request_duration_seconds',
    'Duration of calls to the API server by verb and host; of a watch, the time until it opens.',
    ['verb', 'host'],
    DURATION_BUCKETS,
  );
  return ({ verb, host, status, seconds }) => {
    const code = status === null ? '<error>' : String(status);
    requests.inc({ code, method: verb === 'WATCH' ? 'GET' : verb, host });
    durations.observe({ verb, host }, seconds);
  };
}
