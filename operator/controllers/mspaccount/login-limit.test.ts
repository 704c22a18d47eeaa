// At most three refused logins an hour for each host and username (promise 10), over accounts, restarts and whatever runs at once.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LoginOutcome, LoginTurn } from '../../upstream/client.ts';
import { LoginLimit } from './login-limit.ts';

const HOUR = 3_600_000;
const T0 = Date.parse('2026-05-01T12:00:00Z');
const never = new AbortController().signal;

function limitAt(start = T0) {
  const clock = { now: start };
  const limit = new LoginLimit(() => clock.now);
  /** One login from beginning to end. */
  const login = async (outcome: LoginOutcome, account = 'a', username = 'user', known: readonly string[] = []) => {
    const gate = limit.gate(account, 'https://ema', username, known);
    const turn = await gate.enter(never);
    if (turn.kind === 'go') gate.leave(outcome);
    return turn;
  };
  return { clock, limit, login };
}
const iso = (ms: number): string => new Date(ms).toISOString();
const go: LoginTurn = { kind: 'go' };

describe('LoginLimit', () => {
  test('three refusals, and then the oldest has to be an hour old', async () => {
    const { clock, login } = limitAt();
    for (const outcome of ['Refused', 'Unclear', 'Refused'] as const) {
      expect(await login(outcome)).toEqual(go);
      clock.now += 1000;
    }
    expect(await login('Refused')).toEqual({ kind: 'wait', ms: HOUR - 3000 });
    clock.now = T0 + HOUR;
    expect(await login('Refused')).toEqual(go);
    expect(await login('Refused')).toEqual({ kind: 'wait', ms: 1000 });
  });

  test('what is no refusal does not count', async () => {
    const { login } = limitAt();
    for (let i = 0; i < 9; i++) expect(await login(i % 2 === 0 ? 'Accepted' : 'NoAnswer')).toEqual(go);
  });

  test('is one for all accounts with the same host and username, however these are written', async () => {
    const { limit, login } = limitAt();
    for (const account of ['a', 'b', 'c']) await login('Refused', account);
    const enter = (endpoint: string, username: string) => limit.gate('d', endpoint, username).enter(never);
    for (const endpoint of ['https://ema', 'https://EMA:443', 'https://ema/']) {
      expect(await enter(endpoint, ' USER ')).toMatchObject({ kind: 'wait' });
    }
    expect(await enter('https://ema', 'other')).toEqual(go);
    expect(await enter('https://ema:8443', 'user')).toEqual(go);
  });

  test('an account knows its own refusals, in seconds of which none comes twice', async () => {
    const { clock, limit, login } = limitAt(T0 + 1);
    await login('Refused');
    await login('Refused', 'b');
    await login('Refused');
    expect(limit.of('a')).toEqual([T0 + 1000, T0 + 2000]);
    expect(limit.of('b')).toEqual([T0 + 1000]);
    clock.now += HOUR + 2000;
    expect(limit.of('a')).toEqual([]);
  });

  test('after a restart what the status has counts, once, against the username of now', async () => {
    const known = [iso(T0 - 1000), iso(T0 - 2000)];
    const { login } = limitAt();
    expect(await login('Refused', 'a', 'user', known)).toEqual(go);
    expect(await login('Refused', 'a', 'user', known)).toMatchObject({ kind: 'wait', ms: HOUR - 2000 });
    // In the same process the limit knows whose they were, and another username is free of them.
    expect(await login('Refused', 'a', 'other', known)).toEqual(go);
    expect(await login('Refused', 'b', 'other')).toEqual(go);
  });

  test('times that are old, far ahead or no times do not count', async () => {
    const { login } = limitAt();
    const known = [iso(T0 - HOUR), iso(T0 - 2 * HOUR), iso(T0 + 48 * HOUR), 'soon'];
    expect(await login('Accepted', 'a', 'user', known)).toEqual(go);
  });

  test('never waits longer than an hour, though the clock was set back', async () => {
    const { clock, login } = limitAt();
    for (let i = 0; i < 3; i++) await login('Refused');
    clock.now -= HOUR / 2;
    expect(await login('Refused')).toEqual({ kind: 'wait', ms: HOUR });
  });

  test('logins under way may yet be refused: the fourth waits for one to end', async () => {
    const { limit } = limitAt();
    const gates = ['a', 'b', 'c', 'd'].map((account) => limit.gate(account, 'https://ema', 'user'));
    const turns = gates.map((gate) => gate.enter(never));
    expect(await Promise.all(turns.slice(0, 3))).toEqual([go, go, go]);
    let fourth: LoginTurn | null = null;
    void turns[3]?.then((turn) => (fourth = turn));
    gates[0]?.leave('Refused');
    gates[1]?.leave('Refused');
    await new Promise((done) => setImmediate(done));
    expect(fourth).toBeNull();
    gates[2]?.leave('Accepted');
    expect(await turns[3]).toEqual(go);
  });

  test('who waits can be called off', async () => {
    const { limit } = limitAt();
    for (let i = 0; i < 3; i++) await limit.gate('a', 'https://ema', 'user').enter(never);
    const control = new AbortController();
    const turn = limit.gate('b', 'https://ema', 'user').enter(control.signal);
    control.abort();
    expect(await turn).toEqual({ kind: 'aborted' });
  });

  test('a gate remembers the worst that came of its logins', async () => {
    const { limit } = limitAt();
    const gate = limit.gate('a', 'https://ema', 'user');
    expect(gate.outcome).toBeNull();
    for (const [outcome, worst] of [
      ['Accepted', 'Accepted'],
      ['Refused', 'Refused'],
      ['Accepted', 'Refused'],
    ] as const) {
      await gate.enter(never);
      gate.leave(outcome);
      expect(gate.outcome).toBe(worst);
    }
  });

  test('whatever comes, restarts included, no hour has more than three', async () => {
    const step = fc.record({
      account: fc.constantFrom('a', 'b', 'c'),
      pauseMs: fc.integer({ min: 0, max: HOUR / 2 }),
      together: fc.integer({ min: 1, max: 5 }),
      restart: fc.boolean(),
    });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      let now = T0;
      let limit = new LoginLimit(() => now);
      const status = new Map<string, string[]>();
      const refused: number[] = [];
      for (const { account, pauseMs, together, restart } of steps) {
        now += pauseMs;
        // After a restart every account that has refusals is seen once, as it comes up.
        if (restart) {
          limit = new LoginLimit(() => now);
          for (const [uid, known] of status) limit.gate(uid, 'https://ema', 'user', known);
        }
        const control = new AbortController();
        const tries = Array.from({ length: together }, async () => {
          const gate = limit.gate(account, 'https://ema', 'user', status.get(account));
          if ((await gate.enter(control.signal)).kind !== 'go') return;
          await new Promise((done) => setImmediate(done));
          refused.push(now);
          gate.leave('Refused');
        });
        await Promise.all(tries);
        status.set(account, limit.of(account).map(iso));
      }
      for (const at of refused) {
        expect(refused.filter((other) => other >= at && other < at + HOUR - 1000).length).toBeLessThanOrEqual(3);
      }
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
