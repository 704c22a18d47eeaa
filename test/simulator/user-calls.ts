// Token/Get, Token/Renew and User/Current (§2, §4).
import { timingSafeEqual } from 'node:crypto';
import type { Account } from './account.ts';
import { wireGuid } from './account.ts';
import type { Quirks } from './quirks.ts';
import { cased, failure, invalid } from './reply.ts';
import type { JsonObject, Reply } from './reply.ts';
import type { TokenPair, Tokens } from './tokens.ts';

export type LoginResult = { reply: Reply; outcome: 'login' | 'failed-login' | 'renewal' | 'invalid' };

/** `quirks`: of the account, or of the simulator where the name is unknown. */
export function tokenGet(
  body: JsonObject,
  account: Account | undefined,
  quirks: Readonly<Quirks>,
  tokens: Tokens,
): LoginResult {
  const { username, password } = body;
  if (typeof username !== 'string' || username === '') return { reply: invalid('username'), outcome: 'invalid' };
  if (typeof password !== 'string' || password === '') return { reply: invalid('password'), outcome: 'invalid' };
  if (!account || !equal(password, account.password)) {
    return { reply: failure(quirks.badCredentialsStatus, 'Wrong user name or password.'), outcome: 'failed-login' };
  }
  return { reply: pair(tokens.login(account), quirks), outcome: 'login' };
}

export function tokenRenew(body: JsonObject, quirks: Readonly<Quirks>, bearer: boolean, tokens: Tokens): LoginResult {
  const refreshToken = body['refreshtoken'];
  if (typeof refreshToken !== 'string' || refreshToken === '') {
    return { reply: invalid('refreshToken'), outcome: 'invalid' };
  }
  if (quirks.renewNeedsBearer && !bearer) {
    return { reply: failure(401, 'Authorization has been denied.'), outcome: 'invalid' };
  }
  const renewed = tokens.renew(refreshToken);
  if (!renewed) return { reply: failure(401, 'The refresh token is not valid.'), outcome: 'invalid' };
  return { reply: pair(renewed, quirks), outcome: 'renewal' };
}

export function userCurrent(account: Account, quirks: Readonly<Quirks>): Reply {
  const guid = (id: string): string => wireGuid(id, quirks.guidCase, 'User/Current');
  const { company } = account;
  const body: JsonObject = {
    id: guid(account.userId),
    firstName: 'API',
    lastName: 'User',
    email: account.username,
    description: null,
    phoneNumber: null,
    twoFactorEnabled: false,
    status: 1,
    created: '2024-01-15T08:00:00Z',
    lastUpdate: '2024-06-01T12:00:00Z',
    company: { [quirks.currentCompanyKey]: guid(company.id), name: company.name, type: company.type },
    country: { countryCode: 'SVK' },
    timeZone: { name: 'Central European Standard Time', code: 'CET', timeShift: '+01:00' },
  };
  return { status: 200, body: cased(body, quirks.userCasing, 'camel') };
}

function pair(tokens: TokenPair, quirks: Readonly<Quirks>): Reply {
  const body: JsonObject = { ...tokens };
  if (quirks.expiresIn) body['expiresIn'] = Math.round(quirks.tokenLifetimeSeconds);
  return { status: 200, body: cased(body, quirks.tokenCasing, 'camel') };
}

function equal(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}
