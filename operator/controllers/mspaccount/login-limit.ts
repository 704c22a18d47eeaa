// Refused logins lock accounts upstream: at most three an hour for each host and username, however many accounts, Secrets and
// requests for a sync come in (promise 10). A login that may have been refused (`isUnclearLogin`) counts like one that was.
//
// Across restarts and changes of leader `status.credentials.refusals` of each account keeps the times. It names no username, so
// after a restart they count against whatever username the account has then: rather one login too few. A crash between a refused
// login and the write of the status loses that one, so a login is repeated at most once for each crash; to write ahead of every
// login would cost a write in every sync (promise 7).

import { createHash } from 'node:crypto';
import type { LoginGate, LoginOutcome, LoginTurn } from '../../upstream/client.ts';

export const REFUSALS_PER_HOUR = 3;
export const WINDOW_MS = 3_600_000;
/** Of the limit as a whole; the oldest are forgotten first. */
const MAX_KEPT = 10_000;

interface Refusal {
  /** uid of the account whose login it was. Account and time together tell refusals apart. */
  readonly account: string;
  /** Host and username. */
  readonly login: string;
  /** Whole seconds, as the status has them; ms. */
  readonly at: number;
}

/** The gate of one sync, which remembers what came of its logins. */
export interface SyncGate extends LoginGate {
  /** The worst outcome so far. */
  readonly outcome: LoginOutcome | null;
}

export class LoginLimit {
  readonly #now: () => number;
  #refusals: Refusal[] = [];
  /** Logins under way: each may yet be refused. */
  readonly #trying = new Map<string, number>();
  #ended = Promise.withResolvers<void>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * @param account its uid
   * @param known times that the account's status has, RFC 3339
   */
  gate(account: string, endpoint: string, username: string, known: readonly string[] = []): SyncGate {
    const login = loginOf(endpoint, username);
    for (const text of known) {
      const at = Date.parse(text);
      if (!Number.isNaN(at) && !this.#has(account, at)) this.#refusals.push({ account, login, at });
    }
    let worst: LoginOutcome | null = null;
    return {
      get outcome() {
        return worst;
      },
      enter: (signal) => this.#enter(login, signal),
      leave: (outcome) => {
        this.#trying.set(login, (this.#trying.get(login) ?? 1) - 1);
        if (this.#trying.get(login) === 0) this.#trying.delete(login);
        if (isBad(outcome)) this.#refused(account, login);
        if (worst === null || !isBad(worst)) worst = outcome;
        this.#ended.resolve();
        this.#ended = Promise.withResolvers();
      },
    };
  }

  /** Times of the account's refusals within the hour, ms, oldest first; what its status keeps. */
  of(account: string): number[] {
    return this.#recent((refusal) => refusal.account === account);
  }

  async #enter(login: string, signal: AbortSignal): Promise<LoginTurn> {
    for (;;) {
      if (signal.aborted) return { kind: 'aborted' };
      const recent = this.#recent((refusal) => refusal.login === login);
      const third = recent.at(-REFUSALS_PER_HOUR);
      if (third !== undefined)
        return { kind: 'wait', ms: Math.max(1, Math.min(third + WINDOW_MS - this.#now(), WINDOW_MS)) };
      const trying = this.#trying.get(login) ?? 0;
      if (recent.length + trying < REFUSALS_PER_HOUR) {
        this.#trying.set(login, trying + 1);
        return { kind: 'go' };
      }
      await either(this.#ended.promise, signal);
    }
  }

  #refused(account: string, login: string): void {
    const [last = 0] = this.of(account).slice(-1);
    // Rounded up, and never the same second twice: the status keeps whole seconds.
    const at = Math.max(Math.ceil(this.#now() / 1000) * 1000, last + 1000);
    this.#refusals = [...this.#refusals.filter((refusal) => this.#isRecent(refusal)), { account, login, at }].slice(
      -MAX_KEPT,
    );
  }

  #recent(which: (refusal: Refusal) => boolean): number[] {
    return this.#refusals
      .filter((refusal) => which(refusal) && this.#isRecent(refusal))
      .map(({ at }) => at)
      .sort((a, b) => a - b);
  }

  /** A time far ahead was written by another clock, or by hand. */
  #isRecent({ at }: Refusal): boolean {
    return Math.abs(this.#now() - at) < WINDOW_MS;
  }

  #has(account: string, at: number): boolean {
    return this.#refusals.some((refusal) => refusal.account === account && refusal.at === at);
  }
}

function isBad(outcome: LoginOutcome): boolean {
  return outcome === 'Refused' || outcome === 'Unclear';
}

/** No username is kept. */
function loginOf(endpoint: string, username: string): string {
  return createHash('sha256')
    .update(`${new URL(endpoint).host}\n${username.trim().toLowerCase()}`)
    .digest('hex');
}

async function either(ended: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  await Promise.race([ended, aborted.promise]);
  signal.removeEventListener('abort', onAbort);
}
