// The steps, in the order in which an installation lives. Each stands on the ones before it.

import { until } from '../until.ts';
import { crashLeader, deleteLeader, roll } from './leader.ts';
import { namesOf, needsOf, type ExampleFile, type Login } from './needs.ts';
import { definitions, expectKept, outdated, table, uids } from './objects.ts';
import { install, previousChart, upgrade } from './release.ts';
import { addressOf, simulatorAddress, startSimulator } from './simulator.ts';
import { helm, items, kubectl, PROGRAM, RELEASE, type Stage } from './stage.ts';
import { removeAccounts, removeDefinitions, removeInstances, uninstall } from './uninstall.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

interface Judged {
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export async function runSteps(stage: Stage, examples: readonly ExampleFile[]): Promise<void> {
  const { report } = stage;
  const step = report.step.bind(report);
  const needs = needsOf(examples);
  const [account] = needs.logins;
  if (account === undefined) throw new Error('the examples have no account');

  const certificate = await step('the simulator runs as a pod', () => startSimulator(stage, needs));
  await step(`${namesOf(needs).join(' and ')} lead to it, and to nothing else`, async () => {
    const expected = await simulatorAddress(stage);
    for (const name of namesOf(needs)) {
      const address = await addressOf(stage, name);
      if (address !== expected) throw new Error(`${name} leads to ${address} instead of ${expected}`);
    }
  });
  await step('helm install of the version before, two replicas, Pod Security "restricted"', async () => {
    await install(stage, await previousChart(stage.dir), needs, certificate);
    await restricted(stage);
  });
  await step(`the examples as they are: ${examples.map(({ name }) => name).join(', ')}`, async () => {
    for (const { text } of examples) await stage.cluster.apply(text);
    await allReady(stage);
  });
  await step('the tables of kubectl get', () => checkTables(stage, account));
  await step('helm upgrade brings the definitions up to date and keeps every object', async () => {
    const [before, old] = [await uids(stage), outdated(await definitions(stage))];
    if (old.length === 0) throw new Error('the version before has the same definitions: this shows nothing');
    report.say(`${before.size} objects; to be updated: ${old.join(', ')}`);
    await upgrade(stage, needs);
    const still = outdated(await definitions(stage));
    if (still.length > 0) throw new Error(`still as before: ${still.join(', ')}`);
    expectKept(before, await uids(stage));
    await allReady(stage);
    await checkTables(stage, account);
  });
  await step('helm test', async () =>
    report.say((await helm(stage, 'test', RELEASE, '--logs', '--timeout=100s')).trim()),
  );
  const before = await uids(stage);
  await step('the Deployment is rolled: the lead moves', () => roll(stage, account));
  await step('the pod that leads is deleted', () => deleteLeader(stage, account));
  if (stage.crash !== undefined) await step('the leader is killed', () => crashLeader(stage, account));
  await step('every object is still the same', async () => {
    expectKept(before, await uids(stage));
    await allReady(stage);
    await checkTables(stage, account, { renamed: true });
  });
  await step('instances are removed, each by its creating service and once confirmed', () => removeInstances(stage));
  await step('accounts are removed, what they held stays', () => removeAccounts(stage));
  await step('helm uninstall keeps definitions and objects, and leaves nothing else', () => uninstall(stage));
  await step('the definitions and the namespaces go without being held', () =>
    removeDefinitions(
      stage,
      examples.flatMap(({ objects }) =>
        objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name),
      ),
    ),
  );
}

/** The pods run as the image's user, with a file system that they cannot write. */
async function restricted(stage: Stage): Promise<void> {
  const script = `try { require('node:fs').writeFileSync('/app/x', ''); console.log('writable'); } catch { console.log(process.getuid()); }`;
  const exec = ['exec', `deployment/${RELEASE}`, '--', '/nodejs/bin/node', '--eval', script];
  const said = (await kubectl(stage, exec, { namespace: RELEASE })).trim();
  if (said !== '65532') throw new Error(`the operator (${PROGRAM}) runs as, or finds its files: ${said}`);
}

async function allReady(stage: Stage): Promise<void> {
  let waiting: string[] = [];
  await until('every account and instance is ready', 90_000, async () => {
    const all = await items<Judged>(stage, 'mspaccounts,protectinstances', '--all-namespaces');
    waiting = all.flatMap(({ kind, metadata, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      return ready?.status === 'True' ? [] : [`${kind} ${metadata.name}: ${ready?.reason} ${ready?.message}`];
    });
    return all.length > 0 && waiting.length === 0;
  }).catch((error: unknown) => {
    throw new Error(waiting.join('\n'), { cause: error });
  });
}

/** @param renamed customers have other names than the simulator's demonstration gives them */
async function checkTables(stage: Stage, { namespace, account }: Login, { renamed = false } = {}): Promise<void> {
  const show = (kind: string): Promise<Record<string, string>[]> => table(stage, kind, namespace);
  const [accounts, groups, customers, instances] = [
    await show('mspaccounts'),
    await show('staticgroups'),
    await show('customers'),
    await show('protectinstances'),
  ];
  const expectRow = (of: Record<string, string>[], wanted: Record<string, string>): void => {
    const matches = of.some((row) => Object.entries(wanted).every(([column, value]) => row[column] === value));
    if (!matches) throw new Error(`no row with ${JSON.stringify(wanted)} among ${JSON.stringify(of.slice(0, 5))}`);
  };
  expectRow(accounts, {
    NAME: account,
    TYPE: 'MSPManager',
    MIXED: 'false',
    CUSTOMERS: '55',
    GROUPS: '61',
    READY: 'True',
    STATUS: 'Synchronized',
  });
  if (groups.length !== 61) throw new Error(`${groups.length} groups in the table`);
  if (customers.length !== 55) throw new Error(`${customers.length} customers in the table`);
  expectRow(groups, { TYPE: 'ManagedMSP', DISPLAY: 'Alpenblick IT-Service', LINKED: 'True' });
  expectRow(customers, { STATUS: 'NotSetUp', SETUP: 'Pending', SUSPENDED: 'False' });
  if (!renamed) expectRow(customers, { CUSTOMER: 'Bäckerei Sonnentor', MSP: 'Alpenblick IT-Service' });
  expectRow(instances, { READY: 'True', 'CREATED BY': 'EMA2' });
  for (const kind of ['mspaccounts', 'protectinstances']) {
    stage.report.say((await kubectl(stage, ['get', kind, '--all-namespaces'])).trim());
  }
}
