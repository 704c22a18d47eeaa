// The login of an account, read from its Secret each time it is used and kept nowhere (promise 10).

import type { KubeClient } from '../../runtime/client.ts';
import { isForbidden, isNotFound } from '../../runtime/errors.ts';
import type { KubeObject, Resource } from '../../runtime/object.ts';
import type { AccountView } from './account.ts';
import type { Verdict } from './verdict.ts';

export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };

/** The ClusterRole that lets the operator read Secrets; a namespace opts in with a RoleBinding to it. */
export const CREDENTIALS_ROLE = 'eset-msp-operator-credentials';

export type Login =
  | { readonly kind: 'ok'; readonly username: string; readonly password: string; readonly resourceVersion: string }
  /** `resourceVersion`: of the Secret that was read, null where there is none. */
  | { readonly kind: 'unusable'; readonly verdict: Verdict; readonly resourceVersion: string | null };

/**
 * @param operator how the API server knows the operator: `namespace:name` of its ServiceAccount, or a user name
 * @throws KubeError for anything but 403 and 404
 */
export async function readLogin(
  client: KubeClient,
  account: AccountView,
  operator: string,
  signal: AbortSignal,
): Promise<Login> {
  const { namespace } = account;
  const name = account.settings.secretName;
  let secret: KubeObject;
  try {
    secret = await client.get(SECRETS, { namespace, name }, { signal });
  } catch (error) {
    if (isNotFound(error)) {
      return unusable(
        null,
        'SecretNotFound',
        `There is no Secret ${name} in the namespace ${namespace}. Create it with the keys username and password; it is picked up at once.`,
      );
    }
    if (isForbidden(error)) {
      return unusable(
        null,
        'SecretForbidden',
        `The operator may not read the Secret ${name}. Run: kubectl create rolebinding ${CREDENTIALS_ROLE} --namespace ${namespace} --clusterrole ${CREDENTIALS_ROLE} ${subjectFlag(operator)}`,
      );
    }
    throw error;
  }
  const resourceVersion = secret.metadata.resourceVersion ?? '';
  const data = (secret['data'] ?? {}) as Record<string, string>;
  const username = valueOf(data['username']);
  const password = valueOf(data['password']);
  const missing = [...(username === '' ? ['username'] : []), ...(password === '' ? ['password'] : [])];
  if (missing.length > 0) {
    return unusable(
      resourceVersion,
      'SecretKeyMissing',
      `The Secret ${name} has no ${missing.join(' and no ')}. Give it the keys username and password, neither of them empty; the change is picked up at once.`,
    );
  }
  return { kind: 'ok', username, password, resourceVersion };
}

/** Base64 → text without the line end that `echo` and editors leave behind. */
function valueOf(encoded: string | undefined): string {
  return Buffer.from(encoded ?? '', 'base64')
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function unusable(
  resourceVersion: string | null,
  reason: 'SecretNotFound' | 'SecretForbidden' | 'SecretKeyMissing',
  message: string,
): Login {
  return { kind: 'unusable', resourceVersion, verdict: { ready: 'False', reason, message, credentials: 'False' } };
}

function subjectFlag(operator: string): string {
  const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(operator);
  return serviceAccount === null ? `--user ${operator}` : `--serviceaccount ${serviceAccount[1]}:${serviceAccount[2]}`;
}
