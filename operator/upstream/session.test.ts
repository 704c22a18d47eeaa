import { describe, expect, onTestFinished, test } from 'vitest';
import type { HttpResult } from './http.ts';
import { isObject, parseJson } from './json.ts';
import { aborted, failureOfStatus } from './failure.ts';
import type { LoginOutcome, LoginTurn } from './login-gate.ts';
import { Session } from './session.ts';
import { CANARY, clientOf, jwt, never, serve, tree, type Script } from './scripted.ts';
import { tokenOf } from './token.ts';

const T0 = 1_800_000_000_000;

describe('tokenOf', () => {
  const renewIn = (access: string, expiresin?: number | string): number =>
    tokenOf({ accesstoken: access, ...(expiresin === undefined ? {} : { expiresin }) }, T0, T0).renewAt - T0;
  const s = T0 / 1000;

  test('exp - nbf counts from the arrival, whatever our clock says', () => {
    expect(renewIn(jwt({ nbf: 1000, exp: 1060 }))).toBe(48_000); // 60 s minus 20 %
    expect(renewIn(jwt({ nbf: s + 9000, exp: s + 12_600 }))).toBe(3_570_000); // 1 h minus 30 s
    expect(renewIn(jwt({ iat: 1000, exp: 1060 }))).toBe(48_000);
  });

  test('exp alone counts by our clock, and not at all if that makes it past', () => {
    expect(renewIn(jwt({ exp: s + 100 }))).toBe(80_000);
    expect(renewIn(jwt({ exp: s - 100 }))).toBe(Infinity);
    expect(renewIn(jwt({ nbf: s, exp: s }))).toBe(Infinity);
  });

  test('expiresIn is the second source; without either only a 401 tells', () => {
    expect(renewIn('opaque', 100)).toBe(80_000);
    expect(renewIn('opaque', '3600')).toBe(3_570_000);
    expect(renewIn(jwt({ nbf: 0, exp: 100 }), 5000)).toBe(80_000);
    for (const odd of ['opaque', 'a.b.c', 'a..c', jwt({}), jwt({ exp: 'soon' })]) expect(renewIn(odd)).toBe(Infinity);
    expect(renewIn('opaque', -5)).toBe(Infinity);
    expect(renewIn('opaque', 'soon')).toBe(Infinity);
  });
});

interface Sent {
  readonly operation: string;
  readonly body: unknown;
  readonly token: string | null;
}

/** A session on a settable clock whose answers come from `answer`. */
function session(
  answer: (sent: Sent, nth: number) => HttpResult | Promise<HttpResult>,
  turn: LoginTurn = { kind: 'go' },
) {
  const outcomes: LoginOutcome[] = [];
  const sent: Sent[] = [];
  const clock = { now: T0 };
  const closed = new AbortController();
  onTestFinished(() => closed.abort());
  const it = new Session({
    credentials: CANARY,
    gate: { enter: () => Promise.resolve(turn), leave: (outcome) => outcomes.push(outcome) },
    now: () => clock.now,
    closed: closed.signal,
    send: async (operation, body, token) => {
      sent.push({ operation, body, token });
      return answer({ operation, body, token }, sent.length);
    },
  });
  return { it, sent, clock, outcomes, operations: () => sent.map(({ operation }) => operation.replace('Token/', '')) };
}

function ok(value: Record<string, unknown>): HttpResult {
  const parsed = parseJson(JSON.stringify(value));
  return { kind: 'ok', value: parsed.kind === 'ok' && isObject(parsed.value) ? parsed.value : {} };
}

const status = (
  operation: string,
  status: number,
  code: number | null = null,
  subCode: number | null = null,
): HttpResult => ({
  kind: 'failed',
  failure: failureOfStatus(operation, { status, code, subCode, html: false, retryAfterMs: null }),
});

/** Tokens of 60 s, numbered. */
const minute = (_sent: Sent, nth: number): HttpResult =>
  ok({ accessToken: jwt({ nbf: 0, exp: 60, nth }), refreshToken: `refresh-${nth}` });

