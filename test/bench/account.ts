// The one account of the bench, as a person applies it, asks it for a sync and waits for it.

import { setTimeout as sleep } from 'node:timers/promises';
import type { MSPAccountStatus } from '../../operator/api/v1alpha1/mspaccount.ts';
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from '../harness/operator.ts';
import type { RawClient } from './raw-client.ts';
import { LOGIN } from './upstream.ts';

const NAME = 'acme';
const API = '/apis/mspoperator.dev/v1alpha1';
const POLL_MS = 50;
const TIMEOUT_MS = 60 * 60_000;

export interface AccountSeen {
  readonly metadata: { readonly generation: number };
  readonly status?: MSPAccountStatus;
}

/** What must be there before the account: its login, and the operator's right to read it. */
export function prerequisites(): string {
  const role = 'eset-msp-operator-credentials';
  const items = [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' }, stringData: LOGIN },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: role },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: OPERATOR_NAME, namespace: OPERATOR_NAMESPACE }],
    },
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

export class Account {
  readonly #admin: RawClient;
  readonly #namespace: string;
  #requested = 0;

  constructor(admin: RawClient, namespace: string) {
    this.#admin = admin;
    this.#namespace = namespace;
  }

  get #collection(): string {
    return `${API}/namespaces/${this.#namespace}/mspaccounts`;
  }

  /** The account, once it is Ready. Counts as one `POST mspaccounts`. */
  async importFrom(endpoint: string, onWait: () => Promise<void>): Promise<AccountSeen> {
    const spec = { services: ['EMA2'], credentials: { secretRef: { name: 'login' } }, endpoint };
    const account = { apiVersion: 'mspoperator.dev/v1alpha1', kind: 'MSPAccount', metadata: { name: NAME }, spec };
    await this.#admin.call('POST', this.#collection, JSON.stringify(account));
    return this.#until(({ status }) => isReady(status), onWait);
  }

  /** The account, once a sync that was asked for is done. Counts as one `PATCH mspaccounts`. */
  async sync(): Promise<AccountSeen> {
    const requestedAt = `bench-${++this.#requested}`;
    const patch = { metadata: { annotations: { 'mspoperator.dev/requestedAt': requestedAt } } };
    await this.#admin.call('PATCH', `${this.#collection}/${NAME}`, JSON.stringify(patch));
    return this.#until(({ status }) => status?.lastHandledRequestedAt === requestedAt && isReady(status));
  }

  /** How many StaticGroups and Customers there are now; costs next to nothing. */
  async children(): Promise<number> {
    const counts = ['staticgroups', 'customers'].map(async (plural) => {
      const path = `${API}/namespaces/${this.#namespace}/${plural}?limit=1`;
      const list = JSON.parse(await this.#admin.call('GET', path)) as {
        items: unknown[];
        metadata: { remainingItemCount?: number };
      };
      return list.items.length + (list.metadata.remainingItemCount ?? 0);
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async #until(
    wanted: (account: AccountSeen) => boolean,
    onWait: () => Promise<void> = async () => {},
  ): Promise<AccountSeen> {
    const deadline = Date.now() + TIMEOUT_MS;
    for (;;) {
      const account = JSON.parse(await this.#admin.call('GET', `${this.#collection}/${NAME}`)) as AccountSeen;
      if (wanted(account)) return account;
      const conditions = account.status?.conditions ?? [];
      const stalled = conditions.find(({ type }) => type === 'Stalled');
      if (stalled !== undefined) throw new Error(`the account is stalled: ${stalled.reason}: ${stalled.message}`);
      if (Date.now() > deadline) throw new Error(`not in time: ${JSON.stringify(conditions)}`);
      await onWait();
      await sleep(POLL_MS);
    }
  }
}

function isReady(status: MSPAccountStatus | undefined): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}
