// docs/backup-and-move.md, command by command: a restore without status and a move to another namespace keep what people decided, make no
// second object of anything, and touch no instance.

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../controlplane/run.ts';
import { World, conditionOf, type Thing } from '../harness/world.ts';
import { installPolicies } from '../admission/policies.ts';
import { allPages, fenced } from './pages.ts';

const page = allPages().find(({ path }) => path === 'docs/backup-and-move.md');
/** The commands of a part of the page. */
function commandsOf(heading: string): string[] {
  const text = page?.text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return fenced({ path: '', text }, 'sh').flatMap((block) => block.trim().split('\n'));
}

/** Types a command in a directory of its own, where the files are that others of the page wrote. */
function shellOf(world: World, directory: string, moved: string) {
  return async (command: string): Promise<string> => {
    const typed = command
      .replaceAll('acme-msp', world.namespace)
      .replaceAll('new-msp', moved)
      .replaceAll('--all-namespaces', `--namespace ${world.namespace}`);
    const { code, stdout, stderr } = await runProgram('bash', ['-c', `set -eo pipefail; ${typed}`], {
      cwd: directory,
      env: {
        ...process.env,
        KUBECONFIG: world.cluster.kubeconfig,
        KUBERC: 'off',
        PATH: `${join(world.cluster.kubectlPath, '..')}:${process.env['PATH']}`,
      },
      timeoutMs: 60_000,
    });
    if (code !== 0) throw new Error(`${typed}: ${stdout}${stderr}`);
    return stdout;
  };
}

/** What is to be the same afterwards. */
function seen(things: readonly Thing[]): object[] {
  return things
    .map(({ kind, metadata, spec, status }) => ({
      kind,
      name: metadata.name,
      spec: kind === 'MSPAccount' || kind === 'ProtectInstance' ? null : spec,
      phase: status.phase,
      setup: status.setup,
      displayName: status.displayName,
      linked: conditionOf({ kind, metadata, spec, status } as Thing, 'Linked')?.reason,
      instance: status.instanceID,
      creatingService: status.creatingService,
    }))
    .sort((a, b) => (a.kind + a.name < b.kind + b.name ? -1 : 1));
}

/** An account with an instance, customers of the operator with each setup, and one that people named. */
async function start(): Promise<{ world: World; before: object[]; directory: string }> {
  const world = await World.create();
  const [named] = [...world.upstream.tree.companies()].filter(({ name }) => name === 'Redbarn Brewery');
  if (named === undefined) throw new Error('no such company');
  await world.apply(world.lifecycleSecret(), world.instance('console', 'EMA2'), {
    apiVersion: 'mspoperator.dev/v1alpha1',
    kind: 'Customer',
    metadata: { name: 'the-brewery' },
    spec: { accountRef: { name: 'acme' }, companyID: named.id, setup: { mode: 'Configured' } },
  });
  await world.synchronized();
  await world.until('pi', 'console', (pi) => conditionOf(pi, 'Ready')?.reason === 'Active');
  const [one] = (await world.customers()).filter(({ metadata }) => metadata.name !== 'the-brewery');
  const name = one?.metadata.name ?? '';
  await world.kubectl(['patch', 'cust', name, '--type=merge', '-p', '{"spec":{"setup":{"mode":"Skip"}}}']);
  await world.until('cust', name, ({ status }) => status.phase === 'Normal');
  await world.until('cust', 'the-brewery', ({ status }) => status.phase === 'Normal');
  return {
    world,
    before: seen(await world.list('pi,sg,cust')),
    directory: await mkdtemp(join(world.cluster.dir, 'backup-')),
  };
}

test('a restore into an empty cluster', async () => {
  const { world, before, directory } = await start();
  try {
    const type = shellOf(world, directory, '-');
    for (const command of commandsOf('Back up')) await type(command);

    // The cluster is lost, and the operator with it.
    await world.stopOperator();
    const everything = await world.list('mspa,pi,sg,cust');
    await Promise.all(
      [...new Set(everything.map(({ kind }) => kind.toLowerCase()))].map(async (kind) => {
        for (const { metadata } of everything.filter((thing) => thing.kind.toLowerCase() === kind)) {
          if (metadata.finalizers === undefined) continue;
          await world.kubectl(['patch', kind, metadata.name, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
        }
        await world.kubectl(['delete', kind, '--all']);
      }),
    );
    expect(await world.list('mspa,pi,sg,cust')).toEqual([]);

    const [create = ''] = commandsOf('Restore').filter((command) => command.includes('msp-backup.yaml'));
    await type(create);
    await world.startOperator();
    await world.untilReady();
    await world.until('pi', 'console', (pi) => conditionOf(pi, 'Ready')?.reason === 'Active');
    expect(seen(await world.list('pi,sg,cust'))).toEqual(before);
    expect(world.upstream.lifecycle.instances()).toHaveLength(1);
    expect(world.upstream.lifecycle.violations()).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
    await world.end();
  }
}, 120_000);

test('a move to another namespace, with the policies in force', async () => {
  const { world, before, directory } = await start();
  const moved = await world.cluster.createNamespace('moved');
  const there = (...args: readonly string[]) => world.cluster.kubectl(args, { namespace: moved });
  const policies = await installPolicies(world.cluster, world.namespace, [moved]);
  try {
    // One that watches both.
    await world.stopOperator();
    await world.startOperator([`--watch-namespaces=${world.namespace},${moved}`]);
    const needed = [world.secret(), world.lifecycleSecret(), world.credentialsBinding()];
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: needed });
    await world.cluster.apply(list, { namespace: moved });

    const type = shellOf(world, directory, moved);
    for (const command of commandsOf('Move an account')) await type(command);

    const { stdout } = await there('get', 'pi,sg,cust', '-o', 'json');
    expect(seen((JSON.parse(stdout) as { items: Thing[] }).items)).toEqual(before);
    expect(await world.list('mspa,pi,sg,cust')).toEqual([]);
    expect(world.upstream.lifecycle.instances()).toHaveLength(1);
    expect(world.upstream.lifecycle.violations()).toEqual([]);
  } finally {
    await policies.remove();
    await there('patch', 'pi', 'console', '--type=merge', '-p', '{"spec":{"deletionPolicy":"Orphan"}}');
    await there('delete', 'pi,mspa', '--all', '--timeout=30s');
    await world.cluster.deleteNamespace(moved, { wait: false });
    await rm(directory, { recursive: true, force: true });
    await world.end();
  }
}, 120_000);
