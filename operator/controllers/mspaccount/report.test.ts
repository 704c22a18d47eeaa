// The status after each kind of result: the table of design §3.

import { describe, expect, test } from 'vitest';
import { ACCOUNT_REASONS } from '../../api/v1alpha1/reasons.ts';
import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { Plan } from '../../hierarchy/action.ts';
import type { Gap, Snapshot } from '../../hierarchy/snapshot.ts';
import { failure } from '../../upstream/failure.ts';
import { viewAccount, type AccountView } from './account.ts';
import { failedVerdict } from './failure.ts';
import { afterLocalVerdict, afterLoginVerdict, afterSync, type UsedLogin } from './report.ts';
import type { SyncReport } from './sync.ts';
import type { Verdict } from './verdict.ts';

type Settled = Exclude<SyncReport, { kind: 'replaced' | 'waiting' }>;

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
const applied = (plan = NOTHING, gaps: Gap[] = [], failures: string[] = []): Settled => ({
  kind: 'applied',
  snapshot: snapshot(...gaps),
  requests: 3,
  gaveUp: false,
  applied: { done: 0, failures, failed: failures.length, terminating: false, plan },
});
const stopped = (verdict: Verdict, more: object = {}): Settled => ({
  kind: 'stopped',
  verdict,
  refused: false,
  retryAfterMs: 0,
  root: null,
  twin: null,
  ...more,
});
const USED: UsedLogin = { secretVersion: '7', refusals: [], unclear: false };
const after = (report: Settled, view = account(), used = USED): MSPAccountStatus =>
  afterSync(view.status, report, used, FAMILY, { account: view, now: NOW, random: 0.5 });
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

  test('an approved one that upstream did not confirm in full: the operator goes on, at the pace of a retry', () => {
    const blocked = { count: 3, allowed: 1, sample: ['A'], planHash: 'abcd', blockedAt: '2026-05-01T12:00:00Z' };
    const view = account({}, { 'mspoperator.dev/approve-unlink': 'abcd' });
    const status = after(applied({ actions: [], unlink: { unlinked: [], blocked } }), view);
    expect(conditions(status)).toMatchObject({
      Ready: 'False UnlinkUnconfirmed',
      Reconciling: 'True UnlinkUnconfirmed',
      UnlinkBlocked: 'True LimitExceeded',
    });
    expect(status.sync).toMatchObject({ planHash: 'abcd', completedAt: '2026-05-01T12:00:00Z' });
    expect(Date.parse(status.sync?.nextAt ?? '') - NOW).toBeLessThanOrEqual(12_000);
  });

  test('a partial one that holds companies back: the hash to approve is there, and goes when nothing is held', () => {
    const gap = { companyID: 'a', cause: 'HTTP500', message: 'x.' };
    const blocked = { count: 3, allowed: 1, sample: ['A'], planHash: 'abcd', blockedAt: '2026-05-01T12:00:00Z' };
    const status = after(applied({ actions: [], unlink: { unlinked: [], blocked } }, [gap]));
    expect(conditions(status)).toMatchObject({
      Ready: 'False PartialSnapshot',
      Synchronized: 'False PartialSnapshot',
      UnlinkBlocked: 'True LimitExceeded',
    });
    expect(status.sync).toMatchObject({ planHash: 'abcd', blockedAt: '2026-05-01T12:00:00Z' });
    const observed = after(
      { kind: 'planned', snapshot: snapshot(gap), requests: 3, gaveUp: false, plan: NOTHING },
      account(status),
    );
    expect(conditions(observed)).toMatchObject({ UnlinkBlocked: 'True LimitExceeded' });
    expect(observed.sync).toMatchObject({ planHash: 'abcd' });
    const next = after(applied(NOTHING, [gap]), account(status));
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

  test('a refused login, and every attempt after it, keeps the times of the hour, three at most', () => {
    const verdict: Verdict = { ready: 'False', reason: 'LoginRefused', message: 'x', credentials: 'False' };
    const at = (minutes: number): number => NOW - minutes * 60_000;
    const old = [at(70), at(50), at(40)].map((ms) => new Date(ms).toISOString().replace('.000', ''));
    const view = account({ credentials: { refusals: old } });
    const refused = after(stopped(verdict, { refused: true }), view, { ...USED, refusals: [at(50), at(5), at(0)] });
    expect(refused.credentials?.refusals).toEqual([
      '2026-05-01T11:20:00Z',
      '2026-05-01T11:55:00Z',
      '2026-05-01T12:00:00Z',
    ]);
    expect(after(applied(), account(refused)).credentials).toEqual({
      secretResourceVersion: '7',
      refusals: refused.credentials?.refusals,
    });
    const missing: Verdict = { ready: 'False', reason: 'SecretNotFound', message: 'x', credentials: 'False' };
    const later = { account: account(refused), now: NOW + 56 * 60_000, random: 0 };
    expect(afterLoginVerdict(refused, missing, null, later).credentials).toEqual({
      refusals: ['2026-05-01T12:00:00Z'],
    });
  });

  test('a login that may have been refused: three an hour, and a person reads why it takes so long', () => {
    const doubt = failure('Token/Get', 'ServerError', 'Token/Get answered HTTP 500.', 500);
    const status = after(stopped(failedVerdict(doubt)), account(), { ...USED, refusals: [NOW], unclear: true });
    expect(conditions(status)).toMatchObject({ Ready: 'False UpstreamError', Reconciling: 'True UpstreamError' });
    expect(status.sync?.nextAt).toBe('2026-05-01T12:20:00Z');
    expect(status.conditions?.[0]?.message).toMatch(/wrong username or password.*every 20 minutes/);
    const partial = after(applied(NOTHING, [{ companyID: 'a', cause: 'HTTP500', message: 'x.' }]), account(), {
      ...USED,
      unclear: true,
    });
    expect(partial.sync?.nextAt).toBe('2026-05-01T12:20:00Z');
  });

  test('a throttled login is tried again when the hour is over', () => {
    const throttled = { ...failure('Token/Get', 'LoginThrottled', 'Not sent.'), retryAfterMs: 1_800_000 };
    const status = after(stopped(failedVerdict(throttled), { retryAfterMs: 1_800_000 }));
    expect(conditions(status)).toEqual({
      Ready: 'False LoginThrottled',
      Reconciling: 'True LoginThrottled',
      CredentialsValid: 'False LoginThrottled',
    });
    expect(status.sync?.nextAt).toBe('2026-05-01T12:30:00Z');
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

test('what was found of other accounts and companies stands until a sync comes that far again', () => {
  const duplicate: Verdict = { ready: 'False', reason: 'DuplicateAccount', message: 'x' };
  const changed: Verdict = { ready: 'False', reason: 'AccountChanged', message: 'x' };
  const away = failedVerdict(failure('User/Current', 'Timeout', 'x'));
  const second = after(stopped(duplicate, { root: ROOT, twin: 'other' }));
  expect(second).toMatchObject({ duplicateOf: { name: 'other', companyID: ROOT.id } });
  expect(second).not.toHaveProperty('company');
  expect(after(stopped(away), account(second)).duplicateOf).toEqual(second.duplicateOf);
  const other = after(stopped(changed, { root: ROOT }), account(second));
  expect(other).toMatchObject({ companyFound: { id: ROOT.id } });
  expect(other).not.toHaveProperty('duplicateOf');
  expect(after(stopped(away), account(other)).companyFound).toEqual(other.companyFound);
  expect(after(applied(), account(other))).not.toHaveProperty('companyFound');
  expect(after(applied(), account(second))).not.toHaveProperty('duplicateOf');
});

test('a message that is longer than a condition may hold is cut', () => {
  const status = after(applied(NOTHING, [], ['x'.repeat(10_000)]));
  expect(Math.max(...(status.conditions ?? []).map(({ message }) => message.length))).toBe(4096);
});

test('every request is echoed, also after a failure', () => {
  const view = account({}, { 'mspoperator.dev/requestedAt': 'now' });
  const verdict = failedVerdict(failure('User/Current', 'Timeout', 'x'));
  expect(after(stopped(verdict), view).lastHandledRequestedAt).toBe('now');
});

test('a verdict that needs no look outside writes the same status each time', () => {
  const verdict: Verdict = { ready: 'False', reason: 'HostNotAllowed', message: 'x', synchronized: 'False' };
  const first = afterLocalVerdict({}, verdict, FAMILY, { account: account(), now: NOW, random: 0.1 });
  const again = afterLocalVerdict(first, verdict, FAMILY, { account: account(first), now: NOW + 5000, random: 0.9 });
  expect(again).toEqual(first);
});

test('each reason says who has to act', () => {
  for (const [reason, { acts, meaning }] of Object.entries(ACCOUNT_REASONS)) {
    expect(reason).toMatch(/^[A-Z][A-Za-z0-9]+$/);
    expect(['nobody', 'operator', 'person']).toContain(acts);
    expect(meaning).toMatch(/\.$/);
  }
});
