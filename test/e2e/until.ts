// Waits for a condition, and says which one it was when it did not come.

import { setTimeout as sleep } from 'node:timers/promises';

/** @param holds `false` or `undefined`: not yet @returns what it says at last */
export async function until<T>(
  what: string,
  timeoutMs: number,
  holds: () => Promise<T | false | undefined>,
  pauseMs = 200,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await holds();
    if (answer !== false && answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(pauseMs);
  }
}
