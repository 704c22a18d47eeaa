// The parsers of what upstream says, over real HTTP, against answers that are bent at random: whatever comes, a call ends in time
// with something well-formed, claims no more than what was said, and repeats nothing of it in words for people.
// MSPOPERATOR_SEED=x replays one case; MSPOPERATOR_LONG=1 runs tens of thousands.

import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Ema2Client } from '../../operator/upstream/client.ts';
import { LifecycleClient, type LifecycleResult } from '../../operator/upstream/lifecycle.ts';
import { MARK } from './bend.ts';
import { field, jsonOf, startFuzzServer, statusOf, type FuzzServer, type Question, type Sent } from './server.ts';

const LONG = (env['MSPOPERATOR_LONG'] ?? '') !== '';
const CASES = LONG ? 20_000 : 400;
const base = randomBytes(3).toString('hex');
const one = env['MSPOPERATOR_SEED'];
const seeds = one === undefined ? Array.from({ length: CASES }, (_, i) => `${base}-${i}`) : [one];
/** Which part of a case's answers is bent. */
const WILD = [0.15, 0.5, 1];
const SECRETS = ['canary-user', 'canary-password', 'canary-token', MARK];
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** For one request; a case may make a few in turn. */
const TIMEOUT_MS = 200;
const MOST_MS = 5_000;
const MAX_TEXT_BYTES = 10_240;

const id = (n: number): string => `0000000${n}-0000-4000-8000-00000000000${n}`;
const row = (n: number, type: number): object => ({ publicId: id(n), name: `${MARK} ${n}`, type, status: 1 });
const BELOW: Readonly<Record<string, readonly object[]>> = {
  [id(1)]: [row(2, 1005), row(3, 1007)],
  [id(2)]: [row(4, 1006), row(5, 1007)],
  [id(4)]: [row(6, 1007)],
};
const ABSENT = id(9);

function ema2({ path, body }: Question): unknown {
  switch (path) {
    case '/api/Token/Get':
      return { accessToken: 'canary-token', refreshToken: 'canary-token-2', expiresIn: 3600 };
    case '/api/User/Current':
      return { company: { companyId: id(1), name: `${MARK} 1`, type: 1004 }, permissions: [] };
    case '/api/Company/Children':
      return { companies: (BELOW[String(body['companyId'])] ?? []).slice(Number(body['skip'])), paging: {} };
    case '/api/Search/Companies':
      return { Search: [{ CompanyId: id(5), CustomIdentifier: `${MARK}-5` }], Paging: { TotalCount: 1 } };
    case '/api/Company/Detail':
      return body['companyId'] === ABSENT ? null : { id: body['companyId'], name: `${MARK} 3` };
    default:
      return null;
  }
}

const instance = {
  id: 'i-1',
  companyID: id(1),
  displayName: `${MARK} console`,
  region: 'eu',
  state: 'Active',
  creatingService: 'EMA2',
  accessibleFrom: ['EMA2', 'EBA'],
  consoleURL: `https://console.example/${MARK}`,
  suspendAt: '2026-01-01T00:00:00Z',
  deleteAt: null,
  requestKey: 'key',
};

function lifecycle({ method, path }: Question): unknown {
  if (method === 'GET') return { companyID: id(1), instances: [instance] };
  return method === 'DELETE'
    ? { ...instance, state: 'Deleting' }
    : path.includes('/access/') || method === 'POST'
      ? instance
      : null;
}

const ask = (path: string, body: object = {}): Question => ({ method: 'GET', path, body: body as Question['body'] });
const CORPUS = [
  ...[ask('/api/Token/Get'), ask('/api/User/Current'), ask('/api/Search/Companies')].map(ema2),
  ema2(ask('/api/Company/Children', { companyId: id(1), skip: 0 })),
  ema2(ask('/api/Company/Detail', { companyId: id(3) })),
  lifecycle(ask('')),
  instance,
  { code: 'NotCreatingService', creatingService: 'EBA', instanceID: 'i-1', message: MARK },
  { code: 99, subCode: 1, message: MARK },
].map((answer) => Buffer.from(JSON.stringify(answer)));

