// What a walk has to remember to judge an object by more than the moment: what people wanted, what they did, and which companies
// were unlinked within the rolling 24 hours.

export type SetupMode = 'Pending' | 'Skip' | 'Configured';

/** What people last said of a customer's setup, and what `status.setup` may say then. */
export interface Setup {
  readonly mode: SetupMode | null;
  readonly states: ReadonlySet<string>;
  /** Deleted by people, not seen again yet: the operator's deaths so far. A dead operator forgets what it was to restore. */
  readonly lostAt: number | null;
}

export class Memory {
  /** By company. A customer that nobody touched is not set up. */
  readonly setups = new Map<string, Setup>();
  /** `groups <id>` or `customers <id>`: people deleted it; it may come back as another object. */
  readonly mayGo = new Set<string>();
  /** Companies whose Customer people deleted and nobody has made anew: once unlinked, their group goes along (promise 4). */
  readonly bereft = new Set<string>();
  /** Absent companies that may be unlinked as NotVisible: AbsentOnce for more than an hour, or held since they were removed. */
  readonly proven = new Set<string>();
  /** Unlinked within 24 hours, without a person's approval. */
  readonly recent = new Set<string>();
  /** Seen unlinked since they were last linked. */
  readonly past = new Set<string>();
  /** What the last approval covers. */
  readonly approved = new Set<string>();
  /** Every company that there ever was. */
  readonly known = new Set<string>();
  /** What was removed and may be brought back: the company that was named, not what went with it. */
  readonly removed = new Set<string>();

  setupOf(companyID: string): Setup {
    return this.setups.get(companyID) ?? { mode: null, states: new Set(['Pending']), lostAt: null };
  }
}

export const STATES: Readonly<Record<SetupMode, string>> = {
  Pending: 'Pending',
  Skip: 'Skipped',
  Configured: 'Completed',
};
