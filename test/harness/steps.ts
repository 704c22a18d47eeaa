// Drives an account step by step: changes upstream, asks for a sync and waits until the account has converged on it, whether or
// not the operator died meanwhile. After each step the state is compared, so that a later one cannot hide what this one lost.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../simulator/simulator.ts';
import type { Checkpoint } from './crash-run.ts';
import { MSP_ACCOUNTS } from './fingerprint.ts';
import { conditionOf, type Thing, type World } from './world.ts';

const TIMEOUT_MS = 20_000;

/** A change of the upstream tree. A step must be safe to describe before it is done: look companies up when it runs. */
export type Step = (upstream: Account, world: World) => unknown;

/** Applies the account, waits for its first sync, then takes the steps one by one; each begins when the last has converged. */
export async function driveAccount(
  world: World,
  checkpoint: Checkpoint,
  steps: readonly Step[],
  options: { readonly name?: string; readonly spec?: object } = {},
): Promise<void> {
  const { name = 'acme', spec = {} } = options;
  await world.apply(world.secret(), world.credentialsBinding(), world.account(name, spec));
  await converged(world, name, undefined);
  await checkpoint('the first sync');
  for (const [index, step] of steps.entries()) {
    await step(world.upstream, world);
    const request = `step-${index + 1}`;
    const patch = { metadata: { annotations: { 'mspoperator.dev/requestedAt': request } } };
    await world.admin.patch(MSP_ACCOUNTS, { namespace: world.namespace, name }, patch);
    await converged(world, name, request);
    await checkpoint(`step ${index + 1}`);
  }
}

async function converged({ admin, namespace }: World, name: string, request: string | undefined): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const account = (await admin.get(MSP_ACCOUNTS, { namespace, name })) as unknown as Thing;
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
