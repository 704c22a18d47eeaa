// One crawl: from the login's own company down through Children to every company below it (domain: ema-api §4, §5, §12).
// Descendants is of no use, since it names no parents (§5). Nor is User/GetDirectAccessibleChildren: it lists what the user may
// write to, under an unknown name (§4), so that what it lacks means nothing and no gap could be closed by it (§17.6).
// Promises kept here: absence is not deletion (2) and truthful (8): whatever was not read to its end is a gap; isolated (9):
// bounded in companies, rows and gaps, and a dead upstream is left alone after a few failures in a row.

import type { Company, CompanyStatus, Gap, Snapshot } from '../hierarchy/snapshot.ts';
import type { Api } from './api.ts';
import { companyStatus, companyType, detailID, ownID, readRow, text } from './decode.ts';
import { aborted, failure, gapCause, isLoginFailure, isOutage, type UpstreamFailure } from './failure.ts';
import { readIdentifiers } from './identifiers.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { readPages } from './pages.ts';
import { isChildrenAnswer, isCurrentAnswer } from './schemas.ts';
import { Tree } from './tree.ts';

export interface CrawlOptions {
  readonly api: Api;
  readonly concurrency: number;
  readonly maxCompanies: number;
  readonly statusCodes: ReadonlyMap<number, CompanyStatus>;
  /** Awaited once, when the own company is known. */
  readonly onAnswer: () => Promise<void>;
  readonly onProgress: (progress: { companiesRead: number; pending: number }) => void;
}

export type CrawlOutcome =
  /** `gaveUp`: upstream was dead before every company had been asked for. */
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot; readonly gaveUp: boolean }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** So many listings in a row ended by an outage: upstream is dead, the rest is not asked. A failed login ends it at once. */
const MAX_OUTAGES = 5;
/** A snapshot with more gaps is no less incomplete. */
const MAX_GAPS = 10_000;

/** Reads the tree, then, as an extra without bearing on completeness, the custom identifiers. */
export async function crawl(options: CrawlOptions, signal: AbortSignal): Promise<CrawlOutcome> {
  const own = await ownCompany(options, signal);
  if (own.kind === 'failed') return own;
  await options.onAnswer();
  const run = new Crawl(options, own.company, signal);
  const fatal = await run.listings();
  if (fatal !== null) return { kind: 'failed', failure: fatal };
  const identifiers = run.stoppedEarly
    ? new Map<string, string>()
    : await readIdentifiers(options.api, (id) => run.tree.has(id), options.maxCompanies, signal);
  if (signal.aborted) return { kind: 'failed', failure: aborted('Search/Companies') };
  const companies = run.tree.ordered();
  return {
    kind: 'snapshot',
    snapshot: { root: companies[0] ?? own.company, companies, gaps: run.gaps, customIdentifiers: identifiers },
    gaveUp: run.gaveUp,
  };
}

type Own =
  { readonly kind: 'own'; readonly company: Company } | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** User/Current names the own company; Detail is asked where it does not tell the type (domain: ema-api §4). */
async function ownCompany({ api, statusCodes }: CrawlOptions, signal: AbortSignal): Promise<Own> {
  const invalid = (operation: string, what: string): Own => ({
    kind: 'failed',
    failure: failure(operation, 'InvalidResponse', `${operation} ${what}`, 200),
  });
  const current = await api.callPatiently({ operation: 'User/Current' }, signal);
  if (current.kind === 'failed') return current;
  if (!isCurrentAnswer(current.value)) return invalid('User/Current', 'answered without the company of the login.');
  let company: JsonObject = current.value.company;
  const id = ownID(company);
  if (id === null) return invalid('User/Current', 'answered without a valid id of the company of the login.');
  if (company['type'] === undefined || company['type'] === null) {
    const detail = await api.callPatiently({ operation: 'Company/Detail', body: { companyId: id } }, signal);
    if (detail.kind === 'failed') return detail;
    if (detailID(detail.value) !== id) return invalid('Company/Detail', 'answered without the company asked for.');
    company = { ...company, ...detail.value };
  }
  const type = companyType(company['type']);
  if (type === null) {
    const message = `The company of the login, ${id}, has a type that has no place in the tree.`;
    return { kind: 'failed', failure: failure('User/Current', 'UnknownType', message, 200) };
  }
  const status = companyStatus(company['status'], statusCodes);
  return { kind: 'own', company: { id, parentID: null, type, name: text(company['name']), status } };
}

class Crawl {
  readonly tree: Tree;
  readonly gaps: Gap[] = [];
  readonly #options: CrawlOptions;
  readonly #root: Company;
  readonly #signal: AbortSignal;
  /** Ends the listings in flight once the outcome is settled. */
  readonly #stop = new AbortController();
  readonly #queue: string[] = [];
  readonly #listed = new Set<string>();
  readonly #maxRows: number;
  #active = 0;
  #rows = 0;
  #outages = 0;
  #fatal: UpstreamFailure | null = null;
  /** Why the companies still in the queue are not listed. */
  #stopped: { readonly cause: string; readonly message: string } | null = null;

  constructor(options: CrawlOptions, root: Company, signal: AbortSignal) {
    this.#options = options;
    this.#root = root;
    this.#signal = signal;
    this.tree = new Tree(root, options.maxCompanies);
    // An honest tree shows each company once, a little more often while it changes.
    this.#maxRows = options.maxCompanies * 2 + 10_000;
    this.#enqueue(root);
  }

  /** True if the crawl ended before every company had been asked for: upstream is dead or has no end. */
  get stoppedEarly(): boolean {
    return this.#stopped !== null;
  }

  get gaveUp(): boolean {
    return this.stoppedEarly && this.#stopped?.cause !== 'TooManyCompanies';
  }

