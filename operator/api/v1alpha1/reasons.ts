// Every reason of the condition Ready of an MSPAccount, and what it means to a person. The docs and the tests read it.

/** Who has to act: nobody, the operator (`Reconciling`), or a person (`Stalled`). kstatus and Flux read these two. */
export type Acts = 'nobody' | 'operator' | 'person';

export interface ReasonDoc {
  readonly acts: Acts;
  readonly meaning: string;
  /** The status that comes with it, where it is not the usual one of its condition. */
  readonly status?: 'True' | 'False' | 'Unknown' | 'False or Unknown';
}

/** Reasons of Ready; usually False. Synchronized and CredentialsValid use some of the same words. */
export const ACCOUNT_REASONS = {
  Pending: { acts: 'operator', status: 'Unknown', meaning: 'The operator has not looked at the account yet.' },
  Progressing: {
    acts: 'operator',
    status: 'Unknown',
    meaning: 'The first sync of this generation of the spec is running.',
  },
  Synchronized: { acts: 'nobody', status: 'True', meaning: 'The last sync was complete and is applied.' },
  Planned: {
    acts: 'nobody',
    status: 'True',
    meaning: 'mode Observe: the last sync was complete; nothing was written.',
  },
  NoTreeAPI: {
    acts: 'nobody',
    status: 'True',
    meaning: 'The services of the account have no tree to read; only EMA2 has.',
  },
  SecretNotFound: { acts: 'operator', meaning: 'The Secret does not exist yet.' },
  SecretForbidden: { acts: 'operator', meaning: 'The operator may not read Secrets in this namespace.' },
  SecretKeyMissing: { acts: 'person', meaning: 'The Secret lacks username or password, or one of them is empty.' },
  SecretKeyInvalid: { acts: 'person', meaning: 'username or password in the Secret is not one line of text.' },
  LoginRefused: { acts: 'person', meaning: 'Upstream refused the login. It is not repeated until something changes.' },
  InvalidEndpoint: { acts: 'person', meaning: 'spec.endpoint is no usable address.' },
  HostNotAllowed: { acts: 'person', meaning: "The host of spec.endpoint is not on the operator's allow-list." },
  DistributorNotSupported: { acts: 'person', meaning: 'The login is a distributor; ESET PROTECT refuses those.' },
  DuplicateAccount: { acts: 'person', meaning: 'Another account of the namespace mirrors the same company.' },
  LoginThrottled: {
    acts: 'operator',
    meaning:
      'Logins with this username were refused three times within an hour; it is tried again later, so that it is not locked.',
  },
  AccountChanged: { acts: 'person', meaning: 'The login now belongs to another company than before.' },
  UnlinkBlocked: { acts: 'person', meaning: 'More companies are gone than may be unlinked without approval.' },
  PartialSnapshot: {
    acts: 'operator',
    meaning: 'Some companies could not be read. What lies below them is left as it is, the rest is applied.',
  },
  UnlinkUnconfirmed: {
    acts: 'operator',
    meaning: 'The unlink is approved; upstream has not confirmed yet that all those companies are gone.',
  },
  UpstreamMoved: { acts: 'operator', meaning: 'Upstream redirects: the account may have moved to ESET PROTECT Hub.' },
  UpstreamUnreachable: { acts: 'operator', meaning: 'No connection to upstream.' },
  UpstreamTimeout: { acts: 'operator', meaning: 'Upstream did not answer in time.' },
  UpstreamError: { acts: 'operator', meaning: 'Upstream answered with an error.' },
  UpstreamThrottled: { acts: 'operator', meaning: 'Upstream asks for fewer requests (429).' },
  UpstreamMaintenance: { acts: 'operator', meaning: 'Upstream is down for maintenance (503).' },
  UpstreamForbidden: {
    acts: 'operator',
    meaning: 'Upstream refuses to show the own company (401, 403 after a login).',
  },
  UpstreamInvalid: { acts: 'operator', meaning: 'Upstream answered something that is not what the API documents.' },
  ApplyFailed: { acts: 'operator', meaning: 'Some objects could not be written to the API server.' },
  SnapshotStale: { acts: 'operator', meaning: 'The last complete snapshot is older than twice the interval.' },
} as const satisfies Record<string, ReasonDoc>;

export type AccountReason = keyof typeof ACCOUNT_REASONS;
