// Reads the values of a Secret when they are needed and keeps them nowhere (promise 10).

import type { KubeClient } from '../runtime/client.ts';
import { isForbidden, isNotFound } from '../runtime/errors.ts';
import type { KubeObject, Resource } from '../runtime/object.ts';

export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };

/** The ClusterRole that lets the operator read Secrets; a namespace opts in with a RoleBinding to it. */
export const CREDENTIALS_ROLE = 'eset-msp-operator-credentials';

export type SecretValues<K extends string> =
  | { readonly kind: 'ok'; readonly values: Readonly<Record<K, string>>; readonly resourceVersion: string }
  /** `resourceVersion`: of the Secret that was read, null where there is none. `message`: what to do, for people. */
  | {
      readonly kind: 'unusable';
      readonly reason: 'SecretNotFound' | 'SecretForbidden' | 'SecretKeyMissing' | 'SecretKeyInvalid';
      readonly message: string;
      readonly resourceVersion: string | null;
    };

/**
 * @param keys all of which must be there and one line of text; one line end after it is left out
 * @param operator how the API server knows the operator: `system:serviceaccount:namespace:name`, or a user name
 * @throws KubeError for anything but 403 and 404
 */
export async function readSecret<K extends string>(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  keys: readonly K[],
  operator: string,
  signal: AbortSignal,
): Promise<SecretValues<K>> {
  let secret: KubeObject;
  try {
    secret = await client.get(SECRETS, { namespace, name }, { signal });
  } catch (error) {
    if (isNotFound(error)) {
      const message = `There is no Secret ${name} in the namespace ${namespace}. Create it with ${words(keys)}; it is picked up at once.`;
      return { kind: 'unusable', reason: 'SecretNotFound', message, resourceVersion: null };
    }
    if (isForbidden(error)) {
      const message = `The operator may not read the Secret ${name}. Run: kubectl create rolebinding ${CREDENTIALS_ROLE} --namespace ${namespace} --clusterrole ${CREDENTIALS_ROLE} ${subjectFlag(operator)}`;
      return { kind: 'unusable', reason: 'SecretForbidden', message, resourceVersion: null };
    }
    throw error;
  }
  const resourceVersion = secret.metadata.resourceVersion ?? '';
  const data = (secret['data'] ?? {}) as Record<string, string>;
  const values = Object.fromEntries(keys.map((key) => [key, valueOf(data[key])])) as Record<K, string>;
  const missing = keys.filter((key) => values[key] === '');
  if (missing.length > 0) {
    const message = `The Secret ${name} has no ${missing.join(' and no ')}. Give it ${words(keys)}, not empty; the change is picked up at once.`;
    return { kind: 'unusable', reason: 'SecretKeyMissing', message, resourceVersion };
  }
  const odd = keys.filter((key) => NO_LINE_OF_TEXT.test(values[key]));
  if (odd.length > 0) {
    const message = `In the Secret ${name} ${odd.join(' and ')} cannot be right: it holds a line break, another control character, or bytes that are not UTF-8. Write one line of text; a single line end after it is left out. The change is picked up at once.`;
    return { kind: 'unusable', reason: 'SecretKeyInvalid', message, resourceVersion };
  }
  return { kind: 'ok', values, resourceVersion };
}

/** Control characters, and U+FFFD for what was no UTF-8: nobody has such a login, and a try could only be refused. */
// oxlint-disable-next-line no-control-regex
const NO_LINE_OF_TEXT = /[\u0000-\u001f\u007f\ufffd]/;

/** Base64 → text without the line end that `echo` and editors leave behind. */
function valueOf(encoded: string | undefined): string {
  return Buffer.from(encoded ?? '', 'base64')
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function words(keys: readonly string[]): string {
  return `the key${keys.length === 1 ? '' : 's'} ${keys.join(' and ')}`;
}

function subjectFlag(operator: string): string {
  const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(operator);
  return serviceAccount === null ? `--user ${operator}` : `--serviceaccount ${serviceAccount[1]}:${serviceAccount[2]}`;
}
