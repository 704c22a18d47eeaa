// The way out that the chart's notes describe: instances with the confirmation that they ask for, accounts, the release; the
// definitions and what they hold stay until a person deletes them.

import { until } from '../until.ts';
import { expectKept, uids } from './objects.ts';
import { helm, items, kubectl, NAMESPACE, RELEASE, type Stage } from './stage.ts';

interface Instance {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: { readonly service: string; readonly lifecycle: { readonly type: string } };
  readonly status: { readonly instanceID: string; readonly creatingService: string };
}

interface Child {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
  };
}

/** Removes each instance as its creating service; refused before a person has confirmed it. */
export async function removeInstances(stage: Stage): Promise<void> {
  const all = await items<Instance>(stage, 'protectinstances', '--all-namespaces');
  const creator = ({ spec, status }: Instance): boolean => spec.service === status.creatingService;
  // The creator first: its end is what lets the others go.
  for (const instance of [...all.filter(creator), ...all.filter((each) => !creator(each))]) {
    const { metadata, spec, status } = instance;
    const { namespace, name } = metadata;
    if (creator(instance)) {
      const refused = await stage.cluster.kubectl(['delete', 'protectinstance', name, '--wait=false'], { namespace });
      if (refused.code === 0) throw new Error(`${name} was deleted without a confirmation`);
      const word = spec.lifecycle.type === 'Portal' ? 'removed-in-portal' : 'confirm-removal';
      const annotation = `mspoperator.dev/${word}=${status.instanceID}`;
      await kubectl(stage, ['annotate', 'protectinstance', name, '--overwrite', annotation], { namespace });
    } else {
      const reason = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}';
      await until(
        `${name} knows that its instance is gone`,
        60_000,
        async () =>
          (await kubectl(stage, ['get', 'protectinstance', name, '-o', reason], { namespace })) === 'InstanceGone',
      );
    }
    await kubectl(stage, ['delete', 'protectinstance', name, '--timeout=50s'], { namespace });
  }
}

/** Their groups and customers stay, and say that they are no longer linked. */
export async function removeAccounts(stage: Stage): Promise<void> {
  const children = (all: ReadonlyMap<string, string>): Map<string, string> =>
    new Map([...all].filter(([name]) => /^(staticgroups|customers) /.test(name)));
  const before = children(await uids(stage));
  await kubectl(stage, ['delete', 'mspaccounts', '--all', '--all-namespaces', '--timeout=50s']);
  expectKept(before, await uids(stage));
  const customers = await items<Child>(stage, 'customers', '--all-namespaces');
  const linked = customers.filter(({ status }) => {
    const condition = status?.conditions?.find(({ type }) => type === 'Linked');
    return condition?.status !== 'False' || condition.reason !== 'AccountRemoved';
  });
  if (linked.length > 0)
    throw new Error(`${linked.length} of ${customers.length} customers do not say that they are unlinked`);
}

const SELECTOR = `--selector=app.kubernetes.io/instance=${RELEASE}`;
const CLUSTER_WIDE =
  'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings,priorityclasses';
const NAMESPACED =
  'deployments,replicasets,pods,services,serviceaccounts,roles,rolebindings,poddisruptionbudgets,networkpolicies,configmaps,secrets';

/** Nothing is left of the release; the definitions are, with every object. */
export async function uninstall(stage: Stage): Promise<void> {
  const before = await uids(stage);
  await helm(stage, 'uninstall', RELEASE, '--wait', '--timeout=100s');
  expectKept(before, await uids(stage));
  // Helm waits for what it installed; the pods of the Deployment follow.
  let left = '';
  await until('nothing is left of the release', 60_000, async () => {
    left = [
      await kubectl(stage, ['get', CLUSTER_WIDE, SELECTOR, '-o', 'name']),
      await kubectl(stage, ['get', NAMESPACED, SELECTOR, '-o', 'name'], { namespace: NAMESPACE }),
    ].join('');
    return left === '';
  }).catch((error: unknown) => {
    throw new Error(`left in the cluster: ${left.trim().split('\n').join(', ')}`, { cause: error });
  });
}

/** The definitions, and with them all that is left; then the namespaces of the examples go without a word. */
export async function removeDefinitions(stage: Stage, namespaces: readonly string[]): Promise<void> {
  const names = (await kubectl(stage, ['get', 'crd', '-o', 'name']))
    .split('\n')
    .filter((name) => name.endsWith('.mspoperator.dev'));
  await kubectl(stage, ['delete', ...names, '--timeout=50s']);
  for (const name of namespaces) {
    await kubectl(stage, ['delete', 'namespace', name, '--ignore-not-found', '--timeout=50s']);
  }
}
