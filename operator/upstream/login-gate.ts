// The seam between the login of one client and a limit that many clients share: asked before each Token/Get, told of each
// answer (promise 10: at most three refused logins an hour for each host and username).

/**
 * What came of a Token/Get. `Refused`: upstream said no. `Unclear`: an answer that may be a no (`isUnclearLogin`),
 * or one that nobody waited for.  * `NoAnswer`: nothing that speaks of the login, such as a time-out or maintenance.
 */
export type LoginOutcome = 'Accepted' | 'Refused' | 'Unclear' | 'NoAnswer';

export type LoginTurn =
  /** Log in now, and `leave` with what came of it. */
  | { readonly kind: 'go' }
  /** Too many were refused; none may be tried for so long. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** The signal ended the wait. */
  | { readonly kind: 'aborted' };

export interface LoginGate {
  /** Waits while logins under way elsewhere may still fill the limit. */
  enter(signal: AbortSignal): Promise<LoginTurn>;
  /** Once for each `go`. */
  leave(outcome: LoginOutcome): void;
}

/** For a client that shares its login with nobody. */
export const OPEN_GATE: LoginGate = { enter: () => Promise.resolve({ kind: 'go' }), leave: () => {} };
