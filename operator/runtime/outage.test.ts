// Calls while the API server is away: who looks whether it is back, who waits, and for how long.
import { beforeEach, describe, expect, it } from 'vitest';
import { Outage, type Ending } from './outage.ts';
import { ManualClock, settle, testDeps } from './testing.ts';

type Ended = (ending: Ending) => void;

let clock: ManualClock;
let outage: Outage;
const never = new AbortController().signal;

beforeEach(() => {
  clock = new ManualClock();
  outage = new Outage(testDeps(clock));
});

async function calls(n: number, ending: Ending): Promise<void> {
  const turns = await Promise.all(Array.from({ length: n }, () => outage.turn(never)));
  for (const ended of turns) ended(ending);
}

/** A call that waits for its turn; `sent` once it has it. */
function waiting(signal = never): { sent: Ended | null; at: number } {
  const call: { sent: Ended | null; at: number } = { sent: null, at: 0 };
  void outage.turn(signal).then((ended) => {
    call.sent = ended;
    call.at = clock.monotonic();
  });
  return call;
}

describe('while the server answers', () => {
  it('no call waits, whatever fails in between', async () => {
    for (let i = 0; i < 10; i++) {
      await calls(4, 'unanswered');
      await calls(1, 'answered');
    }
    await calls(100, 'unknown');
    const call = waiting();
    await settle();
    expect(call.sent).not.toBeNull();
  });
});

describe('while it does not', () => {
  it('one call looks at a time, with pauses that grow; all others wait for what it finds', async () => {
    await calls(20, 'unanswered');
    const others = Array.from({ length: 30 }, () => waiting());
    const looks: number[] = [];
    const from = clock.monotonic();
    while (clock.monotonic() - from < 10_000) {
      await clock.advance(10);
      const out = others.filter(({ sent }) => sent !== null);
      expect(out.length).toBeLessThanOrEqual(1);
      for (const call of out) {
        looks.push(call.at - from);
        call.sent?.('unanswered');
        others.splice(others.indexOf(call), 1, waiting());
      }
    }
    expect(looks.length).toBeGreaterThanOrEqual(10);
    expect(looks.length).toBeLessThanOrEqual(20);
    const pauses = looks.map((at, i) => at - (looks[i - 1] ?? 0));
    expect(Math.max(...pauses.slice(0, 2))).toBeLessThan(250);
    expect(Math.min(...pauses.slice(5))).toBeGreaterThanOrEqual(500);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1_020);
  });

  it('the first that is answered lets all others go, and the next outage begins anew', async () => {
    await calls(5, 'unanswered');
    const others = Array.from({ length: 5 }, () => waiting());
    await clock.advance(100);
    others.find(({ sent }) => sent !== null)?.sent?.('answered');
    await settle();
    expect(others.every(({ sent }) => sent !== null)).toBe(true);
    await calls(4, 'unanswered');
    const call = waiting();
    await settle();
    expect(call.sent).not.toBeNull();
  });

  it('a call under way since before that is answered lets all go at once', async () => {
    const slow = await outage.turn(never);
    await calls(5, 'unanswered');
    const others = [waiting(), waiting()];
    await settle();
    slow('answered');
    await settle();
    expect(others.every(({ sent }) => sent !== null)).toBe(true);
  });

  it('one that fails late does not send a second one out to look', async () => {
    const slow = await outage.turn(never);
    await calls(5, 'unanswered');
    const others = [waiting(), waiting(), waiting()];
    await clock.advance(100);
    slow('unanswered');
    await clock.advance(1_000);
    expect(others.filter(({ sent }) => sent !== null)).toHaveLength(1);
  });

  it('one that looks and hangs, or gives up, is followed by another', async () => {
    await calls(5, 'unanswered');
    const others = [waiting(), waiting(), waiting()];
    await clock.advance(100);
    const first = others.find(({ sent }) => sent !== null);
    await clock.advance(4_000);
    expect(others.filter(({ sent }) => sent !== null)).toHaveLength(2);
    first?.sent?.('unknown');
    await clock.advance(1_000);
    expect(others.filter(({ sent }) => sent !== null)).toHaveLength(3);
  });

  it('a call whose signal fires waits no longer, and leaves nothing behind', async () => {
    await calls(5, 'unanswered');
    const caller = new AbortController();
    const looks = waiting(caller.signal);
    const other = waiting();
    await settle();
    caller.abort(new Error('enough'));
    await settle();
    expect(looks.sent).not.toBeNull();
    looks.sent?.('unknown');
    await clock.advance(500);
    expect(other.sent).not.toBeNull();
    other.sent?.('answered');
    expect(clock.pending).toBe(0);
  });
});
