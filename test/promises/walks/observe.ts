// The objects of one account as the API server has them: the account first, its children after it, so that whatever the account
// claimed had been done by then.

import type { Resource } from '../../../operator/runtime/object.ts';
import { CUSTOMERS, MSP_ACCOUNTS, STATIC_GROUPS } from '../../harness/fingerprint.ts';
import { conditionOf, type Thing, type World } from '../../harness/world.ts';

export interface Observed {
  readonly account: Thing;
  /** By lower-case company GUID. */
  readonly groups: ReadonlyMap<string, Thing>;
  readonly customers: ReadonlyMap<string, Thing>;
  readonly objects: readonly Thing[];
}

export type Kind = 'groups' | 'customers';
export const KINDS: readonly Kind[] = ['groups', 'customers'];
export const RESOURCES: Readonly<Record<Kind, Resource>> = { groups: STATIC_GROUPS, customers: CUSTOMERS };

export async function observe(world: World, name: string): Promise<Observed> {
  const { admin, namespace } = world;
  const account = (await admin.get(MSP_ACCOUNTS, { namespace, name })) as unknown as Thing;
  const [groups, customers] = await Promise.all(
    KINDS.map(async (kind) => {
      const found: Thing[] = [];
      const labelSelector = `mspoperator.dev/account=${name}`;
      for await (const { items } of admin.list(RESOURCES[kind], { namespace, labelSelector })) {
        found.push(...(items as unknown as Thing[]));
      }
      return found;
    }),
  );
  return {
    account,
    groups: byCompany(groups ?? []),
    customers: byCompany(customers ?? []),
    objects: [...(groups ?? []), ...(customers ?? [])],
  };
}

export function linkedOf(thing: Thing): string {
  const linked = conditionOf(thing, 'Linked');
  return linked === undefined ? 'nothing' : `${linked.status}/${linked.reason}`;
}

export function isUnlinked(thing: Thing | undefined): boolean {
  return thing !== undefined && linkedOf(thing).startsWith('False/');
}

function byCompany(things: readonly Thing[]): Map<string, Thing> {
  return new Map(things.map((thing) => [String(thing.spec.companyID).toLowerCase(), thing]));
}
