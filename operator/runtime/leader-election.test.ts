// The election by the clock: candidates on a lease that a script can cut off, delay or edit. What two real processes do to a
// real API server is in test/runtime.
import { afterEach, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import type { Clock } from './clock.ts';
import { Candidate, Standstill, Store, TIMES, type Wire } from './leader-election-testing.ts';
import { wrongTimes } from './leader-election.ts';
import { ManualClock, seededRandom, settle } from './testing.ts';

let clock: ManualClock;
let store: Store;
let candidates: Candidate[];

beforeEach(() => {
  clock = new ManualClock();
  store = new Store();
  candidates = [];
});

afterEach(async () => {
  await Promise.all(candidates.map((each) => each.stop()));
  if (clock.pending > 0) throw new Error('a timer was left');
});

function candidate(identity: string, by: Clock = clock): Candidate {
  const made = new Candidate(store, by, identity, candidates.length + 1, clock).start();
  candidates.push(made);
  return made;
}

/** One that is told of changes. */
function listener(identity: string): Candidate {
  const made = candidate(identity);
  made.hears = true;
  return made;
}

/** Moves on in small steps; fails if two ever lead at once. */
async function pass(ms: number): Promise<void> {
  for (const end = clock.monotonic() + ms; clock.monotonic() < end;) {
    await clock.advance(50);
    expect(candidates.filter(({ leads }) => leads).length).toBeLessThanOrEqual(1);
  }
}

/** Returns ms until `wanted`. */
async function until(wanted: () => boolean, most = 120_000): Promise<number> {
  const from = clock.monotonic();
  while (!wanted()) {
    if (clock.monotonic() - from > most) throw new Error('not within its time');
    await pass(50);
  }
  return clock.monotonic() - from;
}

describe('a candidate', () => {
  it('creates the lease, and renews it with one request each period', async () => {
    const a = candidate('a');
    await settle();
    expect(a.leads).toBe(true);
    expect(store.lease?.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(store.lease?.spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const { acquireTime } = store.lease?.spec ?? {};
    expect(a.requests).toBe(2);
    await clock.advance(60_000);
    expect(a.requests).toBe(2 + 30);
    expect(a.leads).toBe(true);
    expect(store.lease?.spec).toMatchObject({ acquireTime, leaseTransitions: 0 });
    expect(a.news).toEqual([{ kind: 'elected', leaseUID: 'uid', transitions: 0 }]);
  });

  it('waits for a live holder, and is told whom it waits for, once', async () => {
    candidate('a');
    await settle();
    const b = candidate('b');
    await pass(60_000);
    expect(b.leads).toBe(false);
    expect(b.news).toEqual([{ kind: 'standby', holder: 'a' }]);
  });

  it('takes over when it has seen the lease unchanged for its duration, whatever the holder’s clock says', async () => {
    for (const renewTime of ['2000-01-01T00:00:00.000000Z', '2999-01-01T00:00:00.000000Z']) {
      store.put({ holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime, leaseTransitions: 6 });
      const b = candidate('b');
      const took = await until(() => b.leads);
      expect(took).toBeGreaterThanOrEqual(15_000);
      // Seen by its first look, taken by the one that it sets for the end: in between no pause is added.
      expect(took).toBeLessThanOrEqual(15_000 + 100);
      expect(store.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 7 });
      await b.stop();
    }
  });

  it('waits as long as the holder asked for, not as long as it would ask for itself', async () => {
    store.put({ holderIdentity: 'gone', leaseDurationSeconds: 40 });
    const b = candidate('b');
    expect(await until(() => b.leads)).toBeGreaterThanOrEqual(40_000);
  });

  it('counts from the last change that it saw', async () => {
    store.put({ holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime: '1' });
    const b = candidate('b');
    await clock.advance(10_000);
    store.put({ ...store.lease?.spec, renewTime: '2' });
    expect(await until(() => b.leads)).toBeGreaterThanOrEqual(15_000);
  });

  it('does not lead by an answer that it reads only after standing still', async () => {
    const still = new Standstill(clock);
    store.put({ holderIdentity: '' });
    const a = candidate('a', still);
    a.answerMs = 60_000;
    await still.freeze(60_000);
    expect(store.lease?.spec?.holderIdentity).toBe('a');
    expect(a.leads).toBe(false);
    expect(a.news).toEqual([]);
    a.answerMs = 0;
    await until(() => a.leads, 10_000);
    expect(store.lease?.spec?.leaseTransitions).toBe(1);
  });

  it('does not lead by a write whose answer is lost, and counts it as its own later', async () => {
    const a = candidate('a');
    a.wire = 'lostAnswer';
    await until(() => store.lease?.spec?.holderIdentity === 'a');
    expect(a.leads).toBe(false);
    a.wire = 'works';
    await until(() => a.leads);
    expect(store.lease?.spec?.leaseTransitions).toBe(0);
  });
});

describe('a candidate that is told of changes', () => {
  it('follows a leader that died when the lease has lasted from its last renewal', async () => {
    for (const after of [100, 1_000, 1_900]) {
      const a = candidate('a');
      await until(() => a.leads);
      const b = listener('b');
      await pass(30_000);
      const renewal = store.lease?.metadata.resourceVersion;
      await until(() => store.lease?.metadata.resourceVersion !== renewal);
      const renewed = clock.monotonic();
      await pass(after);
      a.wire = 'hangs';
      await until(() => b.leads);
      expect(clock.monotonic() - renewed).toBeGreaterThanOrEqual(15_000);
      expect(clock.monotonic() - renewed).toBeLessThanOrEqual(15_000 + 200 + 100);
      await b.stop();
      b.until = 0;
      await b.elector.release(new AbortController().signal);
    }
  });

  it('follows one that gives the lease away at once, and of several one does', async () => {
    const a = candidate('a');
    await settle();
    const others = ['b', 'c', 'd'].map(listener);
    await pass(20_000);
    await a.stop();
    a.until = 0;
    // So that all have read that it is free before one has taken it.
    for (const other of others) other.answerMs = 250;
    await a.elector.release(new AbortController().signal);
    expect(await until(() => others.some(({ leads }) => leads))).toBeLessThanOrEqual(200 + 2 * 250 + 50);
    await pass(1_000);
    expect(store.lease?.spec).toMatchObject({ leaseTransitions: 1 });
    // Who was too late has no trouble: it waits for another.
    expect(others.flatMap(({ news }) => news.map(({ kind }) => kind))).not.toContain('trouble');
  });

  it('reads no more than ten times a second however often it is told, and believes only what it reads', async () => {
    const a = candidate('a');
    await settle();
    const b = candidate('b');
    await settle();
    const { requests } = b;
    for (let i = 0; i < 6_000; i++) {
      b.alarm();
      await clock.advance(10);
    }
    expect(b.requests - requests).toBeLessThan(60 * 15);
    expect([a.leads, b.leads]).toEqual([true, false]);
  });

  it('is not followed while it leads', async () => {
    const a = candidate('a');
    await settle();
    const b = listener('b');
    await pass(1_000);
    expect(store.followers.size).toBe(1);
    a.wire = 'hangs';
    await until(() => b.leads);
    expect(store.followers.size).toBe(0);
  });
});

describe('the leader', () => {
  it.each(['refuses', 'hangs', 'lostAnswer'] as const)(
    'stops leading at its deadline when the wire %s, before another starts',
    async (wire) => {
      const a = candidate('a');
      await settle();
      const b = candidate('b');
      await clock.advance(5_000);
      a.wire = wire;
      const stopped = await until(() => !a.leads);
      expect(stopped).toBeLessThanOrEqual(10_000);
      await until(() => a.end !== null, 100);
      expect(a.end).toMatchObject({ kind: 'lost', why: /in time/ });
      await until(() => b.leads);
      a.wire = 'works';
      await pass(30_000);
      expect(b.leads).toBe(true);
    },
  );

  it('goes on when the wire mends in time', async () => {
    const a = candidate('a');
    await settle();
    a.wire = 'hangs';
    await clock.advance(6_000);
    a.wire = 'lostAnswer';
    await clock.advance(1_500);
    a.wire = 'works';
    await pass(30_000);
    a.wire = 'hangs';
    await pass(5_000);
    a.wire = 'works';
    await pass(30_000);
    expect(a.leads).toBe(true);
    expect(a.news.map(({ kind }) => kind)).toEqual(['elected', 'trouble', 'trouble']);
  });

  it('counts from when it sent the renewal, not from its answer', async () => {
    const a = candidate('a');
    await settle();
    const sentAt = clock.monotonic() + 2_000;
    a.answerMs = 3_000;
    await pass(5_500);
    expect(a.until).toBe(sentAt + 10_000);
  });

  it('that stood still while a renewal was under way has lost, though it was renewed', async () => {
    const still = new Standstill(clock);
    const a = candidate('a', still);
    await settle();
    const { until: before } = a;
    a.answerMs = 60_000;
    await clock.advance(2_000);
    await still.freeze(60_000);
    await clock.advance(100);
    expect(a.end).toMatchObject({ kind: 'lost' });
    expect(a.until).toBe(before);
  });

  it('that finds another’s name in the lease stops at once', async () => {
    const a = candidate('a');
    await settle();
    store.put({ ...store.lease?.spec, holderIdentity: 'other' });
    await until(() => a.end !== null, 2_100);
    expect(a.end).toMatchObject({ kind: 'lost', why: /held by other/ });
    expect(store.lease?.spec?.holderIdentity).toBe('other');
  });

  it('that finds nobody’s name does not take it again', async () => {
    const a = candidate('a');
    await settle();
    store.put({ ...store.lease?.spec, holderIdentity: '' });
    await until(() => a.end !== null, 2_100);
    expect(store.lease?.spec?.holderIdentity).toBe('');
  });

  it('survives a label on the lease, and its deletion', async () => {
    const a = candidate('a');
    await settle();
    store.put({ ...store.lease?.spec });
    await clock.advance(3_000);
    store.lease = null;
    await clock.advance(12_000);
    expect(a.leads).toBe(true);
    expect(store.lease).toMatchObject({ spec: { holderIdentity: 'a' } });
  });

  it('whose work is stuck lets the lease run out', async () => {
    const a = candidate('a');
    await settle();
    const b = candidate('b');
    a.stuck = true;
    await until(() => b.leads);
    expect(a.end).toMatchObject({ kind: 'lost', why: /get on/ });
  });

  it('that stood still past its deadline has lost, even if nobody took over', async () => {
    const still = new Standstill(clock);
    const a = candidate('a', still);
    await settle();
    await clock.advance(1_000);
    await still.freeze(60_000);
    await clock.advance(5_000);
    expect(a.end).toMatchObject({ kind: 'lost' });
    expect(a.leads).toBe(false);
  });
});

describe('a release', () => {
  it('lets the next one start at its next look', async () => {
    const a = candidate('a');
    await settle();
    const b = candidate('b');
    await clock.advance(1_000);
    await a.stop();
    a.until = 0; // the gate is shut by whoever resigns
    await a.elector.release(new AbortController().signal);
    expect(store.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    expect(await until(() => b.leads)).toBeLessThan(2_000 * 2.2 + 100);
    expect(store.lease?.spec).toMatchObject({ leaseTransitions: 1 });
  });

  it('is not prevented by a label, and takes nothing from another', async () => {
    const a = candidate('a');
    await settle();
    await a.stop();
    store.put({ ...store.lease?.spec });
    await a.elector.release(new AbortController().signal);
    expect(store.lease?.spec?.holderIdentity).toBe('');

    const b = candidate('b');
    await settle();
    await b.stop();
    store.put({ ...store.lease?.spec, holderIdentity: 'c' });
    await b.elector.release(new AbortController().signal);
    expect(store.lease?.spec?.holderIdentity).toBe('c');
  });

  it('of a lease that was never held asks nothing', async () => {
    store.put({ holderIdentity: 'other', leaseDurationSeconds: 15 });
    const a = candidate('a');
    await settle();
    await a.stop();
    const { requests } = a;
    await a.elector.release(new AbortController().signal);
    expect(a.requests).toBe(requests);
  });
});

it('of many candidates with bad wires at most one leads, whatever happens', async () => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  const wires: readonly Wire[] = ['works', 'works', 'refuses', 'hangs', 'lostAnswer'];
  onTestFailed(({ task }) => task.result?.errors?.forEach((error) => (error.message += ` (seed ${seed})`)));
  for (let round = 0; round < 200; round++) {
    while (candidates.filter(({ end }) => end === null).length < 3) {
      candidate(`c${candidates.length}`).hears = random() < 0.5;
    }
    for (const each of candidates) if (random() < 0.2) each.alarm();
    for (const each of candidates) each.wire = wires[Math.floor(random() * wires.length)] ?? 'works';
    await pass(random() * 12_000);
  }
  expect(store.lease?.spec?.leaseTransitions).toBeGreaterThan(3);
});

it('times that would not keep the promises are refused', () => {
  expect(wrongTimes(TIMES)).toBeNull();
  for (const wrong of [
    { ...TIMES, renewDeadlineMs: 15_000 },
    { ...TIMES, leaseDurationMs: 15_500 },
    { ...TIMES, retryPeriodMs: 9_000 },
    { ...TIMES, retryPeriodMs: 0 },
  ]) {
    expect(wrongTimes(wrong)).not.toBeNull();
  }
});