  /** Lists every company that can have children. Out: the failure that leaves nothing known, or `null`. */
  async listings(): Promise<UpstreamFailure | null> {
    const signal = AbortSignal.any([this.#signal, this.#stop.signal]);
    const running = new Set<Promise<void>>();
    try {
      for (;;) {
        while (this.#queue.length > 0 && running.size < this.#options.concurrency && !this.#settled()) {
          const id = this.#queue.shift();
          if (id === undefined) break;
          this.#active++;
          const listing = this.#list(id, signal).finally(() => {
            this.#active--;
            running.delete(listing);
          });
          running.add(listing);
        }
        if (running.size === 0) break;
        await Promise.race(running);
      }
    } finally {
      this.#stop.abort(); // only after a throw (a callback of the caller's) is anything still running
      await Promise.allSettled(running);
    }
    for (const id of this.#queue) this.#gap(id, this.#stopped?.cause ?? 'NotRead', this.#stopped?.message ?? '');
    // By id, so that a status made from the gaps does not flap with the order of the answers.
    this.gaps.sort((a, b) => (gapKey(a) < gapKey(b) ? -1 : 1));
    if (this.#signal.aborted) return aborted('Company/Children');
    return this.#fatal;
  }

  #settled(): boolean {
    return this.#stopped !== null || this.#fatal !== null || this.#signal.aborted;
  }

  #enqueue(company: Company): void {
    // Customers are leaves (domain: ema-api §12). One that turns up again as another type is listed then.
    if (company.type === 'Customer' || this.#listed.has(company.id)) return;
    this.#listed.add(company.id);
    this.#queue.push(company.id);
  }

  async #list(id: string, signal: AbortSignal): Promise<void> {
    const end = await readPages(
      this.#options.api,
      {
        operation: 'Company/Children',
        body: { companyId: id },
        rows: (answer) => (isChildrenAnswer(answer) ? answer.companies : null),
        onPage: (rows) => this.#page(id, rows),
      },
      signal,
    );
    switch (end.kind) {
      case 'Complete':
        this.#outages = 0;
        return;
      case 'Stopped':
        this.#gap(id, this.#stopped?.cause ?? 'NotRead', this.#stopped?.message ?? '');
        return;
      case 'RepeatedPage':
        this.#gap(id, 'RepeatedPage', `The children of ${id} were listed over and over again without a new one.`);
        return;
      case 'Failed':
        this.#failed(id, end.failure, end.pages);
    }
  }

  #failed(id: string, failure: UpstreamFailure, pages: number): void {
    const nothingKnown = id === this.#root.id && pages === 0;
    if (nothingKnown || failure.cause === 'LoginRefused') {
      this.#fatal ??= failure;
      this.#stop.abort();
      return;
    }
    // One that was called off because the crawl had stopped is not the reason for it.
    const why = failure.cause === 'Aborted' ? this.#stopped : null;
    this.#gap(
      id,
      why?.cause ?? gapCause(failure),
      why?.message ?? `The children of ${id} are unknown: ${failure.message}`,
    );
    if (failure.cause === 'Aborted') return;
    this.#outages = isLoginFailure(failure) ? MAX_OUTAGES : isOutage(failure) ? this.#outages + 1 : 0;
    if (this.#outages >= MAX_OUTAGES && this.#stopped === null) {
      const message = `Not asked for, since upstream seems to be down: ${failure.message}`;
      this.#stopped = { cause: gapCause(failure), message };
      this.#stop.abort();
    }
  }

  /** Takes in one page of children. @returns false if the crawl is to end. */
  #page(parentID: string, rows: readonly JsonValue[]): boolean {
    this.#rows += rows.length;
    let invalid = 0;
    for (const row of rows) {
      const read = readRow(row, this.#options.statusCodes);
      if (read.kind === 'invalid') {
        invalid++;
      } else if (read.kind === 'unknownType') {
        this.#gap(read.id, 'UnknownType', `Company ${read.id} has a type that has no place in the tree.`);
      } else if (!this.#place({ ...read, parentID })) {
        return this.#tooMany(`More than ${this.#options.maxCompanies} companies.`);
      }
    }
    if (invalid > 0) {
      this.#gap(parentID, 'InvalidRow', `${invalid} of the companies listed below ${parentID} carry no valid id.`);
    }
    if (this.#rows > this.#maxRows)
      return this.#tooMany(`More than ${this.#maxRows} rows; companies repeat too often.`);
    this.#options.onProgress({ companiesRead: this.tree.size, pending: this.#queue.length + this.#active });
    return true;
  }

  #place(read: Company): boolean {
    const { id, parentID, type, name, status } = read;
    // Whether a listing ever shows the company itself is unknown (ema-api §17.2); it would tell nothing new.
    if (id === parentID) return true;
    const company: Company = { id, parentID, type, name, status };
    const placed = this.tree.place(company);
    if (placed === 'full') return false;
    if (placed === 'cycle') this.#gap(id, 'Cycle', `Company ${id} is listed below itself.`);
    else this.#enqueue(company);
    return true;
  }

  #tooMany(message: string): false {
    if (this.#stopped === null) {
      this.#stopped = { cause: 'TooManyCompanies', message };
      this.#gap(null, 'TooManyCompanies', message);
      this.#stop.abort();
    }
    return false;
  }

  #gap(companyID: string | null, cause: string, message: string): void {
    if (this.gaps.length < MAX_GAPS) this.gaps.push({ companyID, cause, message });
    else if (this.gaps.length === MAX_GAPS) {
      this.gaps.push({
        companyID: null,
        cause: 'MoreGaps',
        message: `More than ${MAX_GAPS} gaps; the rest is not listed.`,
      });
    }
  }
}

function gapKey({ companyID, cause }: Gap): string {
  return `${companyID ?? ''} ${cause}`;
}