let server: FuzzServer;
beforeAll(async () => {
  server = await startFuzzServer(CORPUS);
});
afterAll(() => server.close());

function ema2Client(): Ema2Client {
  return new Ema2Client({
    endpoint: `http://${server.host}`,
    credentials: { username: 'canary-user', password: 'canary-password' },
    allow: { hosts: [server.host], allowLoopbackHTTP: true },
    requestsPerSecond: 100_000,
    requestTimeoutMs: TIMEOUT_MS,
    now: Date.now,
    random: () => 0,
  });
}

/** Runs all cases; the first that goes wrong is named with what was sent. */
async function fuzz(
  kind: string,
  honest: (question: Question) => unknown,
  one: (tally: (what: string) => void) => Promise<void>,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const builtIn = Object.getOwnPropertyNames(Object.prototype).join();
  for (const [n, seed] of seeds.entries()) {
    server.begin(`${kind} ${seed}`, WILD[n % WILD.length] ?? 1, honest);
    const start = performance.now();
    try {
      await one((what) => void counts.set(what, (counts.get(what) ?? 0) + 1));
      expect(performance.now() - start).toBeLessThan(MOST_MS);
      expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(builtIn);
    } catch (error) {
      const sent = server.sent.map(
        ({ question, raw }) => `${question.path}: ${JSON.stringify(raw.toString().slice(0, 1_000))}`,
      );
      throw new Error(`MSPOPERATOR_SEED=${seed}:\n${sent.join('\n')}`, { cause: error });
    }
  }
  console.log(`${seeds.length} cases of ${kind}:`, Object.fromEntries(counts));
  return counts;
}

function tellsNothing(text: unknown): void {
  const json = JSON.stringify(text);
  for (const secret of SECRETS) expect(json).not.toContain(secret);
}

/** The last answer to each question about a listing: earlier ones were tried again. */
function listings(): Sent[] {
  const last = new Map<string, Sent>();
  for (const sent of server.sent) {
    if (sent.question.path === '/api/Company/Children') last.set(JSON.stringify(sent.question.body), sent);
  }
  return [...last.values()];
}

test(
  'a crawl',
  async () => {
    const counts = await fuzz('crawls', ema2, async (tally) => {
      const client = ema2Client();
      try {
        const result = await client.crawl(new AbortController().signal);
        expect(server.sent.length).toBeLessThan(100);
        if (result.kind !== 'snapshot') {
          tally(result.kind);
          tellsNothing(result);
          return;
        }
        const { root, companies, gaps, customIdentifiers } = result.snapshot;
        tally(gaps.length === 0 ? 'complete' : 'with gaps');
        tellsNothing(gaps);
        expect(companies[0]).toBe(root);
        const seen = new Set<string | null>([null]);
        for (const { id, parentID, type, name, status } of companies) {
          expect(id).toMatch(GUID);
          expect(seen.has(id)).toBe(false);
          expect(seen.has(parentID)).toBe(true);
          seen.add(id);
          expect(['Distributor', 'Division', 'MSPManager', 'MSP', 'ManagedMSP', 'Customer']).toContain(type);
          expect(['Active', 'Suspended', 'WaitingForActivation', 'Unknown']).toContain(status);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(MAX_TEXT_BYTES);
        }
        for (const [id, text] of customIdentifiers) {
          expect(id).toMatch(GUID);
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_TEXT_BYTES);
        }
        if (gaps.length > 0) return;
        // "Complete" is what a missing company is judged by: each listing must have been an answer, and one that is a list.
        for (const sent of listings()) {
          expect([statusOf(sent), Array.isArray(field(jsonOf(sent), 'companies'))]).toEqual([expect.any(Number), true]);
          expect(Math.floor((statusOf(sent) ?? 0) / 100)).toBe(2);
        }
      } finally {
        await client.close();
      }
    });
    if (one === undefined)
      for (const what of ['complete', 'with gaps', 'failed']) expect([...counts.keys()]).toContain(what);
  },
  (LONG ? 3_600 : 120) * 1_000,
);

