// Hostile data from upstream, end to end: names that break careless code, keys and ids that are no such thing, lists without end, a
// tree of a million companies. Each ends as a valid object or as a condition, never as a crash, and no terminal is written to.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../controlplane/run.ts';
import { PASSWORD, USERNAME, World, conditionOf } from '../harness/world.ts';
import { hostileNames } from '../simulator/hostile-names.ts';
import type { Fault } from '../simulator/faults.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'kubectl-msp.js');
// What a terminal acts on, and what makes text read as another: all but the line feed, which ends the lines of a table.
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const RAW = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/;

const guid = (n: number): string => `0000000e-0000-4000-8000-${String(n).padStart(12, '0')}`;
const NAMES = [
  ...hostileNames,
  '   ',
  '\u200B\u200B',
  '\u202Egnp.exe\u202C',
  '\u001B]0;title\u0007after',
  '\u009B31mred',
  '🧨'.repeat(3000),
  'a,b,"c",d',
  '\u2028two\u2029paragraphs',
  'toString',
];
const [ROOT, NORTH] = [guid(1), guid(2)];
const TREE = [
  { id: ROOT, name: 'Hostile\n\u001B[2JManagers', type: 'MSPManager' as const },
  { id: NORTH, name: '\u202ENorth "MSP"\r', type: 'ManagedMSP' as const, parentId: ROOT },
  ...NAMES.map((name, n) => ({ id: guid(100 + n), name: `${n}`, customIdentifier: name, parentId: NORTH })),
];

