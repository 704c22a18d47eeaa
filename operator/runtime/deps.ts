// What every part of the runtime is given instead of reaching for it.

import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import type { Metrics } from './metrics.ts';

export interface Deps {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Uniform in [0, 1), as Math.random. */
  readonly random: () => number;
}

/** A short id for one pass of a reconcile, or the tail of a generated name. Not a secret. */
export function randomID(random: () => number, digits = 10): string {
  let id = '';
  while (id.length < digits) id += Math.floor(random() * 36).toString(36);
  return id;
}

/** `ms` moved by up to `part` of itself in either direction, so that many timers do not fire together. */
export function jitter(ms: number, part: number, random: () => number): number {
  return ms * (1 - part + 2 * part * random());
}
