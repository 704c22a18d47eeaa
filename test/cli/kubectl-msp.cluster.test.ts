// kubectl-msp as a person runs it: the built program, with a kubeconfig, against a real API server and the simulator.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../controlplane/run.ts';
import { World } from '../harness/world.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'kubectl-msp.js');
let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.end());

const msp = (...args: string[]) =>
  runProgram(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, KUBECONFIG: world.cluster.kubeconfig },
    timeoutMs: 30_000,
  });
const plan = (name = 'acme') =>
  msp('plan', `${world.namespace}/${name}`, '--allow-loopback-http', '--requests-per-second=500');

test('plan of a new account says what would be made, and makes nothing', async () => {
  await world.apply(world.secret(), world.credentialsBinding(), world.account('acme', { sync: { mode: 'Observe' } }));
  await world.untilReason('acme', 'Planned');
  const { stdout, code } = await plan();
  expect(code).toBe(2);
  expect(stdout).toContain('+ Redbarn Brewery  (Customer, StaticGroup redbarn-brewery-');
  expect(stdout).toContain('Read 61 companies, all of them.\nWould create 61 groups and 55 customers.');
  expect(await world.groups()).toEqual([]);
});

test('plan of a synchronized account is empty and exits 0; after changes upstream it says each, and the sync does just that', async () => {
  await world.apply(world.account('acme', { sync: { mode: 'Apply' } }));
  await world.untilReason('acme', 'Synchronized');
  expect(await plan()).toMatchObject({ code: 0, stdout: 'Read 61 companies, all of them.\nNothing would change.\n' });

  const id = (name: string): string => world.upstream.find(name)?.id ?? '';
  world.upstream.rename(id('Redbarn Brewery'), 'Redbarn Craft Brewery');
  world.upstream.remove(id('Tallow Street Theatre'));
  world.upstream.move(id('Vantry Architects'), id('Bluefinch Networks'));
  world.upstream.add({ name: 'Larkfield Surgery', type: 'Customer' });
  const before = await plan();
  expect(before.code).toBe(2);
  expect(before.stdout).toMatch(/~ Redbarn Brewery → Redbarn Craft Brewery/);
  expect(before.stdout).toMatch(/> Vantry Architects moves from silverbrook-helpdesk-\w+ to bluefinch-networks-\w+/);
  expect(before.stdout).toMatch(/\+ Larkfield Surgery {2}\(Customer, StaticGroup/);
  expect(before.stdout).toMatch(/- Tallow Street Theatre {2}\(Removed, Customer/);
  await world.sync();
  expect((await plan()).code).toBe(0);
});

test('tree shows the hierarchy with statuses', async () => {
  const { stdout, code } = await msp('tree', `${world.namespace}/acme`);
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^Norrvale Managed Services +MSPManager$/);
  expect(lines).toHaveLength(62);
  expect(stdout).toMatch(/│ {2}├─ Bäckerei Sonnentor +Customer {2}NotSetUp/);
  expect(stdout).toMatch(/─ Tallow Street Theatre +Customer {2}Unlinked {2}\(company_unlinked\) {2}Removed/);
  expect(stdout).toMatch(/─ Driftwood Holiday Homes +Customer {2}NotSetUp {2}suspended/);
});

test('mistakes end with exit 1 and one line that says what to do', async () => {
  for (const [args, message] of [
    [
      ['tree', `${world.namespace}/nope`],
      /^error: There is no MSPAccount nope in the namespace .*: kubectl get mspa -A\n$/,
    ],
    [['tree', 'a/b/c'], /^error: "a\/b\/c" is not NAMESPACE\/NAME of an MSPAccount\.\n$/],
    [['plan', `${world.namespace}/acme`], /^error: .*https.*\n$/],
  ] as const) {
    const { code, stderr, stdout } = await msp(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  }
});
