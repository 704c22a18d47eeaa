// One synchronization of an account: crawl → ask for the absent → plan → apply → report. It writes children and no status:
// what it found is a report, which `report.ts` turns into the status.

import type { Action, Plan } from '../../hierarchy/action.ts';
import { isComplete, type Company, type Confirmation, type Snapshot } from '../../hierarchy/snapshot.ts';
import type { Ema2Client } from '../../upstream/client.ts';
import type { Family } from '../children/children.ts';
import type { AccountView } from './account.ts';
import { applyPlan, type Applied } from './apply.ts';
import type { AccountDeps } from './deps.ts';
import { endedVerdict, failedVerdict, isOutage } from './failure.ts';
import type { Login } from './login.ts';
import { keyOf, restored, tellNew } from './newcomers.ts';
import { planOf, questions } from './planning.ts';
import type { Turn } from './turn.ts';
import { duplicateVerdict, olderTwin } from './twins.ts';
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
    }
  /** Observe: what would be done. */
  | (Read & { readonly kind: 'planned'; readonly plan: Plan })
  | (Read & { readonly kind: 'applied'; readonly applied: Applied });

interface Read {
  readonly snapshot: Snapshot;
  readonly requests: number;
  /** Upstream was dead before every company had been asked for. */
  readonly gaveUp: boolean;
}

/** The client of one sync; the caller closes it. `probe`: one request until upstream answers. */
export function connectUpstream(
  deps: AccountDeps,
  account: AccountView,
  login: Login & { kind: 'ok' },
  { turn, probe }: { readonly turn: Turn; readonly probe: boolean },
): Ema2Client {
  const { policy, requestsPerSecond, inFlight, statusCodes, connect } = deps.upstream;
  return connect({
    endpoint: account.settings.endpoint,
    credentials: { username: login.username, password: login.password },
    allow: policy,
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
  turn: Turn,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<SyncReport> {
  const { namespace, name, settings } = account;
  const crawl = await upstream.crawl(turn.reading, onProgress, () => turn.begin());
  if (turn.ended !== null) return stopped(endedVerdict(turn.ended), false);
  if (crawl.kind === 'refused') return stopped(refusedVerdict(crawl.message), true);
  if (crawl.kind === 'failed') return stopped(failedVerdict(crawl.failure), false, crawl.failure.retryAfterMs ?? 0);

  const { kind: _, ...read } = crawl;
  const { snapshot } = read;
  const { root } = snapshot;
  const twin = olderTwin(deps.accounts, account, root.id);
  const stop = twin === null ? mayNotMirror(account, root) : duplicateVerdict(twin, root.id);
  if (stop !== null) return { ...stopped(stop, false), root };

  const key = `${namespace}/${name}`;
  const family = deps.children.of(key);
  const absent = questions(snapshot, family);
  const confirmations =
    absent.length === 0 ? new Map<string, Confirmation>() : await upstream.confirm(absent, turn.reading);
  signal.throwIfAborted();
  if (turn.ended !== null) return stopped(endedVerdict(turn.ended), false);
  turn.work();

  const now = deps.now();
  const lost = deps.lost.of(key);
  const plan = (children: Family): Plan => restored(planOf(account, snapshot, children, confirmations, now), lost);
  if (settings.mode === 'Observe') return { kind: 'planned', ...read, plan: plan(family) };
  const created = new Map<string, Action & { kind: 'CreateCustomer' | 'CreateGroup' }>();
  const onDone = (action: Action): void => {
    deps.metrics.change(action);
    if (action.kind === 'CreateCustomer' || action.kind === 'CreateGroup') created.set(keyOf(action), action);
  };
  const applied = await applyPlan(deps.children, namespace, name, plan, onDone, signal);
  tellNew(deps, account, [...created.values()], lost);
  if (isComplete(snapshot)) deps.lost.forget(key, lost);
  return { kind: 'applied', ...read, applied };
}

/** Upstream did not answer, not at all or not to the end. */
export function endedByOutage(report: SyncReport): boolean {
  return report.kind === 'stopped' ? isOutage(report.verdict) : report.gaveUp;
}

/** What forbids to mirror this tree at all, for a person to decide. */
function mayNotMirror(account: AccountView, root: Company): Verdict | null {
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

/** Whatever a snapshot lacks, upstream accepted the login. */
export function completeOrNot(snapshot: Snapshot): 'True' | 'False' {
  return isComplete(snapshot) ? 'True' : 'False';
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

function stopped(verdict: Verdict, refused: boolean, retryAfterMs = 0): SyncReport & { kind: 'stopped' } {
  return { kind: 'stopped', verdict, refused, retryAfterMs, root: null };
}
