// How the list-watch loop goes on after each way in which a watch can end, by the clock: from a scripted source.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WatchEvent, WatchOptions } from './client.ts';
import { KubeError } from './errors.ts';
import type { Resource } from './object.ts';
import { Reflector, type Delivery } from './reflector.ts';
import { ManualClock, settle, testDeps } from './testing.ts';

const resource: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };

/** One watch of the script: what it sends, then how it ends. */
type Script = (emit: (event: WatchEvent) => void, signal: AbortSignal) => Promise<void>;

let clock: ManualClock;
let deps: ReturnType<typeof testDeps<ManualClock>>;
let stop: AbortController;
let ended: Promise<void>;
let deliveries: Delivery<string>[];
let positions: (string | undefined)[];
let lists: number;
let watching: Script;
let listing: () => Promise<string>;

beforeEach(() => {
  clock = new ManualClock();
  deps = testDeps(clock);
  stop = new AbortController();
  deliveries = [];
  positions = [];
  lists = 0;
  listing = () => Promise.resolve(String(100 * lists));
  watching = hang;
});

afterEach(async () => {
  stop.abort(new Error('the test is over'));
  await ended;
  if (clock.pending > 0) throw new Error('a timer was left');
});

const hang: Script = (_emit, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

function event(type: WatchEvent['type'], resourceVersion: string): WatchEvent {
  return { type, object: { metadata: { name: 'a', resourceVersion } } };
}

function start(project: (name: string) => string = (name) => name): void {
  const reflector = new Reflector<string>({
    ...deps,
    client: {
      async *list() {
        lists++;
        yield { items: [], resourceVersion: await listing() };
      },
      async *watch(_resource: Resource, options: WatchOptions, signal: AbortSignal) {
        positions.push(options.resourceVersion);
        const events: WatchEvent[] = [];
        let wake: () => void = () => {};
        let over = false;
        let error: unknown = null;
        watching((each) => {
          events.push(each);
          wake();
        }, signal)
          .catch((thrown: unknown) => (error = thrown))
          .finally(() => {
            over = true;
            wake();
          });
        for (;;) {
          const next = events.shift();
          if (next !== undefined) yield next;
          else if (!over) await new Promise<void>((resolve) => (wake = resolve));
          else if (error !== null) throw error;
          else return;
        }
      },
    } as never,
    resource,
    namespace: null,
    project: (object) => project(object.metadata.name),
    deliver: (delivery) => deliveries.push(delivery),
  });
  ended = reflector.run(stop.signal);
}

describe('a watch', () => {
  it('starts where the list ended, and the next where the last event was', async () => {
    watching = async (emit) => {
      emit(event('ADDED', '105'));
      emit(event('BOOKMARK', '130'));
      await settle();
      throw new KubeError({ status: 0, reason: 'NoAnswer', message: 'cut' });
    };
    start();
    await settle();
    watching = hang;
    await clock.advance(1_000);
    expect(positions).toEqual(['100', '130']);
    expect(lists).toBe(1);
    expect(deliveries.map((each) => each.type)).toEqual(['replaced', 'added', 'bookmark']);
  });

  it('that outlives its time is abandoned and resumed', async () => {
    start();
    await clock.advance(600_000 + 31_000 + 16_000);
    expect(positions.length).toBe(2);
    expect(await deps.metrics.text()).toContain('watch_restarts_total{kind="ConfigMap",reason="overdue"} 1');
  });

  it('that had bookmarks and then falls silent is abandoned long before its time', async () => {
    watching = async (emit, signal) => {
      emit(event('BOOKMARK', '101'));
      await hang(emit, signal);
    };
    start();
    await clock.advance(170_000);
    expect(positions).toHaveLength(1);
    await clock.advance(30_000);
    expect(positions).toEqual(['100', '101']);
    expect(await deps.metrics.text()).toContain('watch_restarts_total{kind="ConfigMap",reason="silent"} 1');
  });

  it('that goes back in time leads to a new list', async () => {
    watching = async (emit, signal) => {
      emit(event('ADDED', '7'));
      await hang(emit, signal);
    };
    start();
    await settle();
    watching = hang;
    await clock.advance(1_000);
    expect(lists).toBe(2);
    expect(deliveries.map((each) => each.type)).toEqual(['replaced', 'replaced']);
  });

  it('two whole ones without a word lead to a new list', async () => {
    watching = () => new Promise((resolve) => clock.after(400_000, resolve));
    start();
    await clock.advance(900_000);
    expect(lists).toBe(2);
    watching = hang;
    await clock.advance(400_000);
  });
});

describe('trouble', () => {
  it('of any kind, for an hour, is no storm', async () => {
    const gone = new KubeError({ status: 410, reason: 'Expired', message: 'too old' });
    const refused = new KubeError({ status: 0, reason: 'NoAnswer', message: 'refused' });
    const scripts: Script[] = [() => Promise.reject(gone), () => Promise.reject(refused), () => Promise.resolve()];
    for (const script of scripts) {
      watching = script;
      positions = [];
      lists = 0;
      start();
      await clock.advance(3_600_000);
      expect(positions.length).toBeGreaterThan(110);
      expect(positions.length).toBeLessThan(300);
      stop.abort(new Error('next'));
      await ended;
      stop = new AbortController();
    }
  });

  it('with the list is tried again; nothing is delivered until it is whole', async () => {
    listing = () => Promise.reject(new KubeError({ status: 403, reason: 'Forbidden', message: 'no' }));
    start();
    await clock.advance(600_000);
    expect(deliveries).toEqual([]);
    expect(lists).toBeLessThan(60);
    listing = () => Promise.resolve('9');
    await clock.advance(31_000);
    expect(deliveries.map((each) => each.type)).toEqual(['replaced']);
  });

  it('Retry-After is waited for', async () => {
    listing = () => Promise.reject(new KubeError({ status: 429, reason: 'x', message: 'x', retryAfterMs: 20_000 }));
    start();
    await clock.advance(19_000);
    expect(lists).toBe(1);
    await clock.advance(2_000);
    expect(lists).toBe(2);
  });
});

it('lists anew now and then', async () => {
  watching = async (emit, signal) => {
    const resourceVersion = positions.at(-1) ?? '';
    for (let n = 0; n < 7 && !signal.aborted; n++) {
      emit(event('BOOKMARK', resourceVersion));
      await new Promise<void>((resolve) => clock.after(60_000, resolve));
    }
  };
  start();
  await clock.advance(8 * 3_600_000);
  expect(lists).toBe(2);
  watching = hang;
  await clock.advance(600_000);
});

it('an object that cannot be projected is neither delivered nor an end', async () => {
  watching = async (emit, signal) => {
    emit(event('ADDED', '105'));
    await hang(emit, signal);
  };
  start(() => {
    throw new Error('no sense');
  });
  await settle();
  expect(deliveries.map((each) => each.type)).toEqual(['replaced', 'bookmark']);
});
