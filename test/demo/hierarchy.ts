// First chapter: an MSP Manager with some 60 companies is mirrored; then people and upstream change things.

import { heading, say, table } from './print.ts';
import { kubectlIn, type Example, type Kubectl, type Stage } from './stage.ts';

export const NAMESPACE = 'acme-msp';

export async function showHierarchy(stage: Stage, example: Example): Promise<void> {
  const kubectl = kubectlIn(stage, NAMESPACE);
  const { simulator } = stage;
  const { username = '' } = example.secret();
  const started = Date.now();
  say(`Applying examples/${example.name}, with the simulator as its endpoint …`);
  await example.apply(stage);
  await kubectl('wait', '--for=condition=Ready', 'mspa/acme', '--timeout=60s');
  say(`Ready ${((Date.now() - started) / 1000).toFixed(1)} s later.`);

  heading('kubectl get mspa');
  table(await kubectl('get', 'mspa'));
  heading('kubectl get sg');
  table(await kubectl('get', 'sg'));
  heading('kubectl get cust');
  table(await kubectl('get', 'cust'));

  heading('A person says what they want of the setup of two customers');
  const skip = await setUp(kubectl, await simulator.company(username, 'Anchor Point Marina'), 'Skip');
  const configured = await setUp(kubectl, await simulator.company(username, 'Cedar Hollow Farms'), 'Configured');

  heading('Upstream, somebody renames a customer, adds one and removes one');
  const renamed = await simulator.company(username, 'Redbarn Brewery');
  const removed = await simulator.company(username, 'Tallow Street Theatre');
  await simulator.change(username, 'rename', { id: renamed, name: 'Redbarn Craft Brewery' });
  const added = await simulator.change(username, 'add', { name: 'Larkfield Surgery', type: 'Customer' });
  await simulator.change(username, 'suspend', { id: removed });
  await simulator.change(username, 'remove', { id: removed });
  say('  Redbarn Brewery        is now Redbarn Craft Brewery');
  say('  Larkfield Surgery      is new');
  say('  Tallow Street Theatre  is gone');
  say('\nESET PROTECT would see it within a day. We ask for it now:');
  say(`  kubectl annotate mspa acme --overwrite mspoperator.dev/requestedAt="$(date)"`);
  await kubectl('annotate', 'mspa', 'acme', '--overwrite', 'mspoperator.dev/requestedAt=demo');
  await kubectl('wait', '--for=jsonpath={.status.lastHandledRequestedAt}=demo', 'mspa/acme', '--timeout=60s');

  const changed = await Promise.all([renamed, added, removed].map((id) => nameOf(kubectl, id)));
  heading('kubectl get mspa');
  table(await kubectl('get', 'mspa'));
  heading('kubectl get sg: the three that changed');
  table(await kubectl('get', 'sg', ...changed));
  heading('kubectl get cust: those that changed');
  table(await kubectl('get', 'cust', ...changed, skip, configured));
}

async function setUp(kubectl: Kubectl, companyID: string, mode: string): Promise<string> {
  const name = await nameOf(kubectl, companyID);
  const patch = JSON.stringify({ spec: { setup: { mode } } });
  say(`  kubectl patch cust ${name} --type=merge -p '${patch}'`);
  await kubectl('patch', 'cust', name, '--type=merge', '-p', patch);
  await kubectl('wait', '--for=jsonpath={.status.phase}=Normal', `cust/${name}`, '--timeout=30s');
  return name;
}

function nameOf(kubectl: Kubectl, companyID: string): Promise<string> {
  return kubectl(
    'get',
    'sg',
    '--field-selector',
    `spec.companyID=${companyID}`,
    '-o',
    'jsonpath={.items[0].metadata.name}',
  );
}
