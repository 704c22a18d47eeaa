import { expect, test } from 'vitest';
import type { Company, Confirmation, Gap, Snapshot } from '../../hierarchy/snapshot.ts';
import type { CrawlResult, Ema2Client } from '../../upstream/client.ts';
import { failure } from '../../upstream/failure.ts';
import { readTree } from './reading.ts';

const ROOT: Company = { id: 'root', parentID: null, type: 'MSP', name: 'Acme', status: 'Active' };
const GAP: Gap = { companyID: 'x', cause: 'HTTP500', message: 'x' };
const FAILED: CrawlResult = { kind: 'failed', failure: failure('User/Current', 'Timeout', 'x'), requests: 2 };

const snapshot = (companies: readonly string[], gaps: Gap[] = []): Snapshot => ({
  root: ROOT,
  companies: [ROOT, ...companies.map((id): Company => ({ ...ROOT, id, parentID: ROOT.id, type: 'Customer' }))],
  gaps,
  customIdentifiers: new Map(),
});
const seen = (companies: readonly string[], gaps: Gap[] = []): CrawlResult => ({
  kind: 'snapshot',
  snapshot: snapshot(companies, gaps),
  requests: 5,
  gaveUp: false,
});

/** Reads an upstream that crawls so, one after the other; `moved` is there by Detail, everything else is gone. */
async function read(...crawls: readonly CrawlResult[]) {
  const asked: string[][] = [];
  let crawled = 0;
  const upstream: Pick<Ema2Client, 'crawl' | 'confirm'> = {
    crawl: () => Promise.resolve(crawls[crawled++] ?? FAILED),
    confirm: (ids) => {
      asked.push([...ids]);
      const said = (id: string): Confirmation => (id === 'moved' || id === ROOT.id ? 'Present' : 'Gone');
      return Promise.resolve(new Map(ids.map((id) => [id, said(id)])));
    },
  };
  const reading = {
    questions: ({ companies }: Snapshot) => {
      const listed = companies.map(({ id }) => id);
      const absent = ['gone', 'moved'].filter((id) => !listed.includes(id));
      return absent.length === 0 ? [] : [...absent, ROOT.id];
    },
    objection: (root: Company) => (root.id === ROOT.id ? null : 'another company'),
    onProgress: () => {},
    onAnswer: () => Promise.resolve(),
  };
  const result = await readTree(upstream, reading, new AbortController().signal);
  const shown = result.kind === 'read' ? result.snapshot.companies.map(({ id }) => id) : null;
  return { result, shown, asked, crawled };
}

test('what is gone, and the own company that answers, is no reason to read again', async () => {
  expect(await read(seen(['moved']))).toMatchObject({ crawled: 1, asked: [['gone', 'root']] });
  expect(await read(seen(['moved', 'gone']))).toMatchObject({ crawled: 1, asked: [] });
});

test('a company that is there and was not listed: once more, and what is absent then is asked for anew', async () => {
  const { result, shown, asked, crawled } = await read(seen([]), seen(['moved', 'new']), seen([]));
  expect([crawled, shown]).toEqual([2, ['root', 'moved', 'new']]);
  expect(asked).toEqual([
    ['gone', 'moved', 'root'],
    ['gone', 'root'],
  ]);
  expect(result).toMatchObject({
    requests: 10,
    confirmations: new Map([
      ['gone', 'Gone'],
      ['root', 'Present'],
    ]),
  });
});

test('never more than once more', async () => {
  expect((await read(seen([]), seen([]), seen(['moved']))).crawled).toBe(2);
});

test('the first reading stands where the second is worse', async () => {
  expect(await read(seen(['a']), FAILED)).toMatchObject({ shown: ['root', 'a'], result: { requests: 7 } });
  expect((await read(seen(['a']), seen(['moved'], [GAP]))).shown).toEqual(['root', 'a']);
  expect((await read(seen(['a'], [GAP]), seen(['moved'], [GAP]))).shown).toEqual(['root', 'moved']);
});

test('a login that is refused, or has another company by then, is said', async () => {
  expect((await read(seen([]), { kind: 'refused', message: 'no' })).result).toEqual({ kind: 'refused', message: 'no' });
  const root = { ...ROOT, id: 'other' };
  const other: CrawlResult = { kind: 'snapshot', snapshot: { ...snapshot([]), root }, requests: 1, gaveUp: false };
  expect((await read(other)).result).toEqual({ kind: 'objected', objection: 'another company', root });
  expect((await read(seen([]), other)).result.kind).toBe('objected');
  expect((await read(FAILED)).result).toEqual(FAILED);
});
