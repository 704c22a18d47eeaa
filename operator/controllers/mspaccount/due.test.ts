import { describe, expect, test } from 'vitest';
import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import { viewAccount, type AccountView } from './account.ts';
import { dueOf } from './due.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const HOUR = 3_600_000;
const at = (ms: number): string => new Date(ms).toISOString();

function account(status: MSPAccountStatus = {}, annotations: Record<string, string> = {}): AccountView {
  return viewAccount({
    metadata: { name: 'acme', namespace: 'ns', generation: 3, annotations },
    spec: { services: ['EMA2'], credentials: { secretRef: { name: 'login' } } },
    status: {
      observedGeneration: 3,
      credentials: { secretResourceVersion: '7' },
      sync: { nextAt: at(NOW + HOUR), completedAt: at(NOW - HOUR) },
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Synchronized', message: 'x', lastTransitionTime: at(NOW) },
      ],
      ...status,
    },
  });
}
const SECRET = { resourceVersion: '7', forbidden: false };
const due = (view: AccountView, secret: typeof SECRET | undefined = SECRET, awaiting: number | null = null) =>
  dueOf(view, secret, { newestAwaiting: awaiting, childDeleted: false, twinGone: false }, NOW);

describe('a sync is due', () => {
  test('not before its time', () => {
    expect(due(account())).toEqual({ kind: 'later', inMs: HOUR });
  });

  test('at its time, and when no time was written', () => {
    expect(due(account({ sync: { nextAt: at(NOW) } }))).toEqual({ kind: 'now', why: 'Scheduled' });
    expect(due(account({ sync: {} }))).toEqual({ kind: 'now', why: 'Scheduled' });
  });

  test('within the interval at the latest, though the clock was set back', () => {
    expect(due(account({ sync: { nextAt: at(NOW + 1000 * HOUR) } }))).toEqual({ kind: 'later', inMs: 24 * HOUR * 1.1 });
  });

  test('when the spec changed, before anything else', () => {
    expect(due(account({ observedGeneration: 2, credentials: { refusedAt: at(NOW) } }))).toEqual({
      kind: 'now',
      why: 'NewGeneration',
    });
  });

  test('when requestedAt has a value that was not handled', () => {
    const annotations = { 'mspoperator.dev/requestedAt': 'b' };
    expect(due(account({ lastHandledRequestedAt: 'a' }, annotations))).toMatchObject({ why: 'Requested' });
    expect(due(account({ lastHandledRequestedAt: 'b' }, annotations))).toMatchObject({ kind: 'later' });
  });

  test('when the Secret is another one than was used, and when it is gone', () => {
    expect(due(account(), { resourceVersion: '8', forbidden: false })).toMatchObject({ why: 'SecretChanged' });
    expect(due(account(), { ...SECRET, resourceVersion: null as never })).toMatchObject({ why: 'SecretChanged' });
  });

  test('not for a Secret that is not known yet or may not be seen', () => {
    expect(
      dueOf(account(), undefined, { newestAwaiting: null, childDeleted: false, twinGone: false }, NOW),
    ).toMatchObject({ kind: 'later' });
    expect(due(account(), { resourceVersion: null as never, forbidden: true })).toMatchObject({ kind: 'later' });
  });

  test('never again for a refused login, until something changes (promise 10)', () => {
    const credentials = { secretResourceVersion: '7', refusedAt: at(NOW - 100 * HOUR) };
    const refused = { credentials, sync: { nextAt: at(NOW - HOUR) } };
    expect(due(account(refused))).toEqual({ kind: 'never' });
    expect(due(account(refused), { resourceVersion: '8', forbidden: false })).toMatchObject({ why: 'SecretChanged' });
    expect(due(account(refused, { 'mspoperator.dev/requestedAt': 'x' }))).toMatchObject({ why: 'Requested' });
  });

  test('when exactly the held plan is approved', () => {
    const status = (reason: string) => ({
      sync: { nextAt: at(NOW + HOUR), planHash: 'abc' },
      conditions: [{ type: 'Ready', status: 'False' as const, reason, message: 'x', lastTransitionTime: at(NOW) }],
    });
    const approved = { 'mspoperator.dev/approve-unlink': 'abc' };
    expect(due(account(status('UnlinkBlocked'), approved))).toMatchObject({ why: 'Approved' });
    expect(due(account(status('UnlinkBlocked'), { 'mspoperator.dev/approve-unlink': 'abd' }))).toMatchObject({
      kind: 'later',
    });
    // Tried, and upstream did not let all of it be done: the next attempt has its time.
    for (const reason of ['UnlinkUnconfirmed', 'PartialSnapshot', 'UpstreamError']) {
      expect(due(account(status(reason), approved))).toEqual({ kind: 'later', inMs: HOUR });
    }
  });

  test('when the company that was found is approved; another id is no reason to ask upstream at all', () => {
    const conditions = [
      { type: 'Ready', status: 'False' as const, reason: 'AccountChanged', message: 'x', lastTransitionTime: at(NOW) },
    ];
    const status = { conditions, company: { id: 'before', name: 'x' }, companyFound: { id: 'after' } };
    const approve = (id: string) => due(account(status, { 'mspoperator.dev/approve-company': id }));
    expect(approve('after')).toMatchObject({ why: 'Approved' });
    expect(approve('neither')).toMatchObject({ kind: 'later' });
    expect(approve('before')).toMatchObject({ kind: 'later' });
  });

  test('once for a Customer created since the last sync, and not more than once a minute', () => {
    expect(due(account(), SECRET, NOW - 1000)).toMatchObject({ why: 'CustomerAdded' });
    expect(due(account(), SECRET, NOW - 2 * HOUR)).toMatchObject({ kind: 'later', inMs: HOUR });
    const justNow = { sync: { nextAt: at(NOW + HOUR), completedAt: at(NOW - 10_000) } };
    expect(due(account(justNow), SECRET, NOW - 1000)).toEqual({ kind: 'later', inMs: 50_000 });
  });

  test('a Customer does not hurry an account whose last sync failed', () => {
    const conditions = [
      { type: 'Ready', status: 'False' as const, reason: 'UpstreamError', message: 'x', lastTransitionTime: at(NOW) },
    ];
    expect(due(account({ conditions }), SECRET, NOW - 1000)).toMatchObject({ kind: 'later' });
  });
});
