// Drives an account step by step: changes upstream, asks for a sync and waits until the account has converged on it, whether or
// not the operator died meanwhile. It talks to the API server directly, since the crash harness does this hundreds of times.

import { setTimeout as sleep } from 'node:timers/promises';
import { clientFor, type TestClient } from '../../operator/runtime/cluster-testing.ts';
import { loadConnection } from '../../operator/runtime/connection.ts';
import type { KubeObject, Resource } from '../../operator/runtime/object.ts';
import type { Account } from '../simulator/simulator.ts';
import { conditionOf, type Thing, type World } from './world.ts';

const ACCOUNTS: Resource = {
  group: 'mspoperator.dev',
  version: 'v1alpha1',
  plural: 'mspaccounts',
  kind: 'MSPAccount',
  namespaced: true,
};
const TIMEOUT_MS = 20_000;

/** A change of the upstream tree. A step must be safe to describe before it is done: look companies up when it runs. */
export type Step = (upstream: Account, world: World) => unknown;

/** Applies the account, waits for its first sync, then takes the steps one by one; each begins when the last has converged. */
export async function driveAccount(
  world: World,
  steps: readonly Step[],
  options: { readonly name?: string; readonly spec?: object } = {},
): Promise<void> {
  const { name = 'acme', spec = {} } = options;
  const admin = clientFor(loadConnection({ kubeconfig: world.cluster.kubeconfig }), { connections: 2 });
  try {
    await world.apply(world.secret(), world.credentialsBinding(), world.account(name, spec));
    await converged(admin, world.namespace, name, undefined);
    for (const [index, step] of steps.entries()) {
      await step(world.upstream, world);
      const request = `step-${index + 1}`;
      const patch = { metadata: { annotations: { 'mspoperator.dev/requestedAt': request } } };
      await admin.client.patch(ACCOUNTS, { namespace: world.namespace, name }, patch);
      await converged(admin, world.namespace, name, request);
    }
  } finally {
    await admin.close();
  }
}

async function converged(
  { client }: TestClient,
  namespace: string,
  name: string,
  request: string | undefined,
): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const account = (await client.get<KubeObject & Thing>(ACCOUNTS, { namespace, name })) as Thing;
    const { metadata, status } = account;
    const settled =
      status?.observedGeneration === metadata.generation &&
      status?.lastHandledRequestedAt === request &&
      conditionOf(account, 'Ready')?.status === 'True' &&
      conditionOf(account, 'Reconciling') === undefined;
    if (settled) return;
    if (Date.now() > deadline) {
      throw new Error(`the account did not converge on ${request ?? 'its spec'}:\n${JSON.stringify(account, null, 1)}`);
    }
    await sleep(10);
  }
}
