// Every fault kind as a client meets it, and which requests a fault strikes.
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSimulator } from './simulator.ts';
import type { Account, Fault, FaultEffect, Simulator } from './simulator.ts';
import { ask, login, lower } from './test-client.ts';
import type { Answer, Json, Session } from './test-client.ts';

let sim: Simulator;
let account: Account;
let msp: Session;

beforeEach(async () => {
  sim = await startSimulator();
  account = sim.addAccount({ username: 'msp', password: 'secret', shape: 'flat', companies: 251 });
  msp = await login(sim.url);
});
afterEach(() => sim.stop());

const children = (skip = 0, take = 100, timeoutMs = 5000): Promise<Answer> =>
  msp.post('Company/Children', { companyId: account.company.id, skip, take }, { timeoutMs });
const ids = (answer: Answer): string[] =>
  (answer.json['companies'] as unknown as Json[]).map((row) => lower(row['publicId']));
const truth = (): string[] => account.company.children?.map((child) => child.id) ?? [];
const inject = (effect: FaultEffect): number => sim.faults.add({ operation: 'Company/Children', ...effect });

describe('instead of the answer', () => {
  test('status with a JSON body; 503 is maintenance, 99/2', async () => {
    inject({ kind: 'status', status: 503, retryAfter: 7 });
    const answer = await children();
    expect(answer).toMatchObject({ status: 503, json: { code: 99, subCode: 2 } });
    expect(answer.headers.get('retry-after')).toBe('7');
    sim.faults.clear();
    inject({ kind: 'status', status: 400, code: 8, subCode: 21, message: 'already suspended' });
    expect((await children()).json).toEqual({ code: 8, subCode: 21, message: 'already suspended' });
  });

  test.each([400, 401, 403, 404, 429, 500])('status %i', async (status) => {
    inject({ kind: 'status', status });
    expect(await children()).toMatchObject({ status, json: { code: 0, subCode: 0 } });
  });

  test('status with an HTML body, without a body, and a redirect', async () => {
    inject({ kind: 'status', status: 500, body: 'html' });
    const answer = await children();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([500, 'text/html; charset=utf-8']);
    sim.faults.clear();
    inject({ kind: 'status', status: 302, location: 'http://127.0.0.1:1/elsewhere', body: 'empty' });
    const redirect = await children();
    expect([redirect.status, redirect.headers.get('location'), redirect.text]).toEqual([
      302,
      'http://127.0.0.1:1/elsewhere',
      '',
    ]);
  });

  test('html, empty, invalid-json', async () => {
    inject({ kind: 'html' });
    const page = await children();
    expect([page.status, page.headers.get('content-type'), page.text.slice(0, 9)]).toEqual([
      200,
      'text/html; charset=utf-8',
      '<!DOCTYPE',
    ]);
    sim.faults.clear();
    inject({ kind: 'empty' });
    expect(await children()).toMatchObject({ status: 200, text: '' });
    sim.faults.clear();
    inject({ kind: 'invalid-json' });
    const broken = await children();
    expect(broken).toMatchObject({ status: 200, json: undefined });
    expect(broken.text).toMatch(/^\{"companies":\[/);
  });

  test.each(['length', 'chunked'] as const)('truncated by %s: half a page arrives, then the end', async (framing) => {
    inject({ kind: 'truncated', framing });
    await expect(children()).rejects.toThrow(/terminated/);
    const raw = await rawChildren();
    expect(raw).toMatch(framing === 'length' ? /content-length: \d{4,}/i : /transfer-encoding: chunked/i);
    expect(raw).toContain('"publicId"');
    expect(raw).not.toContain('totalCount');
    expect(sim.log().at(-1)).toMatchObject({ status: 0, faults: ['truncated'] });
  });

  test('hang never answers; stop ends it at once', async () => {
    inject({ kind: 'hang' });
    await expect(children(0, 100, 200)).rejects.toThrow(/timeout/);
    const waiting = children().catch((error: unknown) => error);
    await expect.poll(() => sim.counts().inFlight).toBe(1);
    const before = performance.now();
    await sim.stop();
    expect(String(await waiting)).toMatch('fetch failed');
    expect(performance.now() - before).toBeLessThan(1000);
  });

  test('slow drips the right answer', async () => {
    inject({ kind: 'slow', bytes: 40, everyMs: 10 });
    const before = performance.now();
    expect(ids(await children(0, 5))).toEqual(truth().slice(0, 5));
    expect(performance.now() - before).toBeGreaterThan(80);
  });

  test('huge is valid JSON of that size', async () => {
    inject({ kind: 'huge', megabytes: 3 });
    const answer = await children();
    expect(answer.text.length).toBeGreaterThan(3 << 20);
    expect(ids(answer)).toEqual(truth().slice(0, 100));
  });

  test('huge stops when the client has had enough', async () => {
    inject({ kind: 'huge', megabytes: 100_000 });
    await expect(children(0, 1, 300)).rejects.toThrow(/timeout/);
    await expect.poll(() => sim.counts().inFlight).toBe(0);
  });

  test.each(['before', 'middle'] as const)('reset %s the answer', async (when) => {
    inject({ kind: 'reset', when });
    expect(await rawChildren()).toMatch(when === 'before' ? /^ECONNRESET$/ : /publicId.*ECONNRESET$/s);
    await expect.poll(() => sim.counts().statuses).toMatchObject({ 0: 1 });
  });
});

describe('the answer, changed', () => {
  test('delay, also before another fault', async () => {
    inject({ kind: 'delay', ms: 120 });
    inject({ kind: 'status', status: 500 });
    const before = performance.now();
    expect(await children()).toMatchObject({ status: 500 });
    expect(performance.now() - before).toBeGreaterThan(110);
  });

  test('wrong-shape: the list is missing, null, an object, a text', async () => {
    const values = [
      ['missing', undefined],
      ['null', null],
      ['object', {}],
      ['text', 'unexpected'],
    ] as const;
    for (const [list, value] of values) {
      inject({ kind: 'wrong-shape', list });
      const { status, json } = await children();
      expect([status, json['companies'], json['paging']]).toEqual([200, value, { totalCount: 250 }]);
      sim.faults.clear();
    }
    sim.faults.add({ kind: 'wrong-shape', operation: 'User/Current' });
    expect((await msp.get('User/Current')).json).toEqual({ message: 'unexpected' });
  });

  test('drop-rows: full pages, rows missing; or a short page', async () => {
    inject({ kind: 'drop-rows', rows: 3 });
    const page = await children();
    expect(ids(page)).toEqual(truth().slice(3, 103));
    expect(page.json['paging']).toEqual({ totalCount: 250 });
    sim.faults.clear();
    inject({ kind: 'drop-rows', rows: 3, refill: false });
    expect(ids(await children())).toEqual(truth().slice(3, 100));
  });

  test('duplicate-rows: pages overlap and nothing is lost; or rows repeat at the end', async () => {
    inject({ kind: 'duplicate-rows', rows: 4 });
    const rows = (await msp.all('Company/Children', { companyId: account.company.id }, 'companies')).map((row) =>
      lower(row['publicId']),
    );
    expect(rows).toHaveLength(258);
    expect([...new Set(rows)]).toEqual(truth());
    sim.faults.clear();
    inject({ kind: 'duplicate-rows', rows: 2, mode: 'append' });
    expect(ids(await children(0, 5))).toEqual([...truth().slice(0, 5), ...truth().slice(0, 2)]);
  });

  test('patch-rows overwrites fields of rows or of the object', async () => {
    inject({ kind: 'patch-rows', rows: 1, set: { publicId: null, type: 4711 } });
    const rows = (await children(0, 2)).json['companies'] as unknown as Json[];
    expect(rows[0]).toMatchObject({ publicId: null, type: 4711 });
    expect(rows[1]).toMatchObject({ type: 1007 });
    sim.faults.add({ kind: 'patch-rows', operation: 'User/Current', set: { company: null } });
    expect((await msp.get('User/Current')).json).toMatchObject({ email: 'msp', company: null });
  });

  test('endless: every page is full', async () => {
    inject({ kind: 'endless' });
    for (const skip of [200, 100_000]) expect(ids(await children(skip))).toHaveLength(100);
  });

  test('proto: the keys arrive as own properties', async () => {
    inject({ kind: 'proto' });
    const { json, text } = await children(0, 2);
    expect(text.match(/"__proto__":/g)).toHaveLength(3);
    expect(Object.keys(json)).toEqual(expect.arrayContaining(['__proto__', 'constructor', 'companies']));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('which requests', () => {
  const statuses = async (n: number): Promise<number[]> => {
    const out: number[] = [];
    for (let i = 0; i < n; i++) out.push((await children(i, 1)).status);
    return out;
  };

  test('afterN and times', async () => {
    const id = sim.faults.add({ kind: 'status', status: 500, operation: 'company/children', afterN: 1, times: 2 });
    expect(await statuses(5)).toEqual([200, 500, 500, 200, 200]);
    expect(sim.faults.list()).toMatchObject([{ id, seen: 5, hits: 2 }]);
    expect(sim.faults.hits(id)).toBe(2);
  });

  test('operation, account, companyId and skip all have to match', async () => {
    sim.addAccount({ username: 'other', password: 'secret', companies: 3 });
    const other = await login(sim.url, 'other');
    sim.faults.add({ kind: 'status', status: 500, account: 'other' });
    expect(await msp.get('User/Current')).toMatchObject({ status: 200 });
    expect(await other.get('User/Current')).toMatchObject({ status: 500 });
    expect(await ask(`${sim.url}/api/Token/Get`, { username: 'other', password: 'secret' })).toMatchObject({
      status: 500,
    });
    sim.faults.clear();
    const customer = truth()[0] ?? '';
    sim.faults.add({ kind: 'status', status: 500, companyId: customer.toUpperCase() });
    expect(await msp.post('Company/Detail', { companyId: customer })).toMatchObject({ status: 500 });
    expect(await msp.post('Company/Detail', { companyId: truth()[1] })).toMatchObject({ status: 200 });
    sim.faults.add({ kind: 'status', status: 403, operation: 'Company/Children', skip: 2 });
    expect(await statuses(4)).toEqual([200, 200, 403, 200]);
  });

  test('a removed fault strikes no more', async () => {
    const id = inject({ kind: 'empty' });
    expect([sim.faults.remove(id), sim.faults.remove(id)]).toEqual([true, false]);
    expect(await statuses(1)).toEqual([200]);
  });

  test('a login answered by a fault is no login; refused, it is a failed one', async () => {
    const get = (): Promise<Answer> => ask(`${sim.url}/api/Token/Get`, { username: 'msp', password: 'secret' });
    sim.faults.add({ kind: 'status', status: 401, operation: 'Token/Get', times: 1 });
    sim.faults.add({ kind: 'status', status: 503, operation: 'Token/Get', times: 2 });
    expect([(await get()).status, (await get()).status, (await get()).status]).toEqual([401, 503, 200]);
    expect(sim.counts()).toMatchObject({ logins: 2, failedLogins: 1 });
  });

  test('bad faults are refused with what is allowed', () => {
    const bad: unknown[] = [
      null,
      {},
      { kind: 'x' },
      { kind: 'status' },
      { kind: 'status', status: 99 },
      { kind: 'delay', ms: -1 },
      { kind: 'hang', ms: 1 },
    ];
    for (const fault of bad) expect(() => sim.faults.add(fault as Fault)).toThrow(RangeError);
    expect(sim.faults.list()).toEqual([]);
  });
});

/** What comes over the socket, then the error code of its end. */
function rawChildren(): Promise<string> {
  const body = JSON.stringify({ companyId: account.company.id, skip: 0, take: 100 });
  const head = `POST /api/Company/Children HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${msp.token}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(new URL(sim.url).port), '127.0.0.1', () => socket.write(head + body));
    socket.on('data', (data) => (text += data.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => (text += error.code ?? 'error'));
    socket.on('close', () => resolve(text));
  });
}
