// What the steps work on: a cluster, by kubectl and Helm as a person has them, and the report.

import { helmOk } from '../../controlplane/helm.ts';
import type { Cluster, KubectlOptions } from '../../controlplane/client.ts';
import type { Report } from '../report.ts';

export const NAMESPACE = 'eset-msp-operator';
export const RELEASE = 'eset-msp-operator';
export const PROGRAM = '/app/operator.js';

export interface Stage {
  readonly cluster: Cluster;
  readonly report: Report;
  /** A private folder. */
  readonly dir: string;
  /** Kills a process of a pod as a crash would. Absent where the node cannot be reached. */
  readonly crash?: ((pod: string, program: string) => Promise<void>) | undefined;
}

export const kubectl = ({ cluster }: Stage, args: readonly string[], options?: KubectlOptions): Promise<string> =>
  cluster.kubectlOk(args, options);

/** In the release's namespace. */
export const helm = ({ cluster }: Stage, ...args: readonly string[]): Promise<string> =>
  helmOk([...args, `--namespace=${NAMESPACE}`], { KUBECONFIG: cluster.kubeconfig });

export async function items<T>(stage: Stage, resource: string, ...args: readonly string[]): Promise<T[]> {
  const text = await kubectl(stage, ['get', resource, '-o', 'json', ...args]);
  return (JSON.parse(text) as { items: T[] }).items;
}

/** A namespace in which only pods of the strictest standard may run. */
export async function restrictedNamespace(stage: Stage, name: string): Promise<void> {
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  };
  await stage.cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
}
