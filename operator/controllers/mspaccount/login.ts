// The login of an account, read from its Secret each time it is used and kept nowhere (promise 10).

import type { KubeClient } from '../../runtime/client.ts';
import { readSecret } from '../secret.ts';
import type { AccountView } from './account.ts';
import type { Verdict } from './verdict.ts';

export type Login =
  | { readonly kind: 'ok'; readonly username: string; readonly password: string; readonly resourceVersion: string }
  /** `resourceVersion`: of the Secret that was read, null where there is none. */
  | { readonly kind: 'unusable'; readonly verdict: Verdict; readonly resourceVersion: string | null };

/**
 * @param operator how the API server knows the operator
 * @throws KubeError for anything but 403 and 404
 */
export async function readLogin(
  client: KubeClient,
  { namespace, settings }: AccountView,
  operator: string,
  signal: AbortSignal,
): Promise<Login> {
  const key = { namespace, name: settings.secretName };
  const secret = await readSecret(client, key, ['username', 'password'], operator, signal);
  if (secret.kind === 'ok') return { kind: 'ok', ...secret.values, resourceVersion: secret.resourceVersion };
  const { reason, message, resourceVersion } = secret;
  return { kind: 'unusable', resourceVersion, verdict: { ready: 'False', reason, message, credentials: 'False' } };
}
