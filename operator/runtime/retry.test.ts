import { expect, test } from 'vitest';
import { KubeError, NO_ANSWER } from './errors.ts';
import { DEFAULT_RETRY, markNeverSent, retryDelay } from './retry.ts';

const delay = (error: KubeError, random: number, repeatable = false): number | null =>
  retryDelay({ error, repeatable, attempt: 1 }, DEFAULT_RETRY, () => random);

test('those who were turned away together come back one by one, and none before its time', () => {
  const error = new KubeError({ status: 429, reason: 'TooManyRequests', message: 'x', retryAfterMs: 2_000 });
  expect(delay(error, 0)).toBe(2_000);
  expect(delay(error, 0.999)).toBeGreaterThan(2_900);
  const far = new KubeError({ status: 429, reason: 'TooManyRequests', message: 'x', retryAfterMs: 600_000 });
  expect(delay(far, 0)).toBe(DEFAULT_RETRY.maxMs);
});

test('a call that never left is repeated whatever it is; one that may have arrived is not', () => {
  const lost = (cause: Error): KubeError => new KubeError({ status: 0, reason: NO_ANSWER, message: 'x', cause });
  expect(delay(lost(markNeverSent(new Error('no connection'))), 0)).not.toBeNull();
  expect(delay(lost(new Error('cut off')), 0)).toBeNull();
  expect(delay(lost(new Error('cut off')), 0, true)).not.toBeNull();
});
