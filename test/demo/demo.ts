// make demo: a real control plane, an EMA 2 simulator, the operator under its own ServiceAccount, one example applied, and the
// tables that a person would look at; then three changes upstream, and the tables again. On a terminal it stays up.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { startControlPlane, type ControlPlane } from '../controlplane/client.ts';
import { Supervisor } from '../controlplane/supervised.ts';
import { OPERATOR_NAME, OPERATOR_NAMESPACE, startOperator } from '../harness/operator.ts';
import { heading, say, table } from './print.ts';
import { SimulatorProcess } from './simulator-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NAMESPACE = 'acme-msp';
const interactive = process.stdout.isTTY && process.env['CI'] !== 'true';
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());

let controlPlane: ControlPlane | undefined;
let supervisor: Supervisor | undefined;
try {
  await demo();
} catch (error) {
  if (!stopped.signal.aborted) {
    say(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
} finally {
  await supervisor?.stop();
  await controlPlane?.stop();
}

async function demo(): Promise<void> {
  const started = Date.now();
  say('Starting a control plane: etcd, kube-apiserver, kube-controller-manager …');
  const manifests = [join(ROOT, 'crds'), join(ROOT, 'charts', 'eset-msp-operator', 'files', 'rbac.yaml')];
  const cluster = await startControlPlane({ alwaysStart: true, manifests, progress: say });
  controlPlane = cluster;
  const kubectl = (...args: string[]): Promise<string> => cluster.kubectlOk(args, { namespace: NAMESPACE });

  supervisor = await Supervisor.start(`${cluster.dir}/demo-`);
  const example = readExample();
  say('Starting the simulator of ESET MSP Administrator 2 …');
  const simulator = await SimulatorProcess.start(supervisor, example.login);
  say(`Starting the operator as system:serviceaccount:${OPERATOR_NAMESPACE}:${OPERATOR_NAME} …`);
  const operator = await startOperator(supervisor, cluster, { namespaces: null, upstreamHosts: [simulator.host] });

  say('Applying examples/msp-manager.yaml, with the simulator as its endpoint …');
  await cluster.apply(example.manifests(simulator.url));
  await kubectl('wait', '--for=condition=Ready', 'mspa/acme', '--timeout=60s');
  say(`Ready, ${((Date.now() - started) / 1000).toFixed(1)} s after the start.`);

  heading('kubectl get mspa');
  table(await kubectl('get', 'mspa'));
  heading('kubectl get sg');
  table(await kubectl('get', 'sg'));
  heading('kubectl get cust');
  table(await kubectl('get', 'cust'));

  heading('A person says what they want of the setup of two customers');
  const [skip, configured] = await namesOf(kubectl, [
    await simulator.company('Anchor Point Marina'),
    await simulator.company('Cedar Hollow Farms'),
  ]);
  for (const [name = '', mode] of [
    [skip, 'Skip'],
    [configured, 'Configured'],
  ] as const) {
    const patch = JSON.stringify({ spec: { setup: { mode } } });
    say(`  kubectl patch cust ${name} --type=merge -p '${patch}'`);
    await kubectl('patch', 'cust', name, '--type=merge', '-p', patch);
    await kubectl('wait', '--for=jsonpath={.status.phase}=Normal', `cust/${name}`, '--timeout=30s');
  }

  heading('Upstream, somebody renames a customer, adds one and removes one');
  const renamed = await simulator.company('Redbarn Brewery');
  const removed = await simulator.company('Tallow Street Theatre');
  await simulator.change('rename', { id: renamed, name: 'Redbarn Craft Brewery' });
  const added = await simulator.change('add', { name: 'Larkfield Surgery', type: 'Customer' });
  await simulator.change('suspend', { id: removed });
  await simulator.change('remove', { id: removed });
  say('  Redbarn Brewery        is now Redbarn Craft Brewery');
  say('  Larkfield Surgery      is new');
  say('  Tallow Street Theatre  is gone');
  say('\nESET PROTECT would see it within a day. We ask for it now:');
  say(`  kubectl annotate mspa acme --overwrite mspoperator.dev/requestedAt="$(date)"`);
  await kubectl('annotate', 'mspa', 'acme', '--overwrite', 'mspoperator.dev/requestedAt=demo');
  await kubectl('wait', '--for=jsonpath={.status.lastHandledRequestedAt}=demo', 'mspa/acme', '--timeout=60s');

  const changed = await namesOf(kubectl, [renamed, added, removed]);
  heading('kubectl get mspa');
  table(await kubectl('get', 'mspa'));
  heading('kubectl get sg: the three that changed');
  table(await kubectl('get', 'sg', ...changed));
  heading('kubectl get cust: those that changed');
  table(await kubectl('get', 'cust', ...changed, skip ?? '', configured ?? ''));
  heading('kubectl get cust --field-selector status.phase=Normal');
  table(await kubectl('get', 'cust', '--field-selector', 'status.phase=Normal'));
  heading('kubectl get events');
  table(
    await kubectl(
      'get',
      'events',
      '-o',
      'custom-columns=TYPE:.type,REASON:.reason,OBJECT:.involvedObject.name,MESSAGE:.message',
    ),
  );

  if (!interactive) {
    say('\nThe demo is over; everything it started is stopped.');
    return;
  }
  say(lookAround(cluster, simulator));
  await Promise.race([
    operatorEnd(operator),
    new Promise((resolve) => stopped.signal.addEventListener('abort', resolve, { once: true })),
  ]);
  say('\nStopping …');
}

/** The example as it is in the repository; only its endpoint is the simulator's. */
function readExample(): { login: { username: string; password: string }; manifests: (endpoint: string) => string } {
  const text = readFileSync(join(ROOT, 'examples', 'msp-manager.yaml'), 'utf8');
  const documents = parseAllDocuments(text);
  const find = (kind: string) => documents.find((document) => document.get('kind') === kind);
  const login = find('Secret')?.toJS() as { stringData: { username: string; password: string } };
  return {
    login: login.stringData,
    manifests: (endpoint) => {
      find('MSPAccount')?.setIn(['spec', 'endpoint'], endpoint);
      return documents.map(String).join('---\n');
    },
  };
}

async function namesOf(
  kubectl: (...args: string[]) => Promise<string>,
  companyIDs: readonly string[],
): Promise<string[]> {
  const names = companyIDs.map((id) =>
    kubectl('get', 'sg', '--field-selector', `spec.companyID=${id}`, '-o', 'jsonpath={.items[0].metadata.name}'),
  );
  return Promise.all(names);
}

async function operatorEnd(operator: { ready(): Promise<void> }): Promise<never> {
  for (;;) {
    await operator.ready(); // throws, with its log, once the process has ended
    await sleep(1000, undefined, { ref: true });
  }
}

function lookAround(cluster: ControlPlane, simulator: SimulatorProcess): string {
  return `
It stays up until Ctrl-C. In another terminal:

  export KUBECONFIG=${cluster.kubeconfig}
  alias kubectl=${cluster.kubectlPath}
  kubectl config set-context --current --namespace=${NAMESPACE}

  kubectl get mspa,sg,cust
  kubectl describe mspa acme
  kubectl explain mspa.spec.sync
  kubectl get cust --field-selector status.phase=NotSetUp
  kubectl patch cust NAME --type=merge -p '{"spec":{"setup":{"mode":"Skip"}}}'

Change something upstream, then ask for a sync:

  curl ${simulator.adminURL}/            # what can be changed
  kubectl annotate mspa acme --overwrite mspoperator.dev/requestedAt="$(date)"
`;
}
