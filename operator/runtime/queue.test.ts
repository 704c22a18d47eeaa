// The promises of the work queue: a key once, one worker a key, priorities without starvation, delays, back-off, shutdown.
import { beforeEach, describe, expect, it } from 'vitest';
import { WorkQueue, type Work } from './queue.ts';
import { ManualClock, settle, testDeps } from './testing.ts';

let clock: ManualClock;
let deps: ReturnType<typeof testDeps<ManualClock>>;
let queue: WorkQueue;

beforeEach(() => {
  clock = new ManualClock();
  deps = testDeps(clock);
  queue = new WorkQueue({ ...deps, name: 'q', backoffBaseMs: 100, backoffMaxMs: 1_000 });
});

async function take(): Promise<string> {
  const work = await queue.get();
  if (work === null) throw new Error('the queue was shut down');
  return work.key;
}

describe('a key', () => {
  it('waits once, however often it is added', async () => {
    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(1);
    expect(await take()).toBe('a');
    expect(queue.depth).toBe(0);
  });

  it('added while it is worked on comes again after done, and not before', async () => {
    queue.add('a');
    await take();
    queue.add('a');
    queue.add('a');
    let second: Work | null | undefined;
    void queue.get().then((work) => (second = work));
    await settle();
    expect(second).toBeUndefined();
    queue.done('a');
    await settle();
    expect(second?.key).toBe('a');
    queue.done('a');
    expect(queue.depth).toBe(0);
  });

  it('goes to a worker that waits already', async () => {
    const waiting = queue.get();
    queue.add('a');
    expect(await waiting).toEqual({ key: 'a', priority: 'low' });
  });
});

describe('priority', () => {
  it('high overtakes low', async () => {
    queue.add('bulk');
    queue.add('person', 'high');
    expect([await take(), await take()]).toEqual(['person', 'bulk']);
  });

  it('a key that waits low moves up', async () => {
    queue.add('bulk');
    queue.add('a');
    queue.add('a', 'high');
    queue.add('a');
    expect(queue.depth).toBe(2);
    expect([await take(), await take()]).toEqual(['a', 'bulk']);
  });

  it('high while worked on is not lost by a later low', async () => {
    queue.add('a');
    await take();
    queue.add('a', 'high');
    queue.add('a', 'low');
    queue.add('b', 'low');
    queue.done('a');
    expect([await take(), await take()]).toEqual(['a', 'b']);
  });

  it('low does not starve', async () => {
    queue.add('bulk');
    for (let n = 0; n < 20; n++) queue.add(`p${n}`, 'high');
    const order = [];
    for (let n = 0; n < 21; n++) order.push(await take());
    expect(order.indexOf('bulk')).toBe(8);
  });
});

describe('delay', () => {
  it('comes when due; the earlier wins, the later is no second', async () => {
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 100);
    queue.addAfter('a', 500);
    await clock.advance(99);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(queue.depth).toBe(1);
    await take();
    queue.done('a');
    await clock.advance(10_000);
    expect(queue.depth).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('keeps the order of thousands', async () => {
    const times = Array.from({ length: 2_000 }, () => Math.ceil(deps.random() * 10_000));
    for (const [n, ms] of times.entries()) queue.addAfter(String(n), ms);
    expect(queue.delayed).toBe(2_000);
    const order: number[] = [];
    await clock.advance(10_000);
    for (let n = 0; n < 2_000; n++) order.push(times[Number(await take())] ?? -1);
    expect(order).toEqual([...times].sort((a, b) => a - b));
  });

  it('keeps its priority', async () => {
    queue.addAfter('person', 100, 'high');
    await clock.advance(100);
    queue.add('bulk');
    expect(await queue.get()).toEqual({ key: 'person', priority: 'high' });
  });
});

describe('back-off', () => {
  it('doubles per key up to the cap, with jitter, and starts again after forget', () => {
    const delays = Array.from({ length: 6 }, () => queue.addRateLimited('a'));
    for (const [n, full] of [100, 200, 400, 800, 1_000, 1_000].entries()) {
      expect(delays[n]).toBeGreaterThanOrEqual(full / 2);
      expect(delays[n]).toBeLessThanOrEqual(full);
    }
    expect(queue.addRateLimited('b')).toBeLessThanOrEqual(100);
    queue.forget('a');
    expect(queue.addRateLimited('a')).toBeLessThanOrEqual(100);
  });
});

describe('shutdown', () => {
  it('lets workers go, takes nothing in, and waits for what is under way', async () => {
    queue.add('a');
    queue.add('b');
    await take();
    queue.addAfter('c', 10);
    const waiting = [queue.get(), queue.get()];
    expect((await waiting[0])?.key).toBe('b');
    queue.shutDown();
    expect(await waiting[1]).toBeNull();
    expect(await queue.get()).toBeNull();
    queue.add('d');
    expect([queue.depth, queue.delayed, clock.pending]).toEqual([0, 0, 0]);
    let drained = false;
    void queue.drained().then(() => (drained = true));
    queue.done('a');
    await settle();
    expect(drained).toBe(false);
    queue.done('b');
    await settle();
    expect(drained).toBe(true);
  });
});

it('tells the metrics of client-go', async () => {
  queue.add('a');
  queue.add('a');
  queue.add('b');
  await clock.advance(2_000);
  await take();
  await clock.advance(3_000);
  queue.addRateLimited('c');
  const text = await deps.metrics.text();
  expect(text).toContain('workqueue_adds_total{name="q"} 2');
  expect(text).toContain('workqueue_depth{name="q"} 1');
  expect(text).toContain('workqueue_retries_total{name="q"} 1');
  expect(text).toContain('workqueue_queue_duration_seconds_sum{name="q"} 2');
  expect(text).toContain('workqueue_unfinished_work_seconds{name="q"} 3');
  expect(text).toContain('workqueue_longest_running_processor_seconds{name="q"} 3');
  queue.done('a');
  expect(await deps.metrics.text()).toContain('workqueue_work_duration_seconds_sum{name="q"} 3');
});
