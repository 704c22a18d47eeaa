// Time as the runtime sees it, passed in so that tests can hold it still.

export interface Clock {
  /** Wall clock, ms since the epoch: for what is shown or stored. */
  now(): number;
  /** Never goes back, ms: for durations and deadlines. */
  monotonic(): number;
  /** Calls `run` once after `ms`; may fire early for delays over 24 days, never late. Returns the cancellation. */
  after(ms: number, run: () => void): () => void;
}

// setTimeout fires at once for anything longer, which would turn a long delay into a busy loop.
const LONGEST_TIMER = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, ms), LONGEST_TIMER));
    return () => clearTimeout(timer);
  },
};

/** Waits; ends early, without throwing, when the signal fires. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** Runs `check` every `ms` until the returned function is called. */
export function every(clock: Clock, ms: number, check: () => void): () => void {
  let cancel = clock.after(ms, tick);
  let stopped = false;
  function tick(): void {
    check();
    if (!stopped) cancel = clock.after(ms, tick);
  }
  return () => {
    stopped = true;
    cancel();
  };
}

/** `value`, or the signal's reason as soon as it fires. The promise itself goes on; its late failure is swallowed. */
export async function orAborted<T>(value: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  try {
    return await Promise.race([
      value,
      new Promise<never>((_resolve, reject) => {
        onAbort = (): void => reject(signal.reason as Error);
        signal.addEventListener('abort', onAbort, { once: true });
      }),
    ]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}

/** metav1.MicroTime: RFC 3339 with six digits. @param ms since the epoch */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
