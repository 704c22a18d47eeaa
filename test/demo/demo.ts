// make demo: a real control plane, an EMA 2 simulator, the operator under its own ServiceAccount, the examples applied, and the
// tables that a person would look at. On a terminal it stays up until Ctrl-C.

import { setTimeout as sleep } from 'node:timers/promises';
import { startControlPlane, type ControlPlane } from '../controlplane/client.ts';
import { Supervisor } from '../controlplane/supervised.ts';
import { OPERATOR_NAME, OPERATOR_NAMESPACE, startOperator, type RunningOperator } from '../harness/operator.ts';
import { shipped } from '../harness/shipped.ts';
import { NAMESPACE, showHierarchy } from './hierarchy.ts';
import { showInstance } from './instance.ts';
import { say } from './print.ts';
import { SimulatorProcess } from './simulator-process.ts';
import { Example, type Stage } from './stage.ts';

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
  say('Starting a control plane: etcd, kube-apiserver, kube-controller-manager …');
  const manifests = shipped('definitions', 'rights', 'admission');
  const cluster = await startControlPlane({ alwaysStart: true, manifests, progress: say });
  controlPlane = cluster;
  supervisor = await Supervisor.start(`${cluster.dir}/demo-`);
  say('Starting the simulator of ESET MSP Administrator 2 …');
  const hierarchy = new Example('msp-manager.yaml');
  const { username = '', password = '' } = hierarchy.secret();
  const simulator = await SimulatorProcess.start(supervisor, username, password);
  say(`Starting the operator as system:serviceaccount:${OPERATOR_NAMESPACE}:${OPERATOR_NAME} …`);
  const operator = await startOperator(supervisor, cluster, { namespaces: null, upstreamHosts: [simulator.host] });

  const stage = { cluster, simulator };
  await showHierarchy(stage, hierarchy);
  await showInstance(stage, new Example('mixed-account.yaml'));

  if (!interactive) {
    say('\nThe demo is over; everything it started is stopped.');
    return;
  }
  say(lookAround(stage));
  const asked = new Promise((resolve) => stopped.signal.addEventListener('abort', resolve, { once: true }));
  await Promise.race([endOf(operator), asked]);
  say('\nStopping …');
}

async function endOf(operator: RunningOperator): Promise<never> {
  for (;;) {
    await operator.reached('ready'); // throws, with its log, once the process has ended
    await sleep(1000);
  }
}

function lookAround({ cluster, simulator }: Stage): string {
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
