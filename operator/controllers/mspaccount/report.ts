// What a reconcile found → the next status of the account. Pure; the one write of a sync is made from it (promises 7 and 8).

import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { UnlinkVerdict } from '../../hierarchy/action.ts';
import { isComplete, type Company } from '../../hierarchy/snapshot.ts';
import { countChanges, countCustomers } from '../../hierarchy/summary.ts';
import { cleanDisplayName } from '../../hierarchy/names.ts';
import type { Family } from '../children/children.ts';
import { ANNOTATION_APPROVE_UNLINK } from '../../api/v1alpha1/group.ts';
import type { AccountView } from './account.ts';
import { partialVerdict, UNCLEAR_PAUSE_MS } from './failure.ts';
import { REFUSALS_PER_HOUR, WINDOW_MS } from './login-limit.ts';
import { timestamp } from '../status-writer.ts';
import type { SyncReport } from './sync.ts';
import { applyVerdict, type Verdict } from './verdict.ts';

/** The part of the interval by which the next sync is moved, either way, so that accounts do not sync all at once. */
const JITTER = 0.05;
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 600_000;

/** The snapshot was complete, and applied as far as the limit on unlinks allows. */
const AS_FAR_AS_ALLOWED: ReadonlySet<string> = new Set(['UnlinkBlocked', 'UnlinkUnconfirmed']);

