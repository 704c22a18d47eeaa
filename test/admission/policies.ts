// The ValidatingAdmissionPolicies as the chart ships them, in force in one namespace of a test and nowhere else: the policies are
// applied as they are, their bindings under a name of their own and with that namespace. A policy without a binding does nothing,
// so that the policies stay where several test files share a cluster.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../controlplane/client.ts';
import { shipped } from '../harness/shipped.ts';

const FINALIZER = 'mspoperator.dev/creating-service';

const documents = shipped('admission');
const policies = documents.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
const bindings = documents.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');

export const POLICY_NAMES: readonly string[] = policies.map(({ metadata }) => metadata.name);

export interface Policies {
  /** Takes the bindings away again. */
  remove(): Promise<void>;
}

/** In force when it returns, on objects of `namespace` (and of `more`) only. */
export async function installPolicies(
  cluster: Cluster,
  namespace: string,
  more: readonly string[] = [],
): Promise<Policies> {
  const values = [namespace, ...more];
  const own = bindings.map((binding) => ({
    ...binding,
    metadata: { name: `${binding.metadata.name}-${namespace}` },
    spec: {
      ...(binding['spec'] as object),
      matchResources: {
        namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values }] },
      },
    },
  }));
  const names = own.map(({ metadata }) => metadata.name);
  const remove = async (): Promise<void> => {
    await cluster.kubectlOk(['delete', 'validatingadmissionpolicybinding', '--ignore-not-found', ...names]);
  };
  try {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...policies, ...own] });
    // Server-side: a second test file that applies the same changes nothing.
    await cluster.kubectlOk(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input });
    await inForce(cluster, namespace);
  } catch (error) {
    await remove();
    throw error;
  }
  return { remove };
}

/** A binding is followed a moment after it was written. Until each of the three refuses what it should, on an object to try it on. */
async function inForce(cluster: Cluster, namespace: string): Promise<void> {
  const name = 'tries-the-policies';
  const probe = {
    apiVersion: 'mspoperator.dev/v1alpha1',
    kind: 'ProtectInstance',
    metadata: { name, finalizers: [FINALIZER] },
    spec: {
      accountRef: { name },
      service: 'EMA2',
      displayName: name,
      region: 'eu',
      lifecycle: { type: 'Portal' },
      instanceID: name,
      creatingService: 'EMA2',
    },
  };
  await cluster.kubectlOk(['create', '-f', '-'], { namespace, input: JSON.stringify(probe) });
  const patch = (body: object): string[] => ['patch', 'pi', name, '--type=merge', '-p', JSON.stringify(body)];
  const tries = [
    ['delete', 'pi', name, '--dry-run=server'],
    [...patch({ metadata: { finalizers: null } }), '--dry-run=server'],
    [...patch({ status: { consoleURL: 'https://console.example' } }), '--subresource=status', '--dry-run=server'],
  ];
  const deadline = Date.now() + 20_000;
  for (const args of tries) {
    for (;;) {
      const { code, stderr } = await cluster.kubectl(args, { namespace });
      if (code !== 0 && stderr.includes('denied request')) break;
      if (Date.now() > deadline) throw new Error(`not refused by a policy: kubectl ${args.join(' ')}: ${stderr}`);
      await sleep(100);
    }
  }
  const annotations = { 'mspoperator.dev/break-glass': name };
  await cluster.kubectlOk(patch({ spec: { deletionPolicy: 'Orphan' } }), { namespace });
  await cluster.kubectlOk(['delete', 'pi', name, '--wait=false'], { namespace });
  // Where an operator runs it may have let go of it by now.
  await cluster.kubectl(patch({ metadata: { annotations, finalizers: null } }), { namespace });
}
