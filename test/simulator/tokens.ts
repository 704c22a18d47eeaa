// Access tokens (JWTs with the claims of §2.2, HMAC-signed) and opaque refresh tokens, each good for one Renew.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Account } from './account.ts';
import { wireGuid } from './account.ts';

export interface TokenPair {
  accessToken: string;
  refreshToken: string;
}

interface Session {
  account: Account;
  stamp: string;
  /** Seconds since 1970 at Token/Get. */
  startedAt: number;
}

export type Verdict = { ok: true; account: Account } | { ok: false; account: Account | undefined; message: string };

/** Refresh tokens remembered over all accounts; the oldest are forgotten first. */
const maxRefreshTokens = 50_000;

export class Tokens {
  readonly #secret = randomBytes(32);
  readonly #now: () => number;
  readonly #byUserId: (userId: string) => Account | undefined;
  readonly #refresh = new Map<string, Session>();

  constructor(now: () => number, byUserId: (userId: string) => Account | undefined) {
    this.#now = now;
    this.#byUserId = byUserId;
  }

  login(account: Account): TokenPair {
    return this.#issue({ account, stamp: account.tokenStamp, startedAt: this.#seconds() });
  }

  /** New tokens within the session, or undefined. The refresh token is spent either way. */
  renew(refreshToken: string): TokenPair | undefined {
    const session = this.#refresh.get(refreshToken);
    if (!session) return undefined;
    this.#refresh.delete(refreshToken);
    if (session.stamp !== session.account.tokenStamp) return undefined;
    if (this.#seconds() >= session.startedAt + session.account.quirks.sessionSeconds) return undefined;
    return this.#issue(session);
  }

  refreshAccount(refreshToken: string): Account | undefined {
    return this.#refresh.get(refreshToken)?.account;
  }

  verify(authorization: string | undefined): Verdict {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined)
      return { ok: false, account: undefined, message: 'Authorization has been denied: no bearer token.' };
    const [head, payload, signature, ...rest] = token.split('.');
    const bad: Verdict = { ok: false, account: undefined, message: 'The token is not valid.' };
    if (head === undefined || payload === undefined || signature === undefined || rest.length > 0) return bad;
    const expected = Buffer.from(this.#sign(`${head}.${payload}`));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return bad;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
      sub: string;
      exp: number;
      sid: string;
    };
    const account = this.#byUserId(claims.sub.toLowerCase());
    if (!account || claims.sid !== account.tokenStamp) return { ...bad, account };
    if (this.#seconds() >= claims.exp) return { ok: false, account, message: 'The token has expired.' };
    return { ok: true, account };
  }

  #issue(session: Session): TokenPair {
    const { account } = session;
    const { quirks } = account;
    const nbf = this.#seconds();
    const renewed = nbf > session.startedAt;
    const end = renewed ? session.startedAt + quirks.sessionSeconds : Infinity;
    const claims = {
      nbf,
      exp: Math.min(nbf + Math.max(1, Math.round(quirks.tokenLifetimeSeconds)), end),
      iss: 'https://identity.eset.com',
      aud: ['https://identity.eset.com/resources', 'ema2_api'],
      client_id: 'Eset.EMA.API',
      sub: wireGuid(account.userId, quirks.guidCase, 'Token'),
      auth_time: session.startedAt,
      idp: 'local',
      // Not in the sample: tells tokens apart, and lets the simulator revoke them.
      jti: randomBytes(8).toString('hex'),
      sid: session.stamp,
      scope: ['ema2_api', 'offline_access'],
      amr: ['pwd'],
    };
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    const refreshToken = `${randomBytes(24).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
    this.#refresh.set(refreshToken, session);
    if (this.#refresh.size > maxRefreshTokens) {
      for (const oldest of this.#refresh.keys()) {
        this.#refresh.delete(oldest);
        break;
      }
    }
    return { accessToken: `${signed}.${this.#sign(signed)}`, refreshToken };
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }

  #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
