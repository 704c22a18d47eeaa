// One synchronization of an account: read upstream → plan → apply → report. It writes children and no status:
// what it found is a report, which `report.ts` turns into the status.

import type { Action, Plan } from '../../hierarchy/action.ts';
import { isComplete, type Company, type Snapshot } from '../../hierarchy/snapshot.ts';
import type { Ema2Client, LoginGate } from '../../upstream/client.ts';
import type { Family } from '../children/children.ts';
import type { LostChild } from '../children/lost.ts';
import type { AccountView } from './account.ts';
import { applyPlan, type Applied } from './apply.ts';
import type { AccountDeps } from './deps.ts';
import { endedVerdict, failedVerdict, isOutage } from './failure.ts';
import type { Login } from './login.ts';
import { keyOf, restored, tell } from './newcomers.ts';
import { planOf, questions } from './planning.ts';
import { readTree } from './reading.ts';
import type { Turn } from './turn.ts';
import { duplicateVerdict, holds } from './twins.ts';
import type { Verdict } from './verdict.ts';

export interface Progress {
  readonly companiesRead: number;
  readonly requests: number;
  readonly pending: number;
}

export type SyncReport =
  /** Nothing was touched; `retryAfterMs` is what upstream asked for. */
  | {
      readonly kind: 'stopped';
      readonly verdict: Verdict;
      readonly refused: boolean;
      readonly retryAfterMs: number;
      readonly root: Company | null;
      /** The account that has the company instead. */
      readonly twin: string | null;
    }
  /** Observe: what would be done. */
  | (Read & { readonly kind: 'planned'; readonly plan: Plan })
  | (Read & { readonly kind: 'applied'; readonly applied: Applied })
  /** The account has another login now; nothing was touched. */
  | { readonly kind: 'replaced' }
  /** Another account is about to have the company, or somebody else wrote the status: nothing was touched, look again soon. */
  | { readonly kind: 'waiting' };

interface Read {
  readonly snapshot: Snapshot;
  readonly requests: number;
  /** Upstream was dead before every company had been asked for. */
  readonly gaveUp: boolean;
}

type Stopped = SyncReport & { kind: 'stopped' };

/** What reaches into a sync, and out of it, before it ends. */
export interface Meanwhile {
  readonly turn: Turn;
  readonly onProgress: (progress: Progress) => void;
  /** The company is this account's from now on; false if somebody else wrote the status meanwhile. */
  readonly claim: (root: Company) => Promise<boolean>;
  /** Calls the sync off as long as nothing has been written. */
  readonly replaced: AbortSignal;
}

/** The client of one sync; the caller closes it. `probe`: one request until upstream answers. */
export function connectUpstream(
  deps: AccountDeps,
  account: AccountView,
  login: Login & { kind: 'ok' },
  { gate, turn, probe }: { readonly gate: LoginGate; readonly turn: Turn; readonly probe: boolean },
): Ema2Client {
  const { policy, requestsPerSecond, inFlight, statusCodes, connect } = deps.upstream;
  return connect({
    endpoint: account.settings.endpoint,
    credentials: { username: login.username, password: login.password },
    allow: policy,
    gate,
    requestsPerSecond,
    inFlight,
    probe,
    statusCodes,
    now: deps.now,
    random: deps.random,
    onRequest: (request) => {
      deps.metrics.upstreamRequest(request);
      // A cause instead of a status: there was no answer, or none that came to an end.
      if (/^\d+$/.test(request.code)) turn.heard();
    },
  });
}

