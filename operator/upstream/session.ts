// The login of one account: Token/Get, Token/Renew, and when to use which (domain: ema-api §2).
// Promises kept here: credentials are safe (10): a login that was refused, or may have been, is never repeated by this client;
// one login at a time, shared by all who wait, and only when the gate lets it pass; isolated (9): a waiting caller can leave without taking the login from the others.

import { aborted, failure, isUnclearLogin, type UpstreamFailure } from './failure.ts';
import type { HttpResult } from './http.ts';
import type { LoginGate, LoginOutcome } from './login-gate.ts';
import { isTokenAnswer } from './schemas.ts';
import { SESSION_MS, tokenOf, type Token } from './token.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface SessionOptions {
  readonly credentials: Credentials;
  readonly gate: LoginGate;
  /** Wall clock, milliseconds. */
  readonly now: () => number;
  /** One POST of `body` to `/api/<operation>`, rate-limited, with an optional bearer. */
  readonly send: (operation: string, body: unknown, token: string | null, signal: AbortSignal) => Promise<HttpResult>;
  /** Ends when the client is closed: a login outlives the caller who began it. */
  readonly closed: AbortSignal;
}

export type TokenResult =
  { readonly kind: 'token'; readonly access: string } | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

type LoginResult = { readonly kind: 'token'; readonly token: Token } | Exclude<TokenResult, { kind: 'token' }>;

const GET = 'Token/Get';
const RENEW = 'Token/Renew';
/** Before the end of a session: a token renewed later would end with the session, and be renewed again and again. */
const LAST_RENEWAL_MS = 60_000;

export class Session {
  readonly #options: SessionOptions;
  #token: Token | null = null;
  #pending: Promise<LoginResult> | null = null;
  /** Why there will be no further Token/Get. */
  #over: UpstreamFailure | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The sentence about a refused login; `null`: none was refused. */
  get refusal(): string | null {
    return this.#over?.cause === 'LoginRefused' ? this.#over.message : null;
  }

  /**
   * A token to use now: the one at hand, a renewed one, or that of a fresh login. A login that was refused, throttled, or
   * answered in a way that may mean refused (`isUnclearLogin`) is final for this client; every other may be tried again.
   */
  async token(signal: AbortSignal): Promise<TokenResult> {
    if (this.#over !== null) return { kind: 'failed', failure: this.#over };
    if (signal.aborted) return { kind: 'failed', failure: aborted(GET) };
    const token = this.#token;
    if (token !== null && this.#options.now() < token.renewAt) return { kind: 'token', access: token.access };
    this.#pending ??= this.#obtain(token).finally(() => {
      this.#pending = null;
    });
    const result = await unlessAborted(this.#pending, signal);
    if (result === null) return { kind: 'failed', failure: aborted(GET) };
    return result.kind === 'token' ? { kind: 'token', access: result.token.access } : result;
  }

  /** Forgets a token that was answered with 401, unless it has been replaced meanwhile. */
  drop(access: string): void {
    if (this.#token?.access === access) this.#token = null;
  }

  async #obtain(old: Token | null): Promise<LoginResult> {
    const renewed = old === null ? null : await this.#renew(old);
    const result: LoginResult = renewed === null ? await this.#get() : { kind: 'token', token: renewed };
    if (result.kind === 'token') this.#token = result.token;
    else if (isFinal(result.failure)) this.#over = result.failure;
    return result;
  }

  /** `null` if a fresh login is due: no refresh token, session too old, or the renewal failed for whatever reason. */
  async #renew(old: Token): Promise<Token | null> {
    const { now, send, closed } = this.#options;
    if (old.refresh === null || now() - old.sessionStart > SESSION_MS - LAST_RENEWAL_MS) return null;
    // Whether Renew demands a bearer is unverified (§2.1), so the old one goes along.
    const answer = await send(RENEW, { refreshToken: old.refresh }, old.access, closed);
    if (answer.kind === 'failed' || !isTokenAnswer(answer.value)) return null;
    return tokenOf(answer.value, now(), old.sessionStart);
  }

  async #get(): Promise<LoginResult> {
    const { gate, closed } = this.#options;
    const turn = await gate.enter(closed);
    if (turn.kind === 'aborted') return { kind: 'failed', failure: aborted(GET) };
    if (turn.kind === 'wait') {
      const message = `${GET} was not sent: too many logins were refused within an hour.`;
      return { kind: 'failed', failure: { ...failure(GET, 'LoginThrottled', message), retryAfterMs: turn.ms } };
    }
    let outcome: LoginOutcome = 'NoAnswer';
    try {
      const result = await this.#login();
      outcome = outcomeOf(result);
      return result;
    } finally {
      gate.leave(outcome);
    }
  }

  async #login(): Promise<LoginResult> {
    const { credentials, now, send, closed } = this.#options;
    const { username, password } = credentials;
    const answer = await send(GET, { username, password }, null, closed);
    if (answer.kind === 'failed') return { kind: 'failed', failure: refusal(answer.failure) ?? answer.failure };
    if (!isTokenAnswer(answer.value)) {
      return { kind: 'failed', failure: failure(GET, 'InvalidResponse', `${GET} answered without a token.`, 200) };
    }
    return { kind: 'token', token: tokenOf(answer.value, now(), now()) };
  }
}

function outcomeOf(result: LoginResult): LoginOutcome {
  if (result.kind === 'token') return 'Accepted';
  if (result.failure.cause === 'LoginRefused') return 'Refused';
  // Called off by us, it may have been refused all the same, and the next one follows at once.
  return isUnclearLogin(result.failure) || result.failure.cause === 'Aborted' ? 'Unclear' : 'NoAnswer';
}

function isFinal(failure: UpstreamFailure): boolean {
  return failure.cause === 'LoginRefused' || failure.cause === 'LoginThrottled' || isUnclearLogin(failure);
}

/**
 * The status of bad credentials is undocumented, 400 or 401 (domain: ema-api §10, §17.8); 403 may be a user who is not
 * enabled for the API (§2.3). All three are a "no" that must not be repeated, since a lock-out is unknown too (§17.1). Not so
 * 403 with 99/1 (cause `NotFound`: wrong endpoint), and 5xx, time-outs and the like.
 */
function refusal({ status, cause }: UpstreamFailure): UpstreamFailure | null {
  if (!(status === 400 || status === 401 || (status === 403 && cause === 'Forbidden'))) return null;
  return failure(
    GET,
    'LoginRefused',
    `The login was refused (${GET} answered HTTP ${status}). Check username and password, and that the user is enabled for the API.`,
    status,
  );
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const gone = Promise.withResolvers<null>();
  const onAbort = (): void => gone.resolve(null);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, gone.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
