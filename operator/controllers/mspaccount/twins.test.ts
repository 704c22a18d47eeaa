import { describe, expect, test } from 'vitest';
import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import { viewAccount, type AccountView } from './account.ts';
import { Claims } from './twins.ts';

const COMPANY = { id: '9d1b0a52-4f0c-4f0a-8f6d-0a52b7c1e9f1', name: 'Acme', type: 'MSP' as const };
const OTHER = { ...COMPANY, id: '1f3c5b77-2e61-4c6b-9a43-2d1c0b5a8e11' };

interface Options {
  readonly created?: string;
  readonly namespace?: string;
  readonly secret?: string;
  readonly endpoint?: string;
  readonly services?: readonly string[];
  readonly suspend?: boolean;
  readonly deleting?: boolean;
  readonly ready?: string;
  readonly company?: typeof COMPANY;
  readonly duplicateOf?: string;
}

function account(name: string, options: Options = {}): AccountView {
  const {
    created = '2026-05-01T12:00:00Z',
    namespace = 'ns',
    secret = 'login',
    endpoint,
    services = ['EMA2'],
  } = options;
  const { suspend = false, deleting = false, ready, company, duplicateOf } = options;
  const status: MSPAccountStatus = {
    ...(company && { company }),
    ...(duplicateOf !== undefined && { duplicateOf: { name: duplicateOf, companyID: COMPANY.id } }),
    ...(ready !== undefined && {
      conditions: [{ type: 'Ready', status: 'False', reason: ready, message: 'x', lastTransitionTime: created }],
    }),
  };
  return viewAccount({
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      creationTimestamp: created,
      ...(deleting && { deletionTimestamp: created }),
    },
    spec: {
      services,
      credentials: { secretRef: { name: secret } },
      ...(endpoint !== undefined && { endpoint }),
      suspend,
    },
    status,
  });
}

function claimsOf(...accounts: readonly AccountView[]): Claims {
  return new Claims({
    get: (key) => accounts.find(({ namespace, name }) => key === `${namespace}/${name}`),
    byIndex: (_, namespace) => accounts.filter((each) => each.namespace === namespace),
  });
}

describe('an account waits for an older one of the same login', () => {
  const young = account('young', { created: '2026-05-01T12:00:01Z' });
  const cases: [what: string, older: AccountView, waits: boolean][] = [
    ['that was not looked at yet', account('old'), true],
    ['whose sync runs for the first time', account('old', { ready: 'Progressing' }), true],
    ['that waits for its Secret', account('old', { ready: 'Pending' }), true],
    [
      'that was duplicate of one that is gone',
      account('old', { ready: 'DuplicateAccount', duplicateOf: 'gone' }),
      true,
    ],
    ['that has its company: who has it, is read from there', account('old', { company: COMPANY }), false],
    ['whose first sync came to nothing', account('old', { ready: 'AuthenticationFailed' }), false],
    ['that is being deleted', account('old', { deleting: true }), false],
    ['that is suspended', account('old', { suspend: true }), false],
    ['that has nothing to read', account('old', { services: ['EBA'] }), false],
    ['with another Secret', account('old', { secret: 'another' }), false],
    ['with another endpoint', account('old', { endpoint: 'https://eu.example' }), false],
    ['of another namespace', account('old', { namespace: 'elsewhere' }), false],
  ];
  test.each(cases)('%s', (_, older, waits) => {
    expect(claimsOf(older, young).mustWait(young)).toBe(waits);
  });

  test('and of one second, for the one whose uid is less', () => {
    const [a, b] = [account('a'), account('b')];
    const claims = claimsOf(a, b);
    expect([claims.mustWait(a), claims.mustWait(b)]).toEqual([false, true]);
  });

  test('but not for itself, nor for a younger one, nor once it has its company', () => {
    expect(claimsOf(young).mustWait(young)).toBe(false);
    expect(claimsOf(young, account('old')).mustWait(account('old'))).toBe(false);
    const settled = account('young', { created: '2026-05-01T12:00:01Z', company: COMPANY });
    expect(claimsOf(account('old'), settled).mustWait(settled)).toBe(false);
  });

  test('but not while that one waits as the duplicate of a third', () => {
    const third = account('third', { company: COMPANY, secret: 'another' });
    const older = account('old', { ready: 'DuplicateAccount', duplicateOf: 'third' });
    expect(claimsOf(third, older, young).mustWait(young)).toBe(false);
  });
});

describe('a company', () => {
  const [a, b] = [account('a'), account('b')];

  test('is of one account while it writes, and of the next after it let go', () => {
    const claims = claimsOf(a, b);
    expect(claims.take(a, COMPANY)).toEqual({ kind: 'taken' });
    expect(claims.take(b, COMPANY)).toEqual({ kind: 'wait' });
    claims.release(b, COMPANY);
    expect(claims.take(b, COMPANY)).toEqual({ kind: 'wait' });
    claims.release(a, COMPANY);
    expect(claims.take(b, COMPANY)).toEqual({ kind: 'taken' });
  });

  test('does not keep another company, nor another namespace, waiting', () => {
    const away = account('b', { namespace: 'elsewhere' });
    const claims = claimsOf(a, b, away);
    claims.take(a, COMPANY);
    expect(claims.take(b, OTHER)).toEqual({ kind: 'taken' });
    expect(claims.take(away, COMPANY)).toEqual({ kind: 'taken' });
  });

  const young = account('young', { created: '2026-05-01T12:00:01Z' });
  const holders: [what: string, holder: AccountView, refused: boolean][] = [
    ['whose status names it', account('old', { company: COMPANY }), true],
    ['younger, whose status names it', account('zz', { created: '2026-06-01T00:00:00Z', company: COMPANY }), true],
    ['whose status names another', account('old', { company: OTHER }), false],
    ['that is being deleted', account('old', { company: COMPANY, deleting: true }), false],
    ['that is a duplicate itself', account('old', { company: COMPANY, duplicateOf: 'third' }), false],
  ];
  test.each(holders)('is refused for the sake of an account %s', (_, holder, refused) => {
    const claim = claimsOf(holder, young).take(young, COMPANY);
    expect(claim).toEqual(refused ? { kind: 'refused', twin: holder } : { kind: 'taken' });
  });

  test('that two have is the older one’s', () => {
    const both = [account('a', { company: COMPANY }), account('b', { company: COMPANY })] as const;
    const claims = claimsOf(...both);
    expect(claims.twinOf(both[0], COMPANY.id)).toBeNull();
    expect(claims.twinOf(both[1], COMPANY.id)).toBe(both[0]);
  });
});

describe('a duplicate is free', () => {
  const waiting = account('b', { ready: 'DuplicateAccount', duplicateOf: 'a' });
  test('when the other is gone, goes, or has another company now; not before', () => {
    expect(claimsOf(waiting).isFree(waiting)).toBe(true);
    expect(claimsOf(account('a', { company: COMPANY, deleting: true }), waiting).isFree(waiting)).toBe(true);
    expect(claimsOf(account('a', { company: OTHER }), waiting).isFree(waiting)).toBe(true);
    expect(claimsOf(account('a', { company: COMPANY }), waiting).isFree(waiting)).toBe(false);
    expect(claimsOf(account('a')).isFree(account('a'))).toBe(false);
  });
});
