// The status after each kind of result: the table of design §3.

import { describe, expect, test } from 'vitest';
import { ACCOUNT_REASONS } from '../../api/v1alpha1/reasons.ts';
import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { Plan } from '../../hierarchy/action.ts';
import type { Gap, Snapshot } from '../../hierarchy/snapshot.ts';
import { failure } from '../../upstream/failure.ts';
import { viewAccount, type AccountView } from './account.ts';
import { failedVerdict } from './failure.ts';
import { afterLocalVerdict, afterSync } from './report.ts';
import type { SyncReport } from './sync.ts';
import type { Verdict } from './verdict.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const ROOT = {
  id: 'f9a23359-0098-400a-b32c-6c67634fa188',
  parentID: null,
  type: 'MSP',
  name: 'Acme',
  status: 'Active',
} as const;
const FAMILY = { groups: new Map(), customers: new Map() };
const NOTHING: Plan = { actions: [], unlink: { unlinked: [], blocked: null } };

function account(status: MSPAccountStatus = {}, annotations: Record<string, string> = {}): AccountView {
  return viewAccount({
    metadata: { name: 'acme', namespace: 'ns', generation: 2, annotations },
    spec: { services: ['EMA2', 'EBA'], credentials: { secretRef: { name: 'login' } } },
    status,
  });
}
const snapshot = (...gaps: Gap[]): Snapshot => ({ root: ROOT, companies: [ROOT], gaps, customIdentifiers: new Map() });
const applied = (plan = NOTHING, gaps: Gap[] = [], failures: string[] = []): SyncReport => ({
  kind: 'applied',
  snapshot: snapshot(...gaps),
  requests: 3,
  gaveUp: false,
  applied: { done: 0, failures, failed: failures.length, terminating: false, plan },
});
const stopped = (verdict: Verdict, more: object = {}): SyncReport => ({
  kind: 'stopped',
  verdict,
  refused: false,
  retryAfterMs: 0,
  root: null,
  ...more,
});
const after = (report: SyncReport, view = account()): MSPAccountStatus =>
  afterSync(view.status, report, '7', FAMILY, { account: view, now: NOW, random: 0.5 });
const conditions = (status: MSPAccountStatus): Record<string, string> =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status: is, reason }) => [type, `${is} ${reason}`]));

