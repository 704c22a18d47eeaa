// How long an access token lives. The reference knows three contradictory lifetimes (domain: ema-api §2.2), so the token
// itself is asked, then the server's `expiresIn`; if neither says anything, only a 401 tells. Our clock and the server's may be
// hours apart: only differences between times of one clock count, and a time of theirs alone only where there is nothing else.

import { isObject, parseJson, type JsonObject } from './json.ts';
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

/**
 * A token is used for so long before it is replaced unasked. No documented lifetime is shorter than 60 s, so a claim of less
 * (odd claims, a clock that is off) is not believed: it would mean a renewal with every call. A 401 tells if it was true.
 */
const MIN_USE_MS = 30_000;

/** In: a validated answer of Token/Get or Token/Renew and the time at which it arrived. */
export function tokenOf(answer: TokenAnswer, receivedAt: number, sessionStart: number): Token {
  const claims = claimsOf(answer.accesstoken);
  const lifetime =
    claims.lifetime ?? positive(Number(answer.expiresin ?? NaN) * 1000) ?? positive((claims.exp ?? NaN) - receivedAt);
  const skew = Math.min(30_000, (lifetime ?? 0) * 0.2);
  return {
    access: answer.accesstoken,
    refresh: answer.refreshtoken === '' ? null : (answer.refreshtoken ?? null),
    renewAt: lifetime === null ? Infinity : receivedAt + Math.max(lifetime - skew, MIN_USE_MS),
    sessionStart,
  };
}

/**
 * What the claims of a JWT say, ms: `lifetime` is `exp` less `nbf` or `iat`, the later of the two, and holds whatever our
 * clock says; `exp` is a time of the server's clock. `null` where there is none. The signature is not ours to check.
 */
function claimsOf(token: string): { readonly lifetime: number | null; readonly exp: number | null } {
  const payload = token.split('.')[1] ?? '';
  const parsed = parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
  if (parsed.kind === 'invalid' || !isObject(parsed.value)) return { lifetime: null, exp: null };
  const claims = parsed.value;
  const [exp, nbf, iat] = ['exp', 'nbf', 'iat'].map((name) => number(claims, name));
  if (exp === undefined) return { lifetime: null, exp: null };
  if (nbf === undefined && iat === undefined) return { lifetime: null, exp: exp * 1000 };
  const from = Math.max(nbf ?? -Infinity, iat ?? -Infinity);
  return { lifetime: positive((exp - from) * 1000), exp: null };
}

function number(claims: JsonObject, name: string): number | undefined {
  const value = claims[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function positive(ms: number): number | null {
  return ms > 0 && ms < Infinity ? ms : null;
}