test(
  'a question for one company',
  async () => {
    const counts = await fuzz('questions', ema2, async (tally) => {
      const client = ema2Client();
      try {
        const ids = [id(3), ABSENT];
        const answers = await client.confirm(ids, new AbortController().signal);
        expect([...answers.keys()]).toEqual(ids);
        for (const [company, answer] of answers) {
          tally(answer);
          const said = server.sent.filter(({ question }) => question.body['companyId'] === company);
          if (answer === 'Gone') expect(said.map(statusOf)).toContain(404);
          else if (answer === 'Present')
            expect(
              said
                .map((sent) => JSON.stringify(jsonOf(sent)))
                .join()
                .toLowerCase(),
            ).toContain(company);
          else expect(['NotVisible', 'NoAnswer']).toContain(answer);
        }
      } finally {
        await client.close();
      }
    });
    if (one === undefined)
      for (const what of ['Gone', 'NoAnswer', 'Present']) expect([...counts.keys()]).toContain(what);
  },
  (LONG ? 3_600 : 120) * 1_000,
);

test(
  'the calls of the lifecycle contract',
  async () => {
    const counts = await fuzz('calls', lifecycle, async (tally) => {
      const client = new LifecycleClient({
        endpoint: `http://${server.host}`,
        token: 'canary-token',
        allow: { hosts: [server.host], allowLoopbackHTTP: true },
        requestTimeoutMs: TIMEOUT_MS,
        now: Date.now,
      });
      const signal = new AbortController().signal;
      const request = { service: 'EMA2', displayName: 'x', region: 'eu', key: 'key' } as const;
      try {
        const results: Readonly<Record<string, LifecycleResult<unknown>>> = {
          list: await client.list(signal),
          create: await client.create(request, signal),
          grant: await client.grant('i-1', 'EBA', signal),
          remove: await client.remove('i-1', 'EMA2', signal),
        };
        // A list may be asked for twice; each change is sent once.
        const changes = server.sent.filter(({ question }) => question.method !== 'GET');
        expect(changes.map(({ question }) => question.method)).toEqual(['POST', 'PUT', 'DELETE']);
        const said = [server.sent.findLast(({ question }) => question.method === 'GET'), ...changes];
        for (const [i, [call, result]] of Object.entries(results).entries()) {
          tally(`${call} ${result.kind}`);
          const sent = said[i];
          if (sent === undefined) throw new Error(`${call} was not asked`);
          const status = statusOf(sent) ?? 0;
          if (result.kind === 'failed') tellsNothing(result);
          else if (result.kind === 'refused') {
            tellsNothing(result.message);
            expect([400, 403, 404, 409]).toContain(status);
          } else {
            expect(Math.floor(status / 100)).toBe(2);
            const answer = jsonOf(sent);
            if (call === 'list') expect(Array.isArray(field(answer, 'instances'))).toBe(true);
            if (call === 'create') expect(['key', null, undefined]).toContain(field(answer, 'requestkey'));
            if (call === 'grant') expect(field(answer, 'accessiblefrom')).toContain('EBA');
            if (call === 'remove') expect(['Deleting', 'Deleted']).toContain(field(answer, 'state'));
            if (call === 'grant' || call === 'remove') expect(field(answer, 'id')).toBe('i-1');
          }
        }
      } finally {
        await client.close();
      }
    });
    for (const what of one === undefined
      ? ['list ok', 'list failed', 'create ok', 'create failed', 'remove ok', 'remove failed']
      : []) {
      expect([...counts.keys()]).toContain(what);
    }
  },
  (LONG ? 3_600 : 120) * 1_000,
);
