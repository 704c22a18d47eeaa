// The order of starting and stopping, and that no part dies unnoticed.
import { beforeEach, describe, expect, it } from 'vitest';
import { Manager, type Drainable, type Runnable } from './manager.ts';
import { ManualClock, settle, testDeps } from './testing.ts';

let log: string[];
let deps: ReturnType<typeof testDeps<ManualClock>>;
let synced: PromiseWithResolvers<void>;
let cacheEnd: PromiseWithResolvers<void>;
let controllerEnd: PromiseWithResolvers<void>;
let cache: Runnable;
let controller: Drainable;

beforeEach(() => {
  log = [];
  deps = testDeps(new ManualClock());
  synced = Promise.withResolvers();
  cacheEnd = Promise.withResolvers();
  controllerEnd = Promise.withResolvers();
  cache = {
    name: 'cache',
    synced: synced.promise,
    start: (signal) => {
      log.push('cache start');
      signal.addEventListener('abort', () => {
        log.push('cache stop');
        cacheEnd.resolve();
      });
      return cacheEnd.promise;
    },
  };
  controller = {
    name: 'controller',
    finished: controllerEnd.promise,
    start: () => log.push('controller start'),
    stop: () => {
      log.push('controller stop');
      return Promise.resolve(true);
    },
  };
});

function make(): Manager {
  return new Manager({
    ...deps,
    runnables: [cache],
    controllers: [controller],
    closers: [
      { name: 'events', close: () => Promise.resolve(log.push('events close')) },
      { name: 'pools', close: () => Promise.resolve(log.push('pools close')) },
    ],
  });
}

const STOPPED = ['controller stop', 'cache stop', 'events close', 'pools close'];

describe('the manager', () => {
  it('starts controllers when caches are filled, is ready then, and stops in reverse order', async () => {
    const manager = make();
    const run = manager.run();
    await settle();
    expect(log).toEqual(['cache start']);
    expect(manager.ready).toBe(false);
    synced.resolve();
    await settle();
    expect(log).toEqual(['cache start', 'controller start']);
    expect(manager.ready).toBe(true);
    manager.stop();
    await run;
    expect(manager.ready).toBe(false);
    expect(log).toEqual(['cache start', 'controller start', ...STOPPED]);
    expect(deps.clock.pending).toBe(0);
  });

  it('can be stopped before the caches are filled', async () => {
    const stop = new AbortController();
    const run = make().run(stop.signal);
    await settle();
    stop.abort(new Error('SIGTERM'));
    await run;
    expect(log).not.toContain('controller start');
  });

  it('fails with the reason when a part dies, and stops the rest', async () => {
    for (const kill of [
      () => cacheEnd.reject(new Error('the bug')),
      () => controllerEnd.reject(new Error('the bug')),
    ]) {
      const run = make()
        .run()
        .catch((error: unknown) => error as Error);
      synced.resolve();
      await settle();
      kill();
      const error = await run;
      expect(error?.cause).toMatchObject({ message: 'the bug' });
      expect(log).toContain('pools close');
      log = [];
      controllerEnd = Promise.withResolvers();
      cacheEnd = Promise.withResolvers();
      controller = { ...controller, finished: controllerEnd.promise };
    }
  });

  it('does not take an early end for health', async () => {
    const run = make()
      .run()
      .catch((error: unknown) => error as Error);
    synced.resolve();
    await settle();
    cacheEnd.resolve();
    expect((await run)?.message).toBe('cache ended by itself');
  });

  it('a closer that hangs or throws keeps nobody from the exit', async () => {
    const manager = new Manager({
      ...deps,
      runnables: [],
      controllers: [],
      closers: [
        { name: 'hangs', close: () => Promise.withResolvers<void>().promise },
        { name: 'throws', close: () => Promise.reject(new Error('no')) },
        { name: 'last', close: () => Promise.resolve(log.push('last')) },
      ],
    });
    const run = manager.run();
    manager.stop();
    await deps.clock.advance(60_000);
    await run;
    expect(log).toEqual(['last']);
  });
});
