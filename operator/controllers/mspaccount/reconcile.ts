// One pass over one MSPAccount: what is asked of it, is a sync due, sync, say what was found. Level-based: everything is read
// from the caches, the Secret and upstream; the key is all that the event gives.

import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import { jitter } from '../../runtime/deps.ts';
import { checkEndpoint } from '../../upstream/endpoint.ts';
import type { Family } from '../children/children.ts';
import { sweep } from '../children/sweep.ts';
import { LANE_PAUSE_MS } from '../lane.ts';
import { secretKey, type AccountView } from './account.ts';
import type { AccountDeps } from './deps.ts';
import { finish, protect, releaseOrphans } from './deletion.ts';
import { dueOf, type Due } from './due.ts';
import { showsOutage, withProbe } from './failure.ts';
import { readLogin } from './login.ts';
import { progressWriter } from './progress.ts';
import { followLogin } from './rotation.ts';
import {
  afterLocalVerdict,
  afterLoginVerdict,
  afterSync,
  countsOf,
  whileProgressing,
  type Circumstances,
} from './report.ts';
import { connectUpstream, endedByOutage, synchronize, type SyncReport } from './sync.ts';
import { Turn } from './turn.ts';
import type { Verdict } from './verdict.ts';

type Why = (Due & { kind: 'now' })['why'];

const DONE: Outcome = { kind: 'done' };
/** Between two looks whether another account has taken its company. */
const CLAIM_PAUSE_MS = 500;

/** @param key `namespace/name` of an MSPAccount, existing or not */
export async function reconcileAccount(deps: AccountDeps, key: string, context: ReconcileContext): Promise<Outcome> {
  const cached = deps.accounts.get(key);
  if (cached === undefined) {
    deps.breaker.forget(key);
    return releaseOrphans(deps, key, context.signal);
  }
  if (cached.deleting) return finish(deps, key, cached, context);

  const account = await protect(deps, cached, context.signal);
  if (account === null) return DONE; // changed under our hands; its event is on the way
  deps.secrets.ensure(secretKey(account));
  if (account.settings.suspend) return observeOnly(deps, account, context.signal);

  const family = deps.children.of(key);
  const local = localVerdict(deps, account, family);
  if (local !== null) {
    await sweep(deps.children, family, context.signal);
    const left = deps.children.of(key);
    return settle(deps, account, (status, at) => afterLocalVerdict(status, local, left, at), context);
  }

  const circumstances = {
    newestAwaiting: newestAwaiting(family),
    childDeleted: deps.lost.of(key).length > 0,
    twinGone: deps.claims.isFree(account),
  };
  const due = dueOf(account, deps.secrets.state(secretKey(account)), circumstances, deps.now());
  if (due.kind !== 'now') {
    if (!(await sweep(deps.children, family, context.signal)))
      return { kind: 'retry', why: 'a group changed meanwhile' };
    await recount(deps, account, context.signal);
    return due.kind === 'later' ? { kind: 'requeueAfter', ms: due.inMs } : DONE;
  }
  if (deps.claims.mustWait(account)) return { kind: 'requeueAfter', ms: CLAIM_PAUSE_MS };
  const failing = mayBeSilent(deps, key, account, due.why);
  if (failing && !deps.lane.enter(key)) {
    return { kind: 'requeueAfter', ms: jitter(LANE_PAUSE_MS, 0.5, deps.random) };
  }
  context.log.info({ why: due.why }, 'sync is due');
  try {
    return await runSync(deps, key, account, due.why, context);
  } finally {
    if (failing) deps.lane.leave(key);
  }
}

/** Upstream failed it last time, and nothing was changed since that may have mended it. */
function mayBeSilent({ breaker }: AccountDeps, key: string, { status }: AccountView, why: Why): boolean {
  if (why === 'NewGeneration' || why === 'SecretChanged') return false;
  return breaker.outages(key) > 0 || showsOutage(status);
}

async function runSync(
  deps: AccountDeps,
  key: string,
  before: AccountView,
  why: Why,
  context: ReconcileContext,
): Promise<Outcome> {
  const { signal } = context;
  const { breaker } = deps;
  let account: AccountView | null = await announceProgress(deps, before, signal);
  if (account === null) return DONE;

  const login = await readLogin(deps.client, account, deps.operatorUser, signal);
  if (login.kind === 'unusable') {
    const { verdict, resourceVersion } = login;
    return settle(deps, account, (status, at) => afterLoginVerdict(status, verdict, resourceVersion, at), context);
  }
  const { uid, settings, status } = account;
  const gate = deps.logins.gate(uid, settings.endpoint, login.username, status.credentials?.refusals);
  const progress = progressWriter(deps, account, signal);
  const turn = new Turn(deps.places, why !== 'Scheduled', signal);
  const inUse = followLogin(deps, account, login, signal);
  const upstream = connectUpstream(deps, account, login, { gate, turn, probe: breaker.isOpen(key) });
  const started = deps.now();
  let report: SyncReport;
  try {
    const meanwhile = { ...progress, turn, replaced: inUse.replaced };
    report = await synchronize(deps, account, upstream, meanwhile, signal);
    // The watch may be behind: a login that was replaced before it was refused says nothing of the new one.
    const rejected = gate.outcome === 'Refused' || gate.outcome === 'Unclear';
    if (report.kind === 'stopped' && rejected && (await inUse.check())) report = { kind: 'replaced' };
  } finally {
    turn.end();
    inUse.stop();
    await upstream.close();
    account = await progress.stop();
  }
  if (report.kind === 'replaced') {
    context.log.info({ seconds: (deps.now() - started) / 1000 }, 'the login was replaced: the sync starts over');
    return { kind: 'requeueAfter', ms: 0 };
  }
  if (!endedByOutage(report)) breaker.forget(key);
  else if (!signal.aborted) breaker.failed(key);
  if (report.kind === 'stopped' && breaker.isOpen(key)) report = { ...report, verdict: withProbe(report.verdict) };
  if (account === null) return { kind: 'retry', why: 'the status changed while the sync ran' };
  if (report.kind === 'waiting') return { kind: 'requeueAfter', ms: CLAIM_PAUSE_MS };
  const family = deps.children.of(key);
  const used = {
    secretVersion: inUse.resourceVersion,
    refusals: deps.logins.of(uid),
    unclear: gate.outcome === 'Unclear',
  };
  const result = report;
  const outcome = await settle(deps, account, (status, at) => afterSync(status, result, used, family, at), context);
  const changes = report.kind === 'applied' ? report.applied.done : 0;
  const seconds = (deps.now() - started) / 1000;
  const waitedSeconds = turn.waitedMs / 1000;
  context.log.info({ result: report.kind, changes, seconds, waitedSeconds }, 'sync ended');
  return outcome;
}

