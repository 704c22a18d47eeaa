// Asks the lifecycle service of an instance afresh. Whatever is in the way (endpoint, Secret, network, another company) ends as
// "unknown" with its reason, and never as "nothing is there".

import type { InstanceReason } from '../../api/v1alpha1/instance-reasons.ts';
import type { Upstream } from '../../ownership/facts.ts';
import { checkEndpoint } from '../../upstream/endpoint.ts';
import { LifecycleClient, type LifecycleInstance } from '../../upstream/lifecycle.ts';
import { readSecret } from '../secret.ts';
import type { InstanceDeps } from './deps.ts';
import { accountKey, type InstanceView } from './instance.ts';

export type Asked =
  | {
      readonly kind: 'listed';
      readonly client: LifecycleClient;
      readonly companyID: string;
      readonly instances: readonly LifecycleInstance[];
    }
  | { readonly kind: 'unknown'; readonly reason: InstanceReason; readonly message: string };

/**
 * Runs `work` with a fresh list of the account company's instances, and a client that can change them; closes the client.
 * @param endpoint,secretName `spec.lifecycle`
 */
export async function withUpstream<T>(
  deps: InstanceDeps,
  view: InstanceView,
  signal: AbortSignal,
  work: (asked: Asked) => Promise<T>,
): Promise<T> {
  const { endpoint = '', secretRef } = view.spec.lifecycle;
  const check = checkEndpoint(endpoint, deps.policy, { allowPath: true, flag: '--lifecycle-hosts' });
  if (check.kind === 'refused') return work({ kind: 'unknown', reason: check.reason, message: check.message });
  const key = { namespace: view.namespace, name: secretRef?.name ?? '' };
  const secret = await readSecret(deps.client, key, ['token'], deps.operatorUser, signal);
  if (secret.kind === 'unusable') return work({ kind: 'unknown', reason: secret.reason, message: secret.message });
  const client = new LifecycleClient({
    endpoint,
    token: secret.values.token,
    allow: deps.policy,
    egress: deps.egress,
    now: deps.now,
    writeGate: deps.writeGate,
    onRequest: (request) => deps.metrics.upstreamRequest(request),
  });
  try {
    return await work(await ask(deps, view, client, signal));
  } finally {
    await client.close();
  }
}

/** The answer as the decisions read it. */
export function upstreamOf(asked: Asked): Upstream {
  return asked.kind === 'unknown'
    ? { kind: 'unknown', why: asked.message }
    : { kind: 'listed', instances: asked.instances };
}

async function ask(
  deps: InstanceDeps,
  view: InstanceView,
  client: LifecycleClient,
  signal: AbortSignal,
): Promise<Asked> {
  const result = await client.list(signal);
  if (result.kind === 'refused') {
    return {
      kind: 'unknown',
      reason: 'TokenRefused',
      message: `The lifecycle service refuses the token: ${result.message}`,
    };
  }
  if (result.kind === 'failed') {
    const refused = result.failure.cause === 'Unauthorized';
    return {
      kind: 'unknown',
      reason: refused ? 'TokenRefused' : 'UpstreamUnavailable',
      message: result.failure.message,
    };
  }
  const { companyID, instances } = result.value;
  // A token of another company would list nothing of ours: that must not read as "gone".
  const expected = view.status.companyID ?? deps.accounts.get(accountKey(view))?.status.company?.id;
  if (expected !== undefined && expected.toLowerCase() !== companyID.toLowerCase()) {
    const message = `The lifecycle service answers for the company ${companyID}, this account is ${expected}. Check endpoint and token.`;
    return { kind: 'unknown', reason: 'AccountMismatch', message };
  }
  return { kind: 'listed', client, companyID, instances };
}
