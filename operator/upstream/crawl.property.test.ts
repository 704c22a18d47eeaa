// Random trees, served with shuffled and repeating rows over several pages, in mixed GUID case, whole or with faults.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../hierarchy/snapshot.ts';
import { clientOf, id, never, serve, type Reply, type Scripted } from './scripted.ts';

const NAMES = new Map([
  [1003, 'Division'],
  [1004, 'MSPManager'],
  [1005, 'MSP'],
  [1006, 'ManagedMSP'],
  [1007, 'Customer'],
]);

interface Model {
  /** Index = number of the company; 0 is the root. */
  readonly nodes: readonly { readonly parent: number; readonly type: number; readonly name: string }[];
  readonly repeats: readonly number[];
  readonly seed: number;
}

/** Up to 40 companies at random places, and up to 250 customers below one of them, so that pages are needed. */
const model: fc.Arbitrary<Model> = fc
  .record({
    inner: fc.array(
      fc.record({ at: fc.nat(), type: fc.constantFrom(1003, 1004, 1005, 1006), name: fc.string({ unit: 'binary' }) }),
      { maxLength: 12 },
    ),
    leaves: fc.array(fc.record({ at: fc.nat(), name: fc.string() }), { maxLength: 28 }),
    wide: fc.record({ at: fc.nat(), size: fc.oneof(fc.constant(0), fc.nat(250), fc.constantFrom(99, 100, 101, 200)) }),
    repeats: fc.array(fc.nat(), { maxLength: 50 }),
    seed: fc.nat(),
  })
  .map(({ inner, leaves, wide, repeats, seed }) => {
    const nodes: { parent: number; type: number; name: string }[] = [{ parent: -1, type: 1002, name: 'root' }];
    for (const { at, type, name } of inner) nodes.push({ parent: at % nodes.length, type, name });
    const parents = nodes.length;
    for (const { at, name } of leaves) nodes.push({ parent: at % parents, type: 1007, name });
    for (let i = 0; i < wide.size; i++) nodes.push({ parent: wide.at % parents, type: 1007, name: `wide ${i}` });
    return { nodes, repeats, seed };
  });

/** The rows of one company's listing: shuffled, some of them twice, each id in a case of its own. */
function listing({ nodes, repeats, seed }: Model, parent: number): Record<string, unknown>[] {
  let state = seed + parent;
  const random = (n: number): number => (state = (state * 1103515245 + 12345) % 2147483648) % n;
  const rows = nodes.flatMap((node, n) =>
    node.parent === parent ? [{ publicId: id(0xabc000 + n), name: node.name, type: node.type, status: 1 }] : [],
  );
  // Fewer repeats than a page has rows: a full page always holds something new.
  if (rows.length > 0) for (const r of repeats) rows.push(rows[r % rows.length] as (typeof rows)[number]);
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [rows[i], rows[j]] = [rows[j] as (typeof rows)[number], rows[i] as (typeof rows)[number]];
  }
  return rows.map((row) => (random(2) === 0 ? row : { ...row, publicId: row.publicId.toUpperCase() }));
}

const numberOf = (id: unknown): number => Number.parseInt(String(id).slice(0, 8), 16) - 0xabc000;

/** What the snapshot says, by company number; the model says the same of itself by `truth`. */
const told = (snapshot: Snapshot): unknown[] =>
  snapshot.companies
    .map(({ id, parentID, type, name }) => [numberOf(id), parentID === null ? -1 : numberOf(parentID), type, name])
    .sort(byNumber);
const truth = ({ nodes }: Model): unknown[] =>
  nodes.map(({ parent, type, name }, n) => [n, parent, NAMES.get(type) ?? 'Distributor', name.toWellFormed()]);
const byNumber = (a: unknown[], b: unknown[]): number => Number(a[0]) - Number(b[0]);

