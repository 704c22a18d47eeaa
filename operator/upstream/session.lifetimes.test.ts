// Whatever lifetime tokens have, whatever their claims say of it and however far the server's clock is from ours: a session asks
// for few tokens and is locked out for no call (promise 10; domain: ema-api §2.2).

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HttpResult } from './http.ts';
import { OPEN_GATE } from './login-gate.ts';
import { jwt, never } from './scripted.ts';
import { Session } from './session.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** What the server puts beside `jti`, its own seconds and the true lifetime in seconds given. */
type Claims = (seconds: number, lifetime: number) => Record<string, unknown>;

interface Server {
  /** Of an access token, s. */
  readonly lifetime: number;
  /** How far the server's clock is ahead of ours, ms. */
  readonly ahead: number;
  readonly claims: Claims;
  readonly renews: boolean;
}

/** Uses a session every `everyMs` for `forMs`, with tokens that really end after their lifetime and after 30 minutes of session. */
async function use({ lifetime, ahead, claims, renews }: Server, everyMs: number, forMs: number) {
  let now = 1_800_000_000_000;
  const start = now;
  const counts = { Get: 0, Renew: 0, refused: 0, calls: 0 };
  const ends = new Map<string, number>();
  let session = { began: now, refresh: '' };
  const issue = (): HttpResult => {
    const nth = counts.Get + counts.Renew;
    const access = jwt({ ...claims((now + ahead) / 1000, lifetime), jti: nth });
    ends.set(access, Math.min(now + lifetime * 1000, session.began + HOUR / 2));
    session = { ...session, refresh: `refresh-${nth}` };
    return { kind: 'ok', value: { accesstoken: access, refreshtoken: session.refresh } };
  };
  const it = new Session({
    credentials: { username: 'u', password: 'p' },
    gate: OPEN_GATE,
    now: () => now,
    closed: never(),
    send: (operation, body) => {
      if (operation === 'Token/Get') {
        counts.Get++;
        session = { began: now, refresh: '' };
        return Promise.resolve(issue());
      }
      counts.Renew++;
      const { refreshToken } = body as { refreshToken: string };
      if (!renews || refreshToken !== session.refresh || now >= session.began + HOUR / 2) {
        const failure = { cause: 'Unauthorized', status: 401, operation, message: '', retryAfterMs: null } as const;
        return Promise.resolve({ kind: 'failed', failure });
      }
      return Promise.resolve(issue());
    },
  });
  for (; now < start + forMs; now += everyMs) {
    counts.calls++;
    // As `Api.call` does: a 401 drops the token, and the call is repeated once.
    for (let attempt = 0; attempt < 2; attempt++) {
      const token = await it.token(never());
      if (token.kind === 'failed') throw new Error(token.failure.message);
      if (now < (ends.get(token.access) ?? 0)) break;
      counts.refused++;
      if (attempt === 1) throw new Error('a call failed with a token that was just given out');
      it.drop(token.access);
    }
  }
  return counts;
}

const lifetimes = fc.oneof(fc.constantFrom(60, 300, 1800, 3600), fc.integer({ min: 60, max: 3600 }));
const skews = fc.oneof(fc.constantFrom(0, -5 * HOUR, 5 * HOUR), fc.integer({ min: -24 * HOUR, max: 24 * HOUR }));
const steps = fc.integer({ min: 100, max: 20_000 });

describe('two hours with tokens of 60 s to an hour, by a clock up to a day off', () => {
  const honest = fc.constantFrom<Claims>(
    (s, lifetime) => ({ nbf: s, exp: s + lifetime }),
    (s, lifetime) => ({ iat: s, exp: s + lifetime }),
    // Some issuers date `nbf` back, to be lenient with clocks.
    (s, lifetime) => ({ iat: s, nbf: s - 300, exp: s + lifetime }),
  );

  test('which say how long they live: one new token for each lifetime, and a 401 at the end of a session at most', async () => {
    const property = fc.asyncProperty(lifetimes, skews, honest, fc.boolean(), steps, async (...given) => {
      const [lifetime, ahead, claims, renews, step] = given;
      const counts = await use({ lifetime, ahead, claims, renews }, step, 2 * HOUR);
      // Replaced after 80 % of the lifetime at the earliest; a session ends after 30 minutes, and in its last minute.
      const tokens = Math.ceil((2 * HOUR) / Math.min(lifetime * 800, 29 * MINUTE)) + 1;
      expect(counts.Get).toBeLessThanOrEqual(renews ? 5 : tokens);
      expect(counts.Renew).toBeLessThanOrEqual(tokens);
      // A token that says to live on beyond its session ends with a 401: once for each session.
      expect(counts.refused).toBeLessThanOrEqual(4);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test('which say nothing, or something odd: a fresh login for each lifetime, and never one for each call', async () => {
    const odd = fc.oneof(
      fc.constantFrom<Claims>(
        () => ({}),
        (s, lifetime) => ({ exp: s + lifetime }), // by the server's clock alone
        (s) => ({ nbf: s, exp: s }),
        (s) => ({ nbf: s, exp: s + 0.001 }),
        (s) => ({ nbf: s + 1e9, exp: s }),
        (s, lifetime) => ({ nbf: s * 1000, exp: (s + lifetime) * 1000 }),
        (s, lifetime) => ({ nbf: 0, exp: s + lifetime }),
      ),
      fc.record({ exp: fc.jsonValue(), nbf: fc.jsonValue(), iat: fc.jsonValue() }, { requiredKeys: [] }).map(
        (claims): Claims =>
          () =>
            claims,
      ),
    );
    const property = fc.asyncProperty(lifetimes, skews, odd, fc.boolean(), steps, async (...given) => {
      const [lifetime, ahead, claims, renews, step] = given;
      const counts = await use({ lifetime, ahead, claims, renews }, step, 2 * HOUR);
      // A lifetime that is not believed is used for 30 s; one that is too long ends with a 401 and one fresh login.
      const floor = Math.ceil((2 * HOUR) / 30_000) + 1;
      expect(counts.Get + counts.Renew).toBeLessThanOrEqual((renews ? 1 : 2) * Math.min(floor, counts.calls) + 5);
      expect(counts.refused).toBeLessThanOrEqual(Math.ceil((2 * HOUR) / Math.min(lifetime * 1000, HOUR / 2)) + 1);
    });
    await fc.assert(property, { numRuns: 100 });
  });
});

test('tokens that live shorter than documented cost one fresh login each', async () => {
  const claims: Claims = (s, lifetime) => ({ nbf: s, exp: s + lifetime });
  const counts = await use({ lifetime: 5, ahead: 0, claims, renews: true }, 100, 2 * MINUTE);
  expect(counts.Get).toBeLessThanOrEqual(24 + 1);
  expect(counts.Renew).toBe(0);
});
