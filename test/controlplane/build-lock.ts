// One builder at a time per cache key. The lock is a file that its owner touches; one that nobody touches is stale (its
// owner was killed) and is taken over. Two owners at once would only waste time: results are moved into place atomically.
import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const TOUCH_MS = 3_000;
const STALE_MS = 20_000;

/** Runs `work` under the lock. `wanted` is asked again after every wait: when it says no, nothing is done. */
export async function underLock(
  path: string,
  wanted: () => Promise<boolean>,
  work: () => Promise<void>,
  onWait: (waitedMs: number) => void,
): Promise<void> {
  const token = randomUUID();
  const start = Date.now();
  while (!(await take(path, token))) {
    if (!(await wanted())) return;
    onWait(Date.now() - start);
    await sleep(500);
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, TOUCH_MS);
  try {
    if (await wanted()) await work();
  } finally {
    clearInterval(touch);
    if ((await readFile(path, 'utf8').catch(() => '')) === token) await rm(path, { force: true });
  }
}

async function take(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const seen = await stat(path).catch(() => undefined);
  if (seen !== undefined && Date.now() - seen.mtimeMs > STALE_MS) await rm(path, { force: true });
  return false;
}
