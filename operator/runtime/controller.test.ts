// The controller: outcomes, isolation, time limit, one worker a key, shutdown.
import { beforeEach, describe, expect, it } from 'vitest';
import { Controller, type Outcome, type ReconcileContext } from './controller.ts';
import { ManualClock, settle, testDeps } from './testing.ts';

let clock: ManualClock;
let deps: ReturnType<typeof testDeps<ManualClock>>;
let passes: string[];

beforeEach(() => {
  clock = new ManualClock();
  deps = testDeps(clock);
  passes = [];
});

type Reconcile = (key: string, context: ReconcileContext) => Promise<Outcome>;

function make(reconcile: Reconcile, concurrency = 2, timeoutMs = 1_000): Controller {
  return new Controller({
    ...deps,
    name: 'c',
    concurrency,
    timeoutMs,
    backoffBaseMs: 100,
    reconcile: (key, context) => {
      passes.push(key);
      return reconcile(key, context);
    },
  });
}

async function counted(result: string): Promise<number> {
  const text = await deps.metrics.text();
  const match = new RegExp(`controller_runtime_reconcile_total\\{controller="c",result="${result}"\\} (\\d+)`).exec(
    text,
  );
  return Number(match?.[1] ?? 0);
}

describe('an outcome', () => {
  it('done: not again', async () => {
    const controller = make(() => Promise.resolve({ kind: 'done' }));
    controller.enqueue('a');
    controller.start();
    await clock.advance(3_600_000);
    expect(passes).toEqual(['a']);
    expect(await counted('success')).toBe(1);
  });

  it('requeueAfter: again then', async () => {
    const controller = make(() => Promise.resolve({ kind: 'requeueAfter', ms: 60_000 }));
    controller.start();
    controller.enqueue('a');
    await clock.advance(59_999);
    expect(passes).toHaveLength(1);
    await clock.advance(1);
    expect(passes).toHaveLength(2);
  });

  it('retry: again after the back-off, also if it asks for no delay', async () => {
    for (const outcome of [
      { kind: 'retry', why: 'x' },
      { kind: 'retry', why: 'x', afterMs: 0 },
    ] as const) {
      passes = [];
      const controller = make(() => Promise.resolve(outcome));
      controller.start();
      controller.enqueue('a');
      await clock.advance(40);
      expect(passes).toHaveLength(1);
      await clock.advance(60_000);
      expect(passes.length).toBeGreaterThan(5);
      expect(passes.length).toBeLessThan(13);
      await controller.stop(0);
    }
  });

  it('stalled: not again until enqueued', async () => {
    const controller = make(() => Promise.resolve({ kind: 'stalled', why: 'x' }));
    controller.start();
    controller.enqueue('a');
    await clock.advance(3_600_000);
    expect(passes).toHaveLength(1);
    controller.enqueue('a');
    await settle();
    expect(passes).toHaveLength(2);
  });
});

it('an exception touches its own key only, and is tried again', async () => {
  let failures = 3;
  const controller = make((key) => {
    if (key === 'bad' && failures-- > 0) throw new Error('boom');
    return Promise.resolve({ kind: 'done' });
  }, 1);
  controller.start();
  controller.enqueue('bad');
  controller.enqueue('good');
  await settle();
  expect(passes).toEqual(['bad', 'good']);
  await clock.advance(60_000);
  expect(passes.filter((key) => key === 'bad')).toHaveLength(4);
  expect(await counted('error')).toBe(3);
  expect(await counted('success')).toBe(2);
});

it('the time limit fires the signal; a pass that ignores it still keeps its key', async () => {
  const release = Promise.withResolvers<Outcome>();
  let signal: AbortSignal | undefined;
  const controller = make((_key, context) => {
    signal = context.signal;
    return release.promise;
  });
  controller.start();
  controller.enqueue('a');
  await clock.advance(999);
  expect(signal?.aborted).toBe(false);
  await clock.advance(1);
  expect(signal?.aborted).toBe(true);
  controller.enqueue('a');
  await clock.advance(10_000);
  expect(passes).toHaveLength(1);
  release.resolve({ kind: 'done' });
  await settle();
  expect(passes).toHaveLength(2);
});

describe('stop', () => {
  it('starts nothing new and waits for what is under way', async () => {
    const release = Promise.withResolvers<Outcome>();
    const controller = make(() => release.promise, 1);
    controller.start();
    controller.enqueue('a');
    controller.enqueue('b');
    await settle();
    const stopped = controller.stop(5_000);
    controller.enqueue('c');
    await clock.advance(1_000);
    release.resolve({ kind: 'done' });
    expect(await stopped).toBe(true);
    await controller.finished;
    expect(passes).toEqual(['a']);
    expect(clock.pending).toBe(0);
  });

  it('aborts at the deadline, and says if that did not help', async () => {
    const polite = make(
      (_key, { signal }) => {
        const ended = Promise.withResolvers<Outcome>();
        signal.addEventListener('abort', () => ended.reject(signal.reason as Error));
        return ended.promise;
      },
      1,
      3_600_000,
    );
    const deaf = make(() => Promise.withResolvers<Outcome>().promise, 1, 3_600_000);
    const results: boolean[] = [];
    for (const controller of [polite, deaf]) {
      controller.start();
      controller.enqueue('a');
      await settle();
      const stopped = controller.stop(500);
      await clock.advance(5_000);
      results.push(await stopped);
    }
    expect(results).toEqual([true, false]);
  });
});