describe('the conditions after', () => {
  test('a complete sync', () => {
    const status = after(applied());
    expect(conditions(status)).toEqual({
      Ready: 'True Synchronized',
      CredentialsValid: 'True LoginAccepted',
      Synchronized: 'True AccountSynchronized',
    });
    expect(status).toMatchObject({
      observedGeneration: 2,
      accountType: 'MSP',
      mixed: true,
      company: { id: ROOT.id, name: 'Acme' },
      sync: { completedAt: '2026-05-01T12:00:00Z', nextAt: '2026-05-02T12:00:00Z', requests: 3 },
    });
  });

  test('a partial one: not success, and the time of the last complete one stays', () => {
    const view = account({ sync: { completedAt: '2026-04-30T00:00:00Z', pending: 4 } });
    const status = after(applied(NOTHING, [{ companyID: 'a', cause: 'HTTP500', message: 'x.' }]), view);
    expect(conditions(status)).toMatchObject({ Ready: 'False PartialSnapshot', Reconciling: 'True PartialSnapshot' });
    expect(conditions(status)).not.toHaveProperty('Stalled');
    expect(status.sync).toMatchObject({ completedAt: '2026-04-30T00:00:00Z', nextAt: '2026-05-01T12:00:10Z' });
    expect(status.sync).not.toHaveProperty('pending');
  });

  test('one whose changes could not be written', () => {
    const status = after(applied(NOTHING, [], ['Customer x: refused']));
    expect(conditions(status)).toMatchObject({ Ready: 'False ApplyFailed', Reconciling: 'True ApplyFailed' });
    expect(status.sync).not.toHaveProperty('completedAt');
  });

  test('a blocked one: a person has to act, and finds the command', () => {
    const blocked = {
      count: 3,
      allowed: 1,
      sample: ['A', 'B', 'C'],
      planHash: 'abcd',
      blockedAt: '2026-05-01T12:00:00Z',
    };
    const status = after(applied({ actions: [], unlink: { unlinked: [], blocked } }));
    expect(conditions(status)).toMatchObject({
      Ready: 'False UnlinkBlocked',
      Stalled: 'True UnlinkBlocked',
      UnlinkBlocked: 'True LimitExceeded',
    });
    expect(status.sync).toMatchObject({ planHash: 'abcd', blockedAt: '2026-05-01T12:00:00Z' });
    const next = after(applied(), account(status));
    expect(conditions(next)).not.toHaveProperty('UnlinkBlocked');
    expect(next.sync).not.toHaveProperty('planHash');
  });

  test('a refused login: stalled, with no next time and with the time of the refusal', () => {
    const verdict: Verdict = { ready: 'False', reason: 'LoginRefused', message: 'x', credentials: 'False' };
    const status = after(stopped(verdict, { refused: true }));
    expect(conditions(status)).toMatchObject({ Ready: 'False LoginRefused', Stalled: 'True LoginRefused' });
    expect(status.credentials).toEqual({ secretResourceVersion: '7', refusedAt: '2026-05-01T12:00:00Z' });
    expect(status.sync ?? {}).not.toHaveProperty('nextAt');
  });

  test('an outage: what upstream asks for is waited for, and what was known stays', () => {
    const before = after(applied());
    const outage = { ...failure('Company/Children', 'Maintenance', 'Down.', 503), retryAfterMs: 120_000 };
    const status = after(stopped(failedVerdict(outage), { retryAfterMs: 120_000 }), account(before));
    expect(conditions(status)).toMatchObject({
      Ready: 'False UpstreamMaintenance',
      Reconciling: 'True UpstreamMaintenance',
      CredentialsValid: 'True LoginAccepted',
    });
    expect(status).toMatchObject({
      company: { id: ROOT.id },
      sync: { completedAt: '2026-05-01T12:00:00Z', nextAt: '2026-05-01T12:02:00Z' },
    });
  });

  test('the tries come further apart the longer it lasts, and never further than ten minutes', () => {
    const failing = (minutes: number): string => {
      const since = new Date(NOW - minutes * 60_000).toISOString();
      const ready = {
        type: 'Ready',
        status: 'False' as const,
        reason: 'UpstreamError',
        message: 'x',
        lastTransitionTime: since,
      };
      const status = after(
        stopped(failedVerdict(failure('User/Current', 'ServerError', 'x'))),
        account({ conditions: [ready] }),
      );
      return status.sync?.nextAt ?? '';
    };
    expect(failing(0)).toBe('2026-05-01T12:00:10Z');
    expect(failing(2)).toBe('2026-05-01T12:02:00Z');
    expect(failing(600)).toBe('2026-05-01T12:10:00Z');
  });

  test('Observe: Ready, with what would be done in words', () => {
    const plan: Plan = {
      ...NOTHING,
      actions: [
        {
          kind: 'CreateGroup',
          change: 'Create',
          group: { name: 'x', companyID: 'x', type: 'MSP', displayName: 'x', parentName: null },
        },
      ],
    };
    const status = after({ kind: 'planned', snapshot: snapshot(), requests: 3, gaveUp: false, plan });
    expect(conditions(status)).toMatchObject({ Ready: 'True Planned' });
    expect(status.conditions?.[0]?.message).toContain('StaticGroups: create 1; Customers: nothing');
  });
});

test('every request is echoed, also after a failure', () => {
  const view = account({}, { 'mspoperator.dev/requestedAt': 'now' });
  const verdict = failedVerdict(failure('User/Current', 'Timeout', 'x'));
  expect(after(stopped(verdict), view).lastHandledRequestedAt).toBe('now');
});

test('a verdict that needs no look outside writes the same status each time', () => {
  const verdict: Verdict = { ready: 'False', reason: 'HostNotAllowed', message: 'x', synchronized: 'False' };
  const first = afterLocalVerdict({}, verdict, { account: account(), now: NOW, random: 0.1 });
  const again = afterLocalVerdict(first, verdict, { account: account(first), now: NOW + 5000, random: 0.9 });
  expect(again).toEqual(first);
});

test('each reason says who has to act', () => {
  for (const [reason, { acts, meaning }] of Object.entries(ACCOUNT_REASONS)) {
    expect(reason).toMatch(/^[A-Z][A-Za-z0-9]+$/);
    expect(['nobody', 'operator', 'person']).toContain(acts);
    expect(meaning).toMatch(/\.$/);
  }
});
