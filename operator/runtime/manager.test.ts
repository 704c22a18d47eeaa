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

  describe('with leader election', () => {
    let elected: PromiseWithResolvers<void>;
    let lost: PromiseWithResolvers<never>;
    let stopDeadlines: number[];

    beforeEach(() => {
      elected = Promise.withResolvers();
      lost = Promise.withResolvers();
      stopDeadlines = [];
    });

    function candidate(): Manager {
      const stop = (ms: number): Promise<boolean> => {
        stopDeadlines.push(ms);
        return controller.stop(ms);
      };
      return new Manager({
        ...deps,
        runnables: [cache],
        controllers: [{ ...controller, stop }],
        leadership: {
          start: () => {
            log.push('apply');
            return elected.promise;
          },
          lost: lost.promise,
        },
        closers: [{ name: 'lease', close: () => Promise.resolve(log.push('resign')) }],
      });
    }

    it('applies when caches are filled, is ready as a standby, and starts controllers when elected', async () => {
      const manager = candidate();
      const run = manager.run();
      await settle();
      expect(log).toEqual(['cache start']);
      synced.resolve();
      await settle();
      expect(log).toEqual(['cache start', 'apply']);
      expect(manager.ready).toBe(true);
      elected.resolve();
      await settle();
      expect(log.at(-1)).toBe('controller start');
      manager.stop();
      await run;
      expect(log.slice(3)).toEqual(['controller stop', 'cache stop', 'resign']);
      expect(stopDeadlines).toEqual([17_500]);
    });

    it('a standby can be stopped', async () => {
      const manager = candidate();
      const run = manager.run();
      synced.resolve();
      await settle();
      manager.stop();
      await run;
      expect(log).not.toContain('controller start');
      expect(log.at(-1)).toBe('resign');
    });

    it('the loss of the lead is the end, and nothing is waited for', async () => {
      const run = candidate()
        .run()
        .catch((error: unknown) => error as Error);
      synced.resolve();
      elected.resolve();
      await settle();
      lost.reject(new Error('the lease was lost'));
      expect(await run).toMatchObject({ message: 'the lease was lost' });
      expect(stopDeadlines).toEqual([0]);
    });
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