describe('Session', () => {
  test('logs in once and keeps the token until shortly before its end', async () => {
    const { it, sent, clock, operations } = session(minute);
    await it.token(never());
    clock.now += 47_000;
    await it.token(never());
    expect(operations()).toEqual(['Get']);
    expect(sent[0]).toMatchObject({ body: CANARY, token: null });
    clock.now += 2000;
    await it.token(never());
    expect(operations()).toEqual(['Get', 'Renew']);
  });

  test('renews with the newest refresh token and the bearer, and logs in afresh after 30 minutes', async () => {
    const { it, sent, clock, operations } = session(minute);
    for (let minutes = 0; minutes <= 30; minutes++) {
      await it.token(never());
      clock.now += 60_000;
    }
    expect(operations()).toEqual(['Get', ...Array.from({ length: 29 }, () => 'Renew'), 'Get']);
    expect(sent[2]?.body).toEqual({ refreshToken: 'refresh-2' });
    expect(sent[2]?.token).toBe(jwt({ nbf: 0, exp: 60, nth: 2 }));
    // The next session counts its own 30 minutes.
    await it.token(never());
    expect(operations().at(-1)).toBe('Renew');
  });

  test.each([400, 401, 403, 500, 503])('a renewal that fails with %i is followed by one fresh login', async (code) => {
    const { it, clock, operations } = session((sent, nth) =>
      sent.operation === 'Token/Renew' ? status('Token/Renew', code) : minute(sent, nth),
    );
    await it.token(never());
    clock.now += 60_000;
    expect((await it.token(never())).kind).toBe('token');
    expect(operations()).toEqual(['Get', 'Renew', 'Get']);
  });

  test('without a refresh token there is no renewal', async () => {
    const { it, clock, operations } = session(() => ok({ accessToken: jwt({ nbf: 0, exp: 60 }), refreshToken: '' }));
    await it.token(never());
    clock.now += 60_000;
    await it.token(never());
    expect(operations()).toEqual(['Get', 'Get']);
  });

  test('all who wait share one login, and one who leaves does not take it along', async () => {
    const gate = Promise.withResolvers<void>();
    const { it, operations } = session(async (sent, nth) => {
      await gate.promise;
      return minute(sent, nth);
    });
    const control = new AbortController();
    const first = it.token(control.signal);
    const others = [it.token(never()), it.token(never())];
    control.abort();
    expect(await first).toMatchObject({ kind: 'failed', failure: { cause: 'Aborted' } });
    gate.resolve();
    expect((await Promise.all(others)).map(({ kind }) => kind)).toEqual(['token', 'token']);
    expect(operations()).toEqual(['Get']);
  });

  test('drops a token only while it is the current one', async () => {
    const { it, operations } = session((_sent, nth) => ok({ accessToken: `t${nth}`, refreshToken: 'r' }));
    await it.token(never());
    it.drop('another');
    await it.token(never());
    expect(operations()).toEqual(['Get']);
    it.drop('t1');
    expect(await it.token(never())).toEqual({ kind: 'token', access: 't2' });
    it.drop('t1');
    expect(await it.token(never())).toEqual({ kind: 'token', access: 't2' });
    expect(operations()).toEqual(['Get', 'Get']); // never a renewal after a 401
  });

  test.each([400, 401, 403])('a login refused with %i is never sent again', async (code) => {
    const { it, operations, outcomes } = session(() => status('Token/Get', code));
    for (let i = 0; i < 3; i++) {
      const result = await it.token(never());
      expect(result).toMatchObject({ kind: 'failed', failure: { cause: 'LoginRefused', status: code } });
      expect(JSON.stringify(result)).not.toContain('canary');
    }
    expect(operations()).toEqual(['Get']);
    expect(outcomes).toEqual(['Refused']);
    expect(it.refusal).toContain(`HTTP ${code}`);
  });

  test('an outage or a wrong endpoint is no refusal', async () => {
    const answers = [
      status('Token/Get', 403, 99, 1),
      status('Token/Get', 404),
      status('Token/Get', 502),
      status('Token/Get', 503, 99, 2),
    ];
    const { it, operations, outcomes } = session((sent, nth) => answers[nth - 1] ?? minute(sent, nth));
    const causes: string[] = [];
    for (const _ of answers) {
      const result = await it.token(never());
      causes.push(result.kind === 'failed' ? result.failure.cause : result.kind);
    }
    expect(causes).toEqual(['NotFound', 'NotFound', 'ServerError', 'Maintenance']);
    expect((await it.token(never())).kind).toBe('token');
    expect(operations()).toHaveLength(5);
    expect(outcomes).toEqual(['NoAnswer', 'NoAnswer', 'NoAnswer', 'NoAnswer', 'Accepted']);
  });

  test.each([
    ['500', status('Token/Get', 500), 'ServerError'],
    ['an undocumented 4xx', status('Token/Get', 423), 'BadRequest'],
    ['an object without a token', ok({ success: false }), 'InvalidResponse'],
    ['a token that fits no header', ok({ accessToken: 'bad\ntoken' }), 'InvalidResponse'],
  ])('a login answered with %s may have been refused: it is not sent again', async (_name, answer, cause) => {
    const { it, operations, outcomes } = session(() => answer);
    for (let i = 0; i < 3; i++) expect(await it.token(never())).toMatchObject({ kind: 'failed', failure: { cause } });
    expect(operations()).toEqual(['Get']);
    expect(outcomes).toEqual(['Unclear']);
    expect(it.refusal).toBeNull();
  });

  test('a gate that says wait lets no login out, and says for how long', async () => {
    const { it, operations } = session(minute, { kind: 'wait', ms: 5000 });
    expect(await it.token(never())).toMatchObject({
      kind: 'failed',
      failure: { cause: 'LoginThrottled', retryAfterMs: 5000 },
    });
    expect(operations()).toEqual([]);
  });

  test('a login that was called off may have been refused: it counts', async () => {
    const { it, outcomes } = session(() => ({ kind: 'failed', failure: aborted('Token/Get') }));
    await it.token(never());
    expect(outcomes).toEqual(['Unclear']);
  });

  test('in the last minute of a session nothing is renewed: such a token would end with it', async () => {
    const { it, clock, operations } = session((_sent, nth) =>
      ok({ accessToken: jwt({ nbf: 0, exp: nth === 1 ? 1790 : 60 }), refreshToken: 'r' }),
    );
    await it.token(never());
    clock.now += 1_775_000;
    await it.token(never());
    expect(operations()).toEqual(['Get', 'Get']);
  });
});

