// A login that is replaced while a sync reads with it: the sync is called off and starts over with the new one (promise 10: a
// changed Secret is used at once). A write that leaves the login as it is, such as a label, calls nothing off: somebody who
// touches the Secret every minute must not keep a long sync from its end.

import { isNewer } from '../../runtime/object.ts';
import type { ObjectState } from '../../runtime/object-watch.ts';
import { secretKey, type AccountView } from './account.ts';
import type { AccountDeps } from './deps.ts';
import { readLogin, type Login } from './login.ts';

export interface LoginInUse {
  /** Fires when the account has another login. */
  readonly replaced: AbortSignal;
  /** Of the newest Secret that was seen to hold this login. */
  readonly resourceVersion: string;
  /** Reads the Secret now. Out: is the account's login another one? */
  check(): Promise<boolean>;
  stop(): void;
}

/** @param login as it was read for the sync that begins */
export function followLogin(
  deps: AccountDeps,
  account: AccountView,
  login: Login & { kind: 'ok' },
  signal: AbortSignal,
): LoginInUse {
  const replaced = new AbortController();
  const key = `${account.namespace}/${account.name}`;
  let { resourceVersion } = login;

  const check = async (): Promise<boolean> => {
    if (replaced.signal.aborted) return true;
    try {
      const now = deps.accounts.get(key) ?? account;
      const current = await readLogin(deps.client, now, deps.operatorUser, signal);
      const same = current.kind === 'ok' && current.username === login.username && current.password === login.password;
      if (same) ({ resourceVersion } = current);
      // Gone, or not to be read: no new login to start over with; the next pass says so.
      else if (current.resourceVersion !== null) replaced.abort();
    } catch {
      // The API server does not answer: the next pass compares the versions again.
    }
    return replaced.signal.aborted;
  };
  const look = (state: ObjectState | undefined): void => {
    const seen = state?.resourceVersion ?? null;
    if (seen !== null && isNewer(seen, resourceVersion)) void check();
  };
  const stopSecret = deps.secrets.listen(secretKey(account), look);
  const stopAccount = deps.accounts.onChange(({ key: changed, after }) => {
    if (changed === key && after !== undefined && after.settings.secretName !== account.settings.secretName)
      void check();
  });
  look(deps.secrets.state(secretKey(account)));
  return {
    replaced: replaced.signal,
    get resourceVersion() {
      return resourceVersion;
    },
    check,
    stop: () => {
      stopSecret();
      stopAccount();
    },
  };
}
