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
let streams: number;

beforeEach(() => {
  clock = new ManualClock();
  deps = testDeps(clock);
  stop = new AbortController();
  deliveries = [];
  positions = [];
  lists = 0;
  streams = 0;
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

function start(project: (name: string) => string = (name) => name, watchList = false): void {
  const reflector = new Reflector<string>({
    ...deps,
    client: {
      async *list() {
        lists++;
        yield { items: [], resourceVersion: await listing() };
      },
      async *watch(_resource: Resource, options: WatchOptions, signal: AbortSignal) {
        positions.push(options.resourceVersion);
        if (options.sendInitialEvents === true) streams++;
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
    tuning: { watchList },
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

  it('of a server that is back after minutes has pauses of its own: all is known within seconds', async () => {
    const trouble = [
      ...Array.from({ length: 10 }, () => new KubeError({ status: 0, reason: 'NoAnswer', message: 'refused' })),
      ...Array.from(
        { length: 3 },
        () => new KubeError({ status: 429, reason: 'TooManyRequests', message: 'setting up' }),
      ),
      new KubeError({ status: 410, reason: 'Expired', message: 'too old' }),
    ];
    let answeredAt = 0;
    watching = (emit, signal) => {
      const next = trouble.shift();
      if (next?.status === 429) answeredAt ||= clock.monotonic();
      return next === undefined ? hang(emit, signal) : Promise.reject(next);
    };
    start();
    const from = clock.monotonic();
    while (deliveries.length < 2 && clock.monotonic() - from < 600_000) await clock.advance(50);
    expect(answeredAt - from).toBeGreaterThan(60_000);
    expect(clock.monotonic() - answeredAt).toBeLessThan(3_500);
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

describe('the whole over a watch (WatchList)', () => {
  const end = (resourceVersion: string): WatchEvent => ({
    type: 'BOOKMARK',
    object: { metadata: { name: '', resourceVersion, annotations: { 'k8s.io/initial-events-end': 'true' } } },
  });
  const named = (type: WatchEvent['type'], name: string, resourceVersion: string): WatchEvent => ({
    type,
    object: { metadata: { name, namespace: 'ns', resourceVersion } },
  });
  const startStreaming = (project?: (name: string) => string): void => start(project, true);

  it('is one delivery, in whatever order the versions come, and the watch goes on', async () => {
    watching = async (emit, signal) => {
      emit(named('ADDED', 'a', '90'));
      emit(named('ADDED', 'b', '20'));
      emit(named('ADDED', 'c', '30'));
      emit(event('BOOKMARK', '40'));
      emit(named('MODIFIED', 'b', '95'));
      emit(named('DELETED', 'c', '96'));
      await settle();
      expect(deliveries).toEqual([]);
      emit(end('100'));
      emit(named('ADDED', 'd', '101'));
      await hang(emit, signal);
    };
    startStreaming();
    await settle();
    await settle();
    expect(deliveries).toEqual([
      { type: 'replaced', items: ['a', 'b'], unreadable: new Set(), resourceVersion: '100' },
      { type: 'added', item: 'd' },
    ]);
    expect({ lists, streams, positions }).toEqual({ lists: 0, streams: 1, positions: [undefined] });
  });

  it('tells what is there and cannot be read', async () => {
    watching = async (emit, signal) => {
      emit(named('ADDED', 'a', '90'));
      emit(end('100'));
      await hang(emit, signal);
    };
    startStreaming(() => {
      throw new Error('no sense');
    });
    await settle();
    expect(deliveries).toEqual([
      { type: 'replaced', items: [], unreadable: new Set(['ns/a']), resourceVersion: '100' },
    ]);
  });

  it('a server that refuses it is asked for pages at once, and never again for this', async () => {
    watching = () => Promise.reject(new KubeError({ status: 422, reason: 'Invalid', message: 'sendInitialEvents' }));
    startStreaming();
    await settle();
    expect({ lists, streams }).toEqual({ lists: 1, streams: 1 });
    watching = () => Promise.reject(new KubeError({ status: 410, reason: 'Expired', message: 'too old' }));
    await clock.advance(300_000);
    expect(lists).toBeGreaterThan(3);
    expect(streams).toBe(1);
  });

  it.each<[string, Script]>([
    ['breaks', () => Promise.reject(new KubeError({ status: 0, reason: 'NoAnswer', message: 'cut' }))],
    ['ends', () => Promise.resolve()],
    ['falls silent', hang],
  ])('one that %s half way delivers nothing; pages follow, and the next is a stream again', async (_, how) => {
    watching = async (emit, signal) => {
      emit(named('ADDED', 'a', '90'));
      emit(event('BOOKMARK', '95'));
      await how(emit, signal);
    };
    startStreaming();
    await settle();
    watching = hang;
    await clock.advance(60_000);
    expect({ lists, streams }).toEqual({ lists: 1, streams: 1 });
    expect(deliveries.map((each) => each.type)).toEqual(['replaced']);
    expect(deliveries[0]).toMatchObject({ items: [] });
    // Overdue twice without a word.
    await clock.advance(1_400_000);
    expect(streams).toBe(2);
  });

  it('a periodic one that breaks leaves the position, and the watch goes on from there', async () => {
    watching = async (emit, signal) => {
      const resourceVersion = positions.at(-1) ?? '100';
      if (positions.at(-1) === undefined && streams === 2)
        throw new KubeError({ status: 503, reason: 'x', message: 'x' });
      if (positions.at(-1) === undefined) emit(end('100'));
      for (let n = 0; n < 7 && !signal.aborted; n++) {
        emit(event('BOOKMARK', resourceVersion));
        await new Promise<void>((resolve) => clock.after(60_000, resolve));
      }
    };
    startStreaming();
    await settle();
    // Relisted after 4.5 to 7.5 hours; the last watch before that takes 7 minutes.
    const again = (): boolean => streams >= 2;
    for (let minutes = 0; minutes < 460 && !again(); minutes++) await clock.advance(60_000);
    await clock.advance(1_000);
    expect(positions.at(-1)).toBe('100');
    expect(lists).toBe(0);
    await clock.advance(900_000);
    expect(lists).toBe(1);
    watching = hang;
    await clock.advance(600_000);
  });
});