/** A server whose tree is set anew for each run. */
async function server(): Promise<{
  server: Scripted;
  set: (model: Model, fault: (parent: number, skip: number) => Reply | null) => void;
}> {
  let current: Model | null = null;
  let listings = new Map<number, Record<string, unknown>[]>();
  let faultOf: (parent: number, skip: number) => Reply | null = () => null;
  const scripted = await serve({
    'User/Current': () => ({ json: { company: { companyId: id(0xabc000), name: 'root', type: 1002 } } }),
    'Company/Children': ({ body }) => {
      const parent = numberOf(body['companyId']);
      const skip = Number(body['skip']);
      const fault = faultOf(parent, skip);
      if (fault !== null) return fault;
      const rows = listings.get(parent) ?? listing(current as Model, parent);
      listings.set(parent, rows);
      return { json: { companies: rows.slice(skip, skip + Number(body['take'])) } };
    },
    'Search/Companies': () => ({ json: { Search: [] } }),
  });
  return {
    server: scripted,
    set(model, fault) {
      current = model;
      listings = new Map();
      faultOf = fault;
    },
  };
}

function parentsFirst(snapshot: Snapshot): void {
  const seen = new Set<string | null>([null]);
  for (const { id, parentID } of snapshot.companies) {
    expect(seen.has(parentID)).toBe(true);
    expect(seen.has(id)).toBe(false);
    seen.add(id);
  }
}

const FAULTS: readonly Reply[] = [
  { status: 403 },
  { status: 404 },
  { status: 500 },
  { status: 503 },
  { text: '<html>' },
  { json: {} },
  { json: { companies: [{ publicId: 'x' }] } },
  (response) => void response.destroy(),
];

describe.each([
  ['fixed', 20_261_124],
  ['fresh', Date.now() % 2_147_483_647],
])('random trees, %s seed %i', (_kind, seed) => {
  test('the snapshot is the tree', async () => {
    const { server: scripted, set } = await server();
    await fc.assert(
      fc.asyncProperty(model, fc.integer({ min: 1, max: 6 }), async (tree, concurrency) => {
        set(tree, () => null);
        const client = clientOf(scripted, { concurrency });
        const result = await client.crawl(never());
        await client.close();
        if (result.kind !== 'snapshot') throw new Error(JSON.stringify(result));
        expect(result.snapshot.gaps).toEqual([]);
        expect(told(result.snapshot)).toEqual(truth(tree));
        parentsFirst(result.snapshot);
      }),
      { numRuns: 40, seed },
    );
  });

  test('a listing that fails leaves an incomplete snapshot without a wrong word in it', async () => {
    const { server: scripted, set } = await server();
    const fault = fc.record({ at: fc.nat(), page: fc.constantFrom(0, 0, 1, 2), reply: fc.constantFrom(...FAULTS) });
    await fc.assert(
      fc.asyncProperty(model, fault, async (tree, { at, page, reply }) => {
        const inner = tree.nodes.flatMap(({ type }, n) => (type === 1007 ? [] : [n]));
        const failing = inner[at % inner.length] as number;
        let hit = false;
        set(tree, (parent, skip) => {
          if (parent !== failing || skip !== page * 100) return null;
          hit = true;
          return reply;
        });
        const client = clientOf(scripted);
        const result = await client.crawl(never());
        await client.close();
        if (result.kind !== 'snapshot') {
          expect([result.kind, failing, page]).toEqual(['failed', 0, 0]);
          return;
        }
        expect(result.snapshot.gaps.length === 0).toBe(!hit);
        const right = new Set(truth(tree).map((line) => JSON.stringify(line)));
        for (const line of told(result.snapshot)) expect(right).toContain(JSON.stringify(line));
        parentsFirst(result.snapshot);
      }),
      { numRuns: 40, seed },
    );
  });

  test('whatever JSON a listing answers, the crawl ends with a tree', async () => {
    const { server: scripted, set } = await server();
    const keys = fc.constantFrom(
      'companies',
      'Companies',
      'publicId',
      'id',
      'name',
      'type',
      'status',
      '__proto__',
      'constructor',
    );
    const values = fc.oneof(fc.constantFrom(id(0xabc000), id(0xabc001), 1001, 1005, 1007, '1007'), fc.jsonValue());
    const rows = fc.array(fc.oneof(fc.dictionary(keys, values), fc.jsonValue()), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        model,
        fc.oneof(fc.record({ companies: rows }), fc.dictionary(keys, values)),
        async (tree, answer) => {
          set(tree, (parent) => (parent === 1 ? { text: JSON.stringify(answer) } : null));
          const client = clientOf(scripted, { maxCompanies: 1000 });
          const result = await client.crawl(never());
          await client.close();
          expect(result.kind).toBe('snapshot');
          if (result.kind === 'snapshot') parentsFirst(result.snapshot);
        },
      ),
      { numRuns: 40, seed },
    );
  });
});