/** Writes the status that a verdict leads to and says when to come back. */
async function settle(
  deps: AccountDeps,
  account: AccountView,
  next: (status: MSPAccountStatus, at: Circumstances) => MSPAccountStatus,
  { signal }: ReconcileContext,
): Promise<Outcome> {
  const at = { account, now: deps.now(), random: deps.random() };
  const wanted = next(account.status, at);
  const written = await deps.status.write(account, () => wanted, signal);
  if (written === null) return { kind: 'retry', why: 'the status changed meanwhile' };
  const nextAt = Date.parse(written.status.sync?.nextAt ?? '');
  return Number.isNaN(nextAt) ? DONE : { kind: 'requeueAfter', ms: Math.max(0, nextAt - deps.now()) };
}

/** Says that the first sync of a generation runs, or that what is shown is stale. A scheduled sync writes nothing here. */
async function announceProgress(
  deps: AccountDeps,
  account: AccountView,
  signal: AbortSignal,
): Promise<AccountView | null> {
  const { status, settings } = account;
  const now = deps.now();
  const at = { account, now, random: 0 };
  if (status.observedGeneration !== account.generation) {
    const verdict: Verdict = {
      ready: 'Unknown',
      reason: 'Progressing',
      message: 'The first sync of this spec is running.',
    };
    return deps.status.write(account, (before) => whileProgressing(before, verdict, at), signal);
  }
  const completedAt = Date.parse(status.sync?.completedAt ?? '');
  const isReady = status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
  if (!isReady || Number.isNaN(completedAt) || now - completedAt <= 2 * settings.intervalMs) return account;
  const verdict: Verdict = {
    ready: 'False',
    reason: 'SnapshotStale',
    message: 'The last complete snapshot is older than twice the interval; a sync is running.',
  };
  return deps.status.write(account, (before) => whileProgressing(before, verdict, at), signal);
}

/** What can be told without leaving the object: no tree to read, or an address that may not be used. */
function localVerdict(deps: AccountDeps, { settings }: AccountView, { groups, customers }: Family): Verdict | null {
  if (!settings.services.includes('EMA2')) {
    return {
      ready: 'True',
      reason: 'NoTreeAPI',
      message:
        `${settings.services.join(' and ')} has no tree to read; only EMA2 has. Instances can refer to this account.` +
        (groups.size + customers.size > 0
          ? ' The groups and customers that were mirrored before stay as they are; nothing follows upstream any more.'
          : ''),
      synchronized: 'False',
    };
  }
  const check = checkEndpoint(settings.endpoint, deps.upstream.policy);
  if (check.kind === 'ok') return null;
  return {
    ready: 'False',
    reason: check.reason,
    message: `${check.message} No object was touched.`,
    synchronized: 'False',
  };
}

/** suspend: what is there stays as it is, but the object is not "in progress" for those who wait for it. */
async function observeOnly(deps: AccountDeps, account: AccountView, signal: AbortSignal): Promise<Outcome> {
  const next = (status: MSPAccountStatus): MSPAccountStatus => ({
    ...status,
    observedGeneration: account.generation,
    conditions: (status.conditions ?? []).filter(({ type }) => type !== 'Reconciling' && type !== 'Stalled'),
  });
  return (await deps.status.write(account, next, signal)) === null ? { kind: 'retry', why: 'conflict' } : DONE;
}

/** Between syncs people set customers up: the counts of the account follow. */
async function recount(deps: AccountDeps, account: AccountView, signal: AbortSignal): Promise<void> {
  if (account.status.customers === undefined) return;
  const counts = countsOf(deps.children.of(`${account.namespace}/${account.name}`));
  await deps.status.write(account, (status) => ({ ...status, ...counts }), signal);
}

/** When the newest Customer that waits for its first sync was created; null: none waits. */
function newestAwaiting({ customers }: Family): number | null {
  let newest: number | null = null;
  for (const { linked, createdAt } of customers.values()) {
    if (linked.reason === 'AwaitingSync' && createdAt > (newest ?? 0)) newest = createdAt;
  }
  return newest;
}
