// Drives an account step by step: changes upstream, asks for a sync and waits until the account has converged on it, whether or
// not the operator died meanwhile. After each step the state is compared, so that a later one cannot hide what this one lost.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../simulator/simulator.ts';
import type { Checkpoint } from './crash-run.ts';
import { MSP_ACCOUNTS } from './fingerprint.ts';
import { conditionOf, type Thing, type World } from './world.ts';

const TIMEOUT_MS = 20_000;

/** A change of the upstream tree. A step must be safe to describe before it is done: look companies up when it runs. */
export type Change = (upstream: Account, world: World) => unknown;

export type Step =
  /** The account is Ready after it. */
  | Change
  /** It ends with this reason of Ready. */
  | { readonly change: Change; readonly reason: string }
  /** A person approves what is held, and the account is Ready. */
  | 'approve';

/** Applies the account, waits for its first sync, then takes the steps one by one; each begins when the last has converged. */
export async function driveAccount(
  world: World,
  checkpoint: Checkpoint,
  steps: readonly Step[],
  options: { readonly name?: string; readonly spec?: object; readonly timeoutMs?: number } = {},
): Promise<void> {
  const { name = 'acme', spec = {}, timeoutMs = TIMEOUT_MS } = options;
  await world.apply(world.secret(), world.credentialsBinding(), world.account(name, spec));
  await converged(world, name, undefined, null, timeoutMs);
  await checkpoint('the first sync');
  for (const [index, step] of steps.entries()) {
    const { change, reason } = typeof step === 'object' ? step : { change: step, reason: null };
    const request = `step-${index + 1}`;
    const annotations: Record<string, string> = { 'mspoperator.dev/requestedAt': request };
    // With the request, since an approval asks for a sync of its own.
    if (change === 'approve') annotations['mspoperator.dev/approve-unlink'] = await planHash(world, name);
    else await change(world.upstream, world);
    await world.admin.patch(MSP_ACCOUNTS, { namespace: world.namespace, name }, { metadata: { annotations } });
    await converged(world, name, request, reason, timeoutMs);
    await checkpoint(`step ${index + 1}`);
  }
}

async function planHash({ admin, namespace }: World, name: string): Promise<string> {
  const { status } = (await admin.get(MSP_ACCOUNTS, { namespace, name })) as unknown as Thing;
  return status.sync.planHash as string;
}

/** @param reason of Ready; null: it is True */
async function converged(
  { admin, namespace }: World,
  name: string,
  request: string | undefined,
  reason: string | null,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const account = (await admin.get(MSP_ACCOUNTS, { namespace, name })) as unknown as Thing;
    const { metadata, status } = account;
    const ready = conditionOf(account, 'Ready');
    const settled =
      status?.observedGeneration === metadata.generation &&
      status?.lastHandledRequestedAt === request &&
      (reason === null ? ready?.status === 'True' : ready?.reason === reason) &&
      conditionOf(account, 'Reconciling') === undefined;
    if (settled) return;
    if (Date.now() > deadline) {
      throw new Error(`the account did not converge on ${request ?? 'its spec'}:\n${JSON.stringify(account, null, 1)}`);
    }
    await sleep(10);
  }
}
