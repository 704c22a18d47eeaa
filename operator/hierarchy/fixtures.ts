// For tests only: short ways to write snapshots and objects.

import type { World } from './apply-model.ts';
import { applied } from './apply-model.ts';
import type { Action } from './action.ts';
import type { Judgement } from './guard.ts';
import type { ExistingCustomer, ExistingGroup, LinkedSince } from './objects.ts';
import { makePlan } from './plan.ts';
import type { PlanInput } from './plan.ts';
import type { Company, CompanyType, Confirmation, Gap, Snapshot } from './snapshot.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const HOUR = 3_600_000;
export const EMPTY: World = { groups: [], customers: [] };

/** A lower-case GUID for a small number. */
export function guid(n: number): string {
  return `0000abcd-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

export function company(n: number, parent: number | null, type: CompanyType, over: Partial<Company> = {}): Company {
  const parentID = parent === null ? null : guid(parent);
  return { id: guid(n), parentID, type, name: `Company ${n}`, status: 'Active', ...over };
}

/** The first company is the root. */
export function snapshot(companies: readonly Company[], over: Partial<Snapshot> = {}): Snapshot {
  const [root] = companies;
  if (!root) throw new Error('a snapshot has a root');
  return { root, companies, gaps: [], customIdentifiers: new Map(), ...over };
}

export const GAP: Gap = { companyID: null, cause: 'HTTP500', message: 'test' };

/** The children of a company could not be listed. */
export function gapOf(n: number, spell = (id: string): string => id): Gap {
  return { companyID: spell(guid(n)), cause: 'HTTP500', message: 'test' };
}

/** An MSP (0) with customers 1…n. */
export function msp(customers: number): Company[] {
  const below = Array.from({ length: customers }, (_, i) => company(i + 1, 0, 'Customer'));
  return [company(0, null, 'MSP'), ...below];
}

export function input(snapshot: Snapshot, world: World, over: Partial<PlanInput> = {}): PlanInput {
  return {
    accountName: 'acme',
    snapshot,
    groups: world.groups,
    customers: world.customers,
    confirmations: new Map(),
    newCustomers: 'Pending',
    unlinkLimit: { percent: 10, count: 50 },
    approvedHash: null,
    blockedAt: null,
    now: NOW,
    ...over,
  };
}

/** The world after one complete sync of these companies, long ago. */
export function synced(companies: readonly Company[], over: Partial<PlanInput> = {}): World {
  const at = NOW - 1000 * HOUR;
  return applied(EMPTY, makePlan(input(snapshot(companies), EMPTY, { now: at, ...over })), at);
}

/** The world with the objects of some companies changed. */
export function relinked(world: World, numbers: readonly number[], linked: LinkedSince): World {
  const ids = new Set(numbers.map(guid));
  const change = <T extends ExistingGroup | ExistingCustomer>(object: T): T =>
    ids.has(object.companyID) ? { ...object, linked } : object;
  return { groups: world.groups.map(change), customers: world.customers.map(change) };
}

export function groupOf(world: World, n: number): ExistingGroup {
  const found = world.groups.find((group) => group.companyID === guid(n));
  if (!found) throw new Error(`no group of ${n}`);
  return found;
}

export function customerOf(world: World, n: number): ExistingCustomer {
  const found = world.customers.find((customer) => customer.companyID === guid(n));
  if (!found) throw new Error(`no customer of ${n}`);
  return found;
}

/** A small account: an MSP manager (0) with a managed MSP (1) of two customers (2, 3), and a direct one (4). */
export const TREE = [
  company(0, null, 'MSPManager'),
  company(1, 0, 'ManagedMSP', { name: 'Prague MSP' }),
  company(2, 1, 'Customer', { name: 'Bakery' }),
  company(3, 1, 'Customer', { name: 'Butcher', status: 'Suspended' }),
  company(4, 0, 'Customer', { name: 'Direct', status: 'Unknown' }),
];

/** A plan in short: kind, change and number of each action. */
export function brief(list: readonly Action[]): string[] {
  return list.map((action) => {
    const id = 'group' in action ? action.group.companyID : action.companyID;
    return `${action.kind} ${action.change} ${Number.parseInt(id.slice(-12), 16)}`;
  });
}

/** A Customer that people made, before its first sync. */
export function personal(n: number, over: Partial<ExistingCustomer> = {}): ExistingCustomer {
  return {
    name: `people-${n}`,
    uid: `people-${n}`,
    companyID: guid(n),
    createdAt: NOW,
    mode: null,
    linked: { status: 'Unknown', reason: 'AwaitingSync', since: NOW },
    setup: null,
    mirror: null,
    ...over,
  };
}

/** An MSP (0) with customers 1…`total`, of which some are not shown. */
export function without(total: number, ...gone: number[]): Snapshot {
  const ids = new Set(gone.map(guid));
  return snapshot(msp(total).filter((one) => !ids.has(one.id)));
}

/** The same answer of `Company/Detail` for some companies; the login's own one (0) is there. */
export function answers(answer: Confirmation, ...numbers: number[]): Map<string, Confirmation> {
  return new Map<string, Confirmation>([[guid(0), 'Present'], ...numbers.map((n) => [guid(n), answer] as const)]);
}

/** The whole numbers from one to another. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** What the guard made of some companies: `status/reason`, or `-`. */
export function marksOf(verdict: Judgement, ...numbers: number[]): string[] {
  return numbers.map((n) => {
    const mark = verdict.marks.get(guid(n));
    return mark ? `${mark.status}/${mark.reason}` : '-';
  });
}