let world: World;
const msp = async (...args: string[]): Promise<string> => {
  const { stdout, stderr } = await runProgram(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, KUBECONFIG: world.cluster.kubeconfig },
    timeoutMs: 60_000,
  });
  return stdout + stderr;
};
/** Peak resident memory of the operator, MB. */
const peakMemory = async (): Promise<number> => {
  const status = await readFile(`/proc/${world.operator.pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
};

describe('a tree of hostile names', () => {
  beforeAll(async () => {
    world = await World.create({ accounts: [{ username: USERNAME, password: PASSWORD, tree: TREE }] });
    // The portal would refuse some of them.
    NAMES.forEach((name, n) => world.upstream.rename(guid(100 + n), name, { force: true }));
    await world.synchronized();
  });
  afterAll(() => world.end());
  afterEach(() => world.simulator.faults.clear());

  test('every company has its object, with a name of one readable line', async () => {
    const groups = await world.groups();
    const customers = await world.customers();
    expect(groups).toHaveLength(NAMES.length + 2);
    expect(customers).toHaveLength(NAMES.length);
    for (const { metadata, spec } of groups) {
      expect(metadata.name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      expect(spec.displayName).toMatch(/^.{1,253}$/s);
      expect(spec.displayName).not.toMatch(RAW);
      expect(spec.displayName).not.toContain('\n');
    }
    const shown = (name: string) =>
      customers.find(({ spec }) => spec.companyID === guid(100 + NAMES.indexOf(name)))?.status;
    for (const name of ['   ', '\u200B\u200B']) expect(shown(name).displayName).toBe('(unnamed)');
    expect(shown('two\nlines').displayName).toBe('two lines');
    const red = { displayName: 'red alert', customIdentifier: 'red alert' };
    expect(shown('red \u001B[31malert\u001B[0m')).toMatchObject(red);
    for (const name of ['a,b,"c",d', 'مخبز الشرق', '🦷 Dental 🦷', '__proto__', "'; DROP TABLE companies; --"]) {
      expect(shown(name).displayName).toBe(name);
    }
    expect((await world.get('mspa', 'acme')).status.company.name).toBe('Hostile Managers');
  });

  test('nothing that people look with writes to their terminal', async () => {
    const key = `${world.namespace}/acme`;
    world.upstream.rename(guid(100), 'now\u001B[31m red\r\n', { force: true });
    const plan = await msp('plan', key, '--allow-loopback-http', '--requests-per-second=500');
    expect(plan).toContain('now red');
    const outputs = [
      plan,
      await msp('tree', key),
      ...(await Promise.all(
        [
          ['get', 'mspa,sg,cust', '-o', 'wide'],
          ['describe', 'mspa,sg,cust'],
          ['get', 'events.events.k8s.io', '-o', 'custom-columns=NOTE:.note'],
        ].map((args) => world.cluster.kubectlOk(args, { namespace: world.namespace })),
      )),
      await world.operator.log(),
    ];
    for (const text of outputs) {
      expect(text.length).toBeGreaterThan(100);
      expect(text).not.toMatch(RAW);
    }
  });

  test('a sync that changes nothing upstream finds no difference in them', async () => {
    await world.sync();
    const mark = await world.mark();
    await world.sync();
    expect((await world.writes(mark)).map(({ objectRef }) => objectRef?.resource)).toEqual(['mspaccounts']);
  });

  test.each(['', null, { a: 1 }, ['x'], 7])('a name that is %j is no name', async (name) => {
    world.simulator.faults.add({ operation: 'Company/Children', companyId: NORTH, kind: 'patch-rows', set: { name } });
    expect(conditionOf(await world.sync(), 'Ready')?.reason).toBe('Synchronized');
    const shown = new Set((await world.customers()).map(({ status }) => status.displayName));
    expect(shown).toEqual(new Set(['(unnamed)']));
  });

  const own = { operation: 'User/Current', kind: 'patch-rows' } as const;
  const rows = { operation: 'Company/Children', companyId: NORTH, kind: 'patch-rows' } as const;
  const away = { kind: 'status', location: 'http://169.254.169.254/' } as const;
  const FAULTS: readonly [name: string, fault: Fault, reason: string, named: string][] = [
    ['keys that reach for prototypes', { kind: 'proto' }, 'Synchronized', ''],
    ['an own company without an id', { ...own, set: { company: { name: 'x' } } }, 'UpstreamInvalid', 'User/Current'],
    ['an own company that is text', { ...own, set: { company: 'x' } }, 'UpstreamInvalid', 'User/Current'],
    ['types that are not known', { ...rows, set: { type: 9999 } }, 'PartialSnapshot', guid(100)],
    ['types that are objects', { ...rows, set: { type: {} } }, 'PartialSnapshot', guid(100)],
    ['ids that are no GUID', { ...rows, set: { publicId: "';--" } }, 'PartialSnapshot', NORTH],
    ['ids that are numbers', { ...rows, set: { publicId: 1e308 } }, 'PartialSnapshot', NORTH],
    [
      'the id that is none',
      { ...rows, set: { publicId: `00000000-0000-0000-0000-${'0'.repeat(12)}` } },
      'PartialSnapshot',
      NORTH,
    ],
    ['a cycle', { ...rows, set: { publicId: ROOT, type: 1004 } }, 'PartialSnapshot', ROOT],
    ['200 MB', { ...rows, kind: 'huge', megabytes: 200 }, 'PartialSnapshot', NORTH],
    ['a redirect', { ...rows, ...away, companyId: ROOT, status: 308 }, 'UpstreamMoved', 'redirect'],
    ['a redirect of the login', { ...away, operation: 'Token/Get', status: 307 }, 'UpstreamMoved', 'redirect'],
  ];
  test.each(FAULTS)(
    '%s: a condition that says where, and every object is kept',
    async (_name, fault, reason, named) => {
      const { pid } = world.operator;
      world.upstream.revokeTokens();
      world.simulator.faults.add(fault);
      const ready = conditionOf(await world.sync(), 'Ready');
      expect(ready?.reason).toBe(reason);
      expect(ready?.message).toContain(named);
      expect(ready?.message).not.toMatch(RAW);
      expect(await world.groups()).toHaveLength(NAMES.length + 2);
      expect(await world.operator.probe('/healthz')).toBe(200);
      expect(world.operator.pid).toBe(pid);
      world.simulator.faults.clear();
      expect(conditionOf(await world.sync(), 'Ready')?.reason).toBe('Synchronized');
    },
  );

  test('all of it in bounded memory', async () => {
    const peak = await peakMemory();
    console.log(`hostile: the operator used at most ${peak} MB`);
    expect(peak).toBeLessThan(400);
  });
});

test('a million companies: as many as are allowed are read, the rest is not asked for, in bounded memory', async () => {
  world = await World.create({
    accounts: [{ username: USERNAME, password: PASSWORD, shape: 'flat', companies: 1_000_000 }],
  });
  await using _ = world;
  const since = Date.now();
  await world.apply(world.secret(), world.credentialsBinding(), world.account('acme', { sync: { mode: 'Observe' } }));
  const ended = (reason: string | undefined) => reason !== 'Pending' && reason !== 'Progressing';
  const account = await world.until('mspa', 'acme', (it) => ended(conditionOf(it, 'Ready')?.reason), 240_000);
  const peak = await peakMemory();
  console.log(`a million: ${account.status.sync.companiesRead} read in ${Date.now() - since} ms, at most ${peak} MB`);
  expect(conditionOf(account, 'Ready')).toMatchObject({ status: 'False', reason: 'PartialSnapshot' });
  expect(conditionOf(account, 'Ready')?.message).toContain('More than 500000 companies');
  expect(peak).toBeLessThan(1500);
  expect(await world.operator.probe('/healthz')).toBe(200);
}, 280_000);