describe('401 during a crawl', () => {
  const root = { n: 1, type: 1005, children: [{ n: 2, type: 1007 }] };
  const guarded = (accept: (token: string | null) => boolean): Record<string, Script> => ({
    ...tree(root),
    'Company/Children': (seen, nth) =>
      accept(seen.token)
        ? (tree(root)['Company/Children'] as Script)(seen, nth)
        : { status: 401, json: { message: 'canary-body' } },
  });

  test('one fresh login, one repeat', async () => {
    const server = await serve(guarded((token) => token !== 'token-1'));
    const result = await clientOf(server).crawl(never());
    expect(result.kind).toBe('snapshot');
    expect(server.seen.map(({ operation }) => operation)).toEqual([
      'Token/Get',
      'User/Current',
      'Company/Children',
      'Token/Get',
      'Company/Children',
      'Search/Companies',
    ]);
    expect(result).toMatchObject({ requests: 6 });
  });

  test('a second 401 is a failure, not a third login', async () => {
    const server = await serve(guarded(() => false));
    const result = await clientOf(server).crawl(never());
    expect(result).toMatchObject({ kind: 'failed', failure: { cause: 'Unauthorized', status: 401 } });
    expect(server.count('Token/Get')).toBe(2);
    expect(JSON.stringify(result)).not.toContain('canary');
  });

  test('many 401s at the same time lead to one login', async () => {
    const msps = Array.from({ length: 8 }, (_, i) => ({ n: 10 + i, type: 1006 }));
    const scripts = tree({ n: 1, type: 1004, children: msps });
    const server = await serve({
      ...scripts,
      'Company/Children': async (seen, nth) => {
        await new Promise((done) => setTimeout(done, 20));
        if (nth > 1 && seen.token === 'token-1') return { status: 401 };
        return (scripts['Company/Children'] as Script)(seen, nth);
      },
    });
    const result = await clientOf(server).crawl(never());
    expect(result).toMatchObject({ kind: 'snapshot', snapshot: { gaps: [] } });
    expect(server.count('Token/Get')).toBe(2);
  });

  test('a login that breaks midway is tried once, not for every company', async () => {
    const msps = Array.from({ length: 20 }, (_, i) => ({ n: 10 + i, type: 1006 }));
    const scripts = tree({ n: 1, type: 1004, children: msps });
    const server = await serve({
      ...scripts,
      'Token/Get': (_seen, nth) => (nth === 1 ? { json: { accessToken: 't' } } : { status: 500 }),
      'Company/Children': (seen, nth) =>
        nth === 1 ? (scripts['Company/Children'] as Script)(seen, nth) : { status: 401 },
    });
    const result = await clientOf(server, { concurrency: 1 }).crawl(never());
    expect(result.kind === 'snapshot' && result.snapshot.gaps.map(({ cause }) => cause)).toEqual(
      msps.map(() => 'HTTP500'),
    );
    expect(server.count('Token/Get')).toBe(2);
  });

  test('a login refused midway ends the crawl as refused', async () => {
    const scripts = tree({ n: 1, type: 1004, children: [{ n: 2, type: 1006 }] });
    const server = await serve({
      ...scripts,
      'Token/Get': (_seen, nth) => (nth === 1 ? { json: { accessToken: 't' } } : { status: 400 }),
      'Company/Children': (seen, nth) =>
        nth === 1 ? (scripts['Company/Children'] as Script)(seen, nth) : { status: 401 },
    });
    const client = clientOf(server);
    expect((await client.crawl(never())).kind).toBe('refused');
    const before = server.seen.length;
    expect((await client.crawl(never())).kind).toBe('refused');
    expect(server.seen).toHaveLength(before);
  });
});