export interface Circumstances {
  readonly account: AccountView;
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/**
 * The status after a verdict that needed no look at anything outside the object. No next time: it is looked at again in every
 * pass, and writes nothing as long as it stays the same.
 */
export function afterLocalVerdict(
  status: MSPAccountStatus,
  verdict: Verdict,
  family: Family,
  at: Circumstances,
): MSPAccountStatus {
  const counts = status.customers === undefined ? {} : countsOf(family);
  return withoutNext({ ...handled(status, verdict, at, counts), mixed: isMixed(at.account) });
}

/** The status after a login that could not even be tried. `secretVersion`: of the Secret; null: there is none to read. */
export function afterLoginVerdict(
  status: MSPAccountStatus,
  verdict: Verdict,
  secretVersion: string | null,
  at: Circumstances,
): MSPAccountStatus {
  return handled(status, verdict, at, {
    credentials: credentials(secretVersion, null, kept(status, [], at.now)),
    mixed: isMixed(at.account),
  });
}

/** The login as a sync used it. */
export interface UsedLogin {
  /** Of the Secret. */
  readonly secretVersion: string;
  /** When logins of this account were refused, or may have been, within the hour; ms. */
  readonly refusals: readonly number[];
  /** This one may have been. */
  readonly unclear: boolean;
}

/** The status after a sync. `family`: the children as they are now. */
export function afterSync(
  status: MSPAccountStatus,
  report: Exclude<SyncReport, { kind: 'replaced' | 'waiting' }>,
  { secretVersion, refusals, unclear }: UsedLogin,
  family: Family,
  at: Circumstances,
): MSPAccountStatus {
  const pauseMs = unclear ? UNCLEAR_PAUSE_MS : 0;
  const times = kept(status, refusals, at.now);
  if (report.kind === 'stopped') {
    const { root, refused, verdict, retryAfterMs, twin } = report;
    const found = {
      mixed: isMixed(at.account),
      credentials: credentials(secretVersion, refused ? timestamp(at.now) : null, times),
      // A company that was not approved stays out of the status: what is there names the one that the objects mirror.
      ...(root === null ? {} : { accountType: root.type }),
      ...(root !== null && verdict.reason === 'AccountChanged' ? { companyFound: { id: root.id } } : {}),
      ...(root !== null && twin !== null ? { duplicateOf: { name: twin, companyID: root.id } } : {}),
    };
    // Where upstream did not even say whose login it is, what was found before still stands.
    const before = root === null ? status : withoutRivals(status);
    const next = handled(before, verdict, at, found, Math.max(retryAfterMs, pauseMs));
    return refused ? withoutNext(next) : next;
  }
  const { snapshot, requests } = report;
  const unlink = report.kind === 'planned' ? report.plan.unlink : report.applied.plan.unlink;
  const verdict = verdictOf(report, family, at.account);
  const complete = verdict.ready === 'True' || AS_FAR_AS_ALLOWED.has(verdict.reason);
  const found = {
    credentials: credentials(secretVersion, null, times),
    accountType: snapshot.root.type,
    mixed: isMixed(at.account),
    company: companyOf(snapshot.root),
    ...countsOf(family),
    sync: {
      ...(complete ? { completedAt: timestamp(at.now) } : given({ completedAt: status.sync?.completedAt })),
      companiesRead: snapshot.companies.length,
      requests,
      // With Observe nothing is marked as held, so that a plan from an incomplete snapshot knows no held set.
      ...(isComplete(snapshot) || report.kind === 'applied'
        ? held(unlink)
        : given({ planHash: status.sync?.planHash, blockedAt: status.sync?.blockedAt })),
    },
  };
  return handled(withoutRivals(status), verdict, at, found, pauseMs);
}

/** The status of an account that is about to mirror a company: it has it from now on. */
export function afterClaim(status: MSPAccountStatus, root: Company): MSPAccountStatus {
  return { ...withoutRivals(status), accountType: root.type, company: companyOf(root) };
}

/** The status while a sync runs that nobody has seen a result of yet. */
export function whileProgressing(status: MSPAccountStatus, verdict: Verdict, at: Circumstances): MSPAccountStatus {
  return { ...status, conditions: applyVerdict(status.conditions, verdict, at.account.generation, at.now) };
}

/** `groups` and `customers` of the status. */
export function countsOf(family: Family): Required<Pick<MSPAccountStatus, 'groups' | 'customers'>> {
  return { groups: family.groups.size, customers: countCustomers([...family.customers.values()]) };
}

/** One login for both EMA 2 and EBA. */
export function isMixed({ settings }: AccountView): boolean {
  return settings.services.includes('EMA2') && settings.services.includes('EBA');
}

function verdictOf(
  report: SyncReport & { kind: 'planned' | 'applied' },
  family: Family,
  account: AccountView,
): Verdict {
  const { snapshot } = report;
  const { blocked } = report.kind === 'planned' ? report.plan.unlink : report.applied.plan.unlink;
  const message = blocked && blockedMessage(blocked, account);
  if (!isComplete(snapshot)) {
    const partial: Verdict = { ...partialVerdict(snapshot.gaps), credentials: 'True' };
    return report.kind === 'planned' ? partial : { ...partial, unlinkBlocked: message };
  }
  const read = { credentials: 'True', synchronized: 'True' } as const;

  if (report.kind === 'applied' && (report.applied.failed > 0 || report.applied.terminating)) {
    const { failed, failures, terminating } = report.applied;
    return {
      ...read,
      ready: 'False',
      reason: 'ApplyFailed',
      message: terminating
        ? 'The namespace is being deleted: nothing new can be created in it.'
        : `${failed} of the changes could not be written: ${failures.join('; ')}. The operator tries again on its own.`,
    };
  }
  if (blocked !== null && message !== null) {
    const isApproved = account.approveUnlink === blocked.planHash;
    return {
      ...read,
      ready: 'False',
      reason: isApproved ? 'UnlinkUnconfirmed' : 'UnlinkBlocked',
      message: isApproved
        ? `${blocked.count} of the approved companies were not confirmed as gone yet, and stay as they are. The operator tries again on its own.`
        : message,
      unlinkBlocked: message,
    };
  }
  if (report.kind === 'planned') {
    const { StaticGroup, Customer } = countChanges(report.plan);
    const words = (counts: Record<string, number>) =>
      Object.entries(counts)
        .filter(([, count]) => count > 0)
        .map(([change, count]) => `${change} ${count}`)
        .join(', ') || 'nothing';
    return {
      ...read,
      ready: 'True',
      reason: 'Planned',
      message: `Observe: would change StaticGroups: ${words(StaticGroup)}; Customers: ${words(Customer)}.`,
      unlinkBlocked: null,
    };
  }
  const { groups, customers } = countsOf(family);
  return {
    ...read,
    ready: 'True',
    reason: 'Synchronized',
    message: `Mirrored ${groups} groups and ${customers.total} customers.`,
    unlinkBlocked: null,
  };
}

function blockedMessage(
  { count, allowed, sample, planHash }: NonNullable<UnlinkVerdict['blocked']>,
  { name, namespace }: AccountView,
): string {
  const message =
    `${count} companies are gone upstream; spec.sync.unlinkLimit allows ${allowed} more within 24 hours, so none was unlinked: ` +
    `${sample.join(', ')}${count > sample.length ? ', …' : ''}. If that is right: ` +
    `kubectl annotate mspaccount ${name} --namespace ${namespace} --overwrite --field-manager=flux-client-side-apply ${ANNOTATION_APPROVE_UNLINK}=${planHash}`;
  return message.slice(0, 4096);
}

/** Common to every attempt, failed or not: what was asked for is handled, and the next one has a time. */
function handled(
  status: MSPAccountStatus,
  verdict: Verdict,
  at: Circumstances,
  found: MSPAccountStatus,
  retryAfterMs = 0,
): MSPAccountStatus {
  const { account, now } = at;
  const conditions = applyVerdict(status.conditions, verdict, account.generation, now);
  const reconciling = conditions.find(({ type }) => type === 'Reconciling');
  const ready = conditions.find(({ type }) => type === 'Ready');
  const delay =
    reconciling === undefined
      ? account.settings.intervalMs * (1 - JITTER + 2 * JITTER * at.random)
      : Math.max(retryAfterMs, retryDelay(now - Date.parse(ready?.lastTransitionTime ?? ''), at.random));
  const { pending: _, ...before } = status.sync ?? {};
  return {
    ...status,
    ...found,
    observedGeneration: account.generation,
    ...(account.requestedAt === null ? {} : { lastHandledRequestedAt: account.requestedAt.slice(0, 256) }),
    sync: { ...(found.sync ?? before), nextAt: timestamp(now + delay) },
    conditions,
  };
}

/**
 * Doubles with the time since Ready last flipped, so that it needs no memory of attempts and survives a restart.
 * @param failingMs how long Ready has been as it is
 */
function retryDelay(failingMs: number, random: number): number {
  const delay = Math.min(Math.max(failingMs, FIRST_RETRY_MS), LAST_RETRY_MS);
  return delay * (0.8 + 0.4 * random);
}

function companyOf({ id, name }: Company): { id: string; name: string } {
  return { id, name: cleanDisplayName(name) };
}

function withoutRivals(status: MSPAccountStatus): MSPAccountStatus {
  const { companyFound: _, duplicateOf: __, ...rest } = status;
  return rest;
}

function withoutNext(status: MSPAccountStatus): MSPAccountStatus {
  const { nextAt: _, ...sync } = status.sync ?? {};
  const { sync: __, ...rest } = status;
  return Object.keys(sync).length === 0 ? rest : { ...rest, sync };
}

function held({ blocked }: UnlinkVerdict): { planHash?: string; blockedAt?: string } {
  return blocked === null ? {} : { planHash: blocked.planHash, blockedAt: blocked.blockedAt };
}

function credentials(
  version: string | null,
  refusedAt: string | null,
  refusals: readonly string[],
): NonNullable<MSPAccountStatus['credentials']> {
  return given({
    secretResourceVersion: version ?? undefined,
    refusedAt: refusedAt ?? undefined,
    refusals: refusals.length === 0 ? undefined : [...refusals],
  });
}

/** Times of refusals that the status had and new ones: those within the hour, the last few, oldest first. */
function kept({ credentials }: MSPAccountStatus, refusals: readonly number[], now: number): string[] {
  const before = (credentials?.refusals ?? []).map((text) => Date.parse(text));
  const recent = [...new Set([...before, ...refusals])].filter((at) => Math.abs(now - at) < WINDOW_MS);
  return recent
    .sort((a, b) => a - b)
    .slice(-REFUSALS_PER_HOUR)
    .map(timestamp);
}

function given<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