export async function synchronize(
  deps: AccountDeps,
  account: AccountView,
  upstream: Ema2Client,
  { turn, onProgress, claim, replaced }: Meanwhile,
  signal: AbortSignal,
): Promise<SyncReport> {
  const { namespace, name, settings } = account;
  const key = `${namespace}/${name}`;
  const start = deps.random();
  const reading = {
    questions: (snapshot: Snapshot) => questions(account, snapshot, deps.children.of(key), start),
    objection: (root: Company) => mayNotMirror(account, root) ?? duplicate(deps, account, root),
    onProgress,
    onAnswer: () => turn.begin(),
  };
  const read = await readTree(upstream, reading, AbortSignal.any([turn.reading, replaced]));
  signal.throwIfAborted();
  if (replaced.aborted) return { kind: 'replaced' };
  if (turn.ended !== null) return stopped(endedVerdict(turn.ended), false);
  if (read.kind === 'refused') return stopped(refusedVerdict(read.message), true);
  if (read.kind === 'failed') return stopped(failedVerdict(read.failure), false, read.failure.retryAfterMs ?? 0);
  if (read.kind === 'objected') return { ...read.objection, root: read.root };
  if (upstream.loginRefusal !== null) return stopped(refusedVerdict(upstream.loginRefusal), true);
  turn.work();

  const { snapshot, confirmations, requests, gaveUp } = read;
  const found = { snapshot, requests, gaveUp };
  const objection = await claimed(deps, account, snapshot.root, claim);
  if (objection !== null) return objection;
  const now = deps.now();
  // Read with each plan: what is deleted while the plan before is carried out comes back with its setup, too.
  let lost: readonly LostChild[] = [];
  const plan = (children: Family): Plan => {
    lost = deps.lost.of(key);
    return restored(planOf(account, snapshot, children, confirmations, now), lost);
  };
  if (settings.mode === 'Observe') return { kind: 'planned', ...found, plan: plan(deps.children.of(key)) };
  const created = new Map<string, Action & { kind: 'CreateCustomer' | 'CreateGroup' }>();
  const duplicates = new Map<string, Action & { kind: 'DeleteDuplicate' }>();
  const onDone = (action: Action): void => {
    deps.metrics.change(action);
    if (action.kind === 'CreateCustomer' || action.kind === 'CreateGroup') created.set(keyOf(action), action);
    if (action.kind === 'DeleteDuplicate') duplicates.set(action.uid, action);
  };
  const applied = await applyPlan(deps.children, namespace, name, plan, onDone, signal);
  tell(deps, account, { created: [...created.values()], duplicates: [...duplicates.values()] }, lost);
  if (isComplete(snapshot)) deps.lost.forget(key, lost);
  return { kind: 'applied', ...found, applied };
}

/** Upstream did not answer, not at all or not to the end. */
export function endedByOutage(report: SyncReport): boolean {
  if (report.kind === 'replaced' || report.kind === 'waiting') return false;
  return report.kind === 'stopped' ? isOutage(report.verdict) : report.gaveUp;
}

/** Makes sure that no other account has the company, or gets it while this one mirrors it (promise 1); `null`: this one has it. */
async function claimed(
  deps: AccountDeps,
  account: AccountView,
  root: Company,
  claim: Meanwhile['claim'],
): Promise<SyncReport | null> {
  const taken = deps.claims.take(account, root);
  if (taken.kind === 'wait') return { kind: 'waiting' };
  if (taken.kind === 'refused') return { ...duplicateOf(taken.twin, root), root };
  try {
    if (account.settings.mode === 'Observe' || holds(account, root.id)) return null;
    // A crash from here on leaves an account that has the company, and the next sync of it goes on.
    return (await claim(root)) ? null : { kind: 'waiting' };
  } finally {
    deps.claims.release(account, root);
  }
}

function duplicate(deps: AccountDeps, account: AccountView, root: Company): Stopped | null {
  const twin = deps.claims.twinOf(account, root.id);
  return twin === null ? null : duplicateOf(twin, root);
}

function duplicateOf(twin: AccountView, root: Company): Stopped {
  return { ...stopped(duplicateVerdict(twin, root.id), false), twin: twin.name };
}

/** What forbids to mirror this tree at all, for a person to decide. */
function mayNotMirror(account: AccountView, root: Company): Stopped | null {
  const verdict = forbidden(account, root);
  return verdict === null ? null : stopped(verdict, false);
}

function forbidden(account: AccountView, root: Company): Verdict | null {
  const { status, settings, approveCompany } = account;
  if (root.type === 'Distributor' && settings.distributor === 'Refuse') {
    return {
      ready: 'False',
      reason: 'DistributorNotSupported',
      message:
        'The login belongs to a distributor, which ESET PROTECT does not import. Use the login of an MSP Manager, MSP or Managed MSP, or set spec.sync.distributor to Allow. No object was touched.',
      credentials: 'True',
      synchronized: 'False',
    };
  }
  const before = status.company;
  if (before !== undefined && before.id !== root.id && approveCompany !== root.id) {
    return {
      ready: 'False',
      reason: 'AccountChanged',
      message:
        `The login belongs to the company ${root.id} now; the objects of this account mirror ${before.id} (${before.name}). ` +
        'Put the former login back into the Secret, or approve the change: ' +
        `kubectl annotate mspaccount ${account.name} --namespace ${account.namespace} --overwrite --field-manager=flux-client-side-apply mspoperator.dev/approve-company=${root.id}. No object was touched.`,
      credentials: 'True',
      synchronized: 'False',
    };
  }
  return null;
}

function refusedVerdict(message: string): Verdict {
  return {
    ready: 'False',
    reason: 'LoginRefused',
    message: `${message} It is not tried again, so that the account is not locked, until the Secret, the spec or the annotation mspoperator.dev/requestedAt changes.`,
    credentials: 'False',
    synchronized: 'False',
  };
}

function stopped(verdict: Verdict, refused: boolean, retryAfterMs = 0): Stopped {
  return { kind: 'stopped', verdict, refused, retryAfterMs, root: null, twin: null };
}
