// How busy the wire was: the proxy's log, read as figures.

import type { LogEntry } from './record.ts';

/** The most of these requests that began within one second, wherever it starts. */
export function busiestSecond(entries: readonly LogEntry[]): number {
  const times = entries.map(({ atMs }) => atMs).sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while ((times[last] ?? 0) - (times[first] ?? 0) >= 1000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Nobody answered it: the API server was away, or the proxy cut it off. Also what is still under way. */
export function unanswered({ status }: LogEntry): boolean {
  return status === null;
}

const READS = /^(get|list|watch) /;

export function isRead({ request }: LogEntry): boolean {
  return READS.test(request);
}

/** `create customers → 201: 12`, most frequent first. */
export function summary(entries: readonly LogEntry[]): string {
  const counts = new Map<string, number>();
  for (const { request, status } of entries) {
    const what = `${request.split(' ', 2).join(' ')} → ${status ?? 'no answer'}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([what, n]) => `${what}: ${n}`)
    .join(', ');
}
