// Reads what the commands show, with the kubeconfig of the person who runs them: the account, its children, its login.

import { viewAccount, MSP_ACCOUNTS, type AccountView } from '../controllers/mspaccount/account.ts';
import type { Family } from '../controllers/children/children.ts';
import { CUSTOMERS, viewCustomer } from '../controllers/children/customer.ts';
import { STATIC_GROUPS, viewGroup } from '../controllers/children/group.ts';
import type { KubeClient } from '../runtime/client.ts';
import { isForbidden, isNotFound } from '../runtime/errors.ts';
import type { KubeObject, Resource } from '../runtime/object.ts';

/** An error whose message is all that a person needs: no stack. */
export class UsageError extends Error {}

/** `namespace/name`, or `name` in the namespace of the kubeconfig's context. */
export function parseAccount(text: string, defaultNamespace: string): { namespace: string; name: string } {
  const [first = '', second, ...rest] = text.split('/');
  if (first === '' || second === '' || rest.length > 0) {
    throw new UsageError(`"${text}" is not NAMESPACE/NAME of an MSPAccount.`);
  }
  return second === undefined ? { namespace: defaultNamespace, name: first } : { namespace: first, name: second };
}

export async function readAccount(
  client: KubeClient,
  key: { readonly namespace: string; readonly name: string },
): Promise<AccountView> {
  try {
    return viewAccount(await client.get(MSP_ACCOUNTS, key));
  } catch (error) {
    if (isNotFound(error)) {
      throw new UsageError(`There is no MSPAccount ${key.name} in the namespace ${key.namespace}: kubectl get mspa -A`);
    }
    if (isForbidden(error)) throw new UsageError(error.message);
    throw error;
  }
}

/** The children of an account that are not being deleted, as the operator's cache would have them. */
export async function readFamily(client: KubeClient, { namespace, name }: AccountView): Promise<Family> {
  const [groups, customers] = await Promise.all([
    readAll(client, STATIC_GROUPS, namespace, name, viewGroup),
    readAll(client, CUSTOMERS, namespace, name, viewCustomer),
  ]);
  return { groups, customers };
}

async function readAll<V extends { readonly name: string; readonly deleting: boolean }>(
  client: KubeClient,
  resource: Resource,
  namespace: string,
  account: string,
  view: (object: KubeObject) => V,
): Promise<Map<string, V>> {
  const all = new Map<string, V>();
  const fieldSelector = `spec.accountRef.name=${account}`;
  for await (const { items } of client.list(resource, { namespace, fieldSelector })) {
    for (const item of items) {
      const child = view(item);
      if (!child.deleting) all.set(child.name, child);
    }
  }
  return all;
}
