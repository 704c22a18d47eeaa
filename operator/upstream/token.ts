// How long an access token lives. The reference knows three contradictory lifetimes (domain: ema-api §2.2), so the token
// itself is asked, then the server's `expiresIn`; if neither says anything, only a 401 tells.

import { isObject, parseJson, type JsonValue } from './json.ts';
import type { TokenAnswer } from './schemas.ts';

/** Whole sessions end 30 minutes after Token/Get according to one page (domain: ema-api §2.2). */
export const SESSION_MS = 30 * 60_000;

export interface Token {
  readonly access: string;
  readonly refresh: string | null;
  /** Wall clock, milliseconds: from then on the token is replaced before it is used. `Infinity` = lifetime unknown. */
  readonly renewAt: number;
  /** Wall clock, milliseconds: when the session began with Token/Get; renewals do not extend it. */
  readonly sessionStart: number;
}

/** In: a validated answer of Token/Get or Token/Renew and the time at which it arrived. */
export function tokenOf(answer: TokenAnswer, receivedAt: number, sessionStart: number): Token {
  const lifetime = lifetimeOfJwt(answer.accesstoken, receivedAt) ?? positive(Number(answer.expiresin ?? NaN) * 1000);
  const skew = Math.min(30_000, (lifetime ?? 0) * 0.2);
  return {
    access: answer.accesstoken,
    refresh: answer.refreshtoken === '' ? null : (answer.refreshtoken ?? null),
    renewAt: lifetime === null ? Infinity : receivedAt + lifetime - skew,
    sessionStart,
  };
}

/**
 * Lifetime in milliseconds by the claims of a JWT: `exp` - `nbf` (or `iat`), which holds whatever our clock says; with `exp`
 * alone, by our clock. `null` if it cannot be told. The signature is not ours to check.
 */
function lifetimeOfJwt(token: string, receivedAt: number): number | null {
  const payload = token.split('.')[1];
  if (payload === undefined) return null;
  const parsed = parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
  if (parsed.kind === 'invalid' || !isObject(parsed.value)) return null;
  const exp = number(parsed.value['exp']);
  if (exp === null) return null;
  const from = number(parsed.value['nbf']) ?? number(parsed.value['iat']);
  return positive(from === null ? exp * 1000 - receivedAt : (exp - from) * 1000);
}

function number(value: JsonValue | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function positive(ms: number): number | null {
  return ms > 0 && ms < Infinity ? ms : null;
}
