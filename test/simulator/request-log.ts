// What was asked: a bounded ring of the last requests, and counters that never forget. No password or token enters it.

export interface LogEntry {
  /** Milliseconds since 1970, by the simulator's clock. */
  time: number;
  account: string | null;
  operation: string;
  companyId: string | null;
  skip: number | null;
  take: number | null;
  /** 0 while unanswered, and for ever where the connection was reset or hangs. */
  status: number;
  /** Kinds of the faults that struck. */
  faults: string[];
}

export interface AccountCounts {
  requests: number;
  logins: number;
  failedLogins: number;
  renewals: number;
  /** Requests of this account in progress, now and at most. */
  inFlight: number;
  maxInFlight: number;
  operations: Record<string, number>;
}

export interface Counts extends AccountCounts {
  /** By status code; "0" is a request that was never answered in full. */
  statuses: Record<string, number>;
  accounts: Record<string, AccountCounts>;
}

const newCounts = (): AccountCounts => ({
  requests: 0,
  logins: 0,
  failedLogins: 0,
  renewals: 0,
  inFlight: 0,
  maxInFlight: 0,
  operations: Object.create(null) as Record<string, number>,
});

/** Unknown user names are counted together, so that no client can fill the memory. */
export const unknownAccount = '(unknown)';

export class RequestLog {
  readonly #size: number;
  #ring: LogEntry[] = [];
  #next = 0;
  #total = newCounts();
  #statuses: Record<string, number> = Object.create(null) as Record<string, number>;
  readonly #accounts = new Map<string, AccountCounts>();

  constructor(size: number) {
    this.#size = size;
  }

  /** Enters a request; its status is filled in later, by `end`. */
  begin(entry: LogEntry, known: boolean): void {
    if (this.#size > 0) {
      if (this.#ring.length < this.#size) this.#ring.push(entry);
      else this.#ring[this.#next] = entry;
      this.#next = (this.#next + 1) % this.#size;
    }
    for (const counts of this.#both(entry.account, known)) {
      counts.requests++;
      counts.inFlight++;
      counts.maxInFlight = Math.max(counts.maxInFlight, counts.inFlight);
      counts.operations[entry.operation] = (counts.operations[entry.operation] ?? 0) + 1;
    }
  }

  end(entry: LogEntry, known: boolean): void {
    this.#statuses[entry.status] = (this.#statuses[entry.status] ?? 0) + 1;
    for (const counts of this.#both(entry.account, known)) counts.inFlight = Math.max(0, counts.inFlight - 1);
  }

  count(what: 'logins' | 'failedLogins' | 'renewals', account: string | null, known: boolean): void {
    for (const counts of this.#both(account, known)) counts[what]++;
  }

  /** Oldest first. */
  entries(): LogEntry[] {
    const full = this.#ring.length === this.#size;
    const ordered = full ? [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)] : this.#ring;
    return ordered.map((entry) => ({ ...entry, faults: [...entry.faults] }));
  }

  counts(): Counts {
    const copy = (counts: AccountCounts): AccountCounts => ({ ...counts, operations: { ...counts.operations } });
    const accounts = Object.fromEntries([...this.#accounts].map(([name, counts]) => [name, copy(counts)]));
    return { ...copy(this.#total), statuses: { ...this.#statuses }, accounts };
  }

  /** Forgets entries and counters; what is in progress stays counted as such. */
  clear(): void {
    this.#ring = [];
    this.#next = 0;
    this.#statuses = Object.create(null) as Record<string, number>;
    const fresh = ({ inFlight }: AccountCounts): AccountCounts => ({ ...newCounts(), inFlight, maxInFlight: inFlight });
    this.#total = fresh(this.#total);
    for (const [name, counts] of this.#accounts) this.#accounts.set(name, fresh(counts));
  }

  #both(account: string | null, known: boolean): AccountCounts[] {
    const name = account !== null && known ? account : unknownAccount;
    let counts = this.#accounts.get(name);
    if (!counts) this.#accounts.set(name, (counts = newCounts()));
    return [this.#total, counts];
  }
}
