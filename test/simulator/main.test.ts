// The program: its flags, its one line, its end; and how fast 100,000 companies are there and served.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { startSimulator } from './simulator.ts';
import { ask, login } from './test-client.ts';

const children = new Set<ChildProcess>();

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

interface Program {
  child: ChildProcess;
  /** Of standard output; '' where the program ended first. */
  line: Promise<string>;
  output: () => string;
}

function run(...flags: string[]): Program {
  const child = spawn(process.execPath, [new URL('main.ts', import.meta.url).pathname, ...flags]);
  children.add(child);
  let text = '';
  const line = new Promise<string>((resolve) => {
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
      if (text.includes('\n')) resolve(text.trim());
    });
    child.once('exit', () => resolve(''));
  });
  child.stderr.on('data', (data: Buffer) => (text += data.toString()));
  return { child, line, output: () => text };
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'prints one line, serves, ends cleanly on %s even with a hanging request',
  async (signal) => {
    const { child, line, output } = run('--port', '0', '--admin-port', '0', '--username', 'u', '--password', 'p');
    const [, api, admin] =
      /^EMA 2 simulator ready: api (\S+) admin (\S+) username u shape demo companies 61$/.exec(await line) ?? [];
    const session = await login(api ?? '', 'u', 'p');
    expect(await session.get('User/Current')).toMatchObject({ status: 200 });
    await ask(`${admin}/faults`, { kind: 'hang' });
    const hanging = session.get('User/Current').catch(() => 'ended');
    await expect.poll(async () => (await ask(`${admin}/counts`)).json['inFlight']).toBe(1);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await hanging).toBe('ended');
    expect(output().trim().split('\n')).toHaveLength(1);
  },
);

test.each([
  [['--shape', 'cube'], /Allowed choices/],
  [['--companies', '0'], /whole number/],
  [['--shape', 'demo', '--companies', '5'], /size of its own/],
  [['--port', '70000'], /whole number/],
  [['--services', 'EMA2,PSA'], /EMA2, EBA or Hub/],
  [['--nonsense'], /unknown option/],
  [['extra'], /too many arguments/],
])('%j is refused', async (flags, message) => {
  const { child, output } = run(...flags);
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(output()).toMatch(message);
});

test('a port in use is one plain line', async () => {
  await using sim = await startSimulator();
  const { child, output } = run('--port', new URL(sim.url).port, '--admin-port', '0');
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(output()).toMatch(/^error: .*EADDRINUSE.*\n/);
});

test('100,000 companies: started, served deep inside, and the figures printed', async () => {
  const before = performance.now();
  const { child, line } = run(
    '--port',
    '0',
    '--admin-port',
    '0',
    '--companies',
    '100000',
    '--shape',
    'flat',
    '--username',
    'u',
    '--password',
    'p',
  );
  const [, api, admin] = / api (\S+) admin (\S+) .* companies 100000$/.exec(await line) ?? [];
  const startMs = performance.now() - before;
  const session = await login(api ?? '', 'u', 'p');
  const companyId = ((await ask(`${admin}/state`)).json['accounts']?.[0]?.['company'] ?? {})['id'];
  const body = { companyId, skip: 99_900, take: 100 };
  expect((await session.post('Company/Children', body)).json).toMatchObject({ paging: { totalCount: 99_999 } });
  expect((await session.post('Company/Children', body)).json['companies']).toHaveLength(99);
  const began = performance.now();
  const pages = 400;
  let left = pages;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await session.post('Company/Children', { ...body, skip: 99_800 });
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  const perSecond = pages / ((performance.now() - began) / 1000);
  console.log(
    `simulator: 100,000 companies in ${startMs.toFixed(0)} ms from spawn to ready; ${perSecond.toFixed(0)} pages/s as one fetch client sees it`,
  );
  child.kill('SIGTERM');
  await once(child, 'exit');
});

test('a page deep inside costs as much as the first one', async () => {
  await using sim = await startSimulator();
  const account = sim.addAccount({ username: 'msp', password: 'secret', companies: 100_000, shape: 'flat' });
  // The list is the tree's own array: nothing is copied but the page.
  expect(account.children(account.company)).toBe(account.company.children);
  const session = await login(sim.url);
  const body = { companyId: account.company.id, entityType: 'Any', skip: 99_900, take: 100 };
  for (const path of ['Company/Children', 'Company/Descendants', 'Search/Companies']) await session.post(path, body);
  const all = (): readonly unknown[] => account.within(account.company, 'any', () => true);
  expect(all()).toBe(all());
  const list = all();
  account.rename(account.company.children?.[0]?.id ?? '', 'renamed');
  expect(all()).toBe(list);
  account.add({ name: 'one more' });
  expect(all()).toHaveLength(100_001);
});
