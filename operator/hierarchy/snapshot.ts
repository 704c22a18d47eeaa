// The result of one crawl of the upstream tree. Pure data; `upstream` fills it, `hierarchy` turns it into a plan.
// Promise kept here: a snapshot says of itself whether it is complete ("Absence is not deletion").

/** Kind of a company as people and StaticGroup.spec.type know it (domain: ema-api §9, codes 1002–1007). */
export type CompanyType = 'Distributor' | 'Division' | 'MSPManager' | 'MSP' | 'ManagedMSP' | 'Customer';

/**
 * Portal status of a company (domain: ema-api §9). The numeric codes are undocumented: what cannot be told is `Unknown`,
 * and never changes what we conclude about the company's existence.
 */
export type CompanyStatus = 'Active' | 'Suspended' | 'WaitingForActivation' | 'Unknown';

/** One node of the tree as upstream reported it. */
export interface Company {
  /** Lower-case GUID: the only key (domain: ema-api §11). */
  readonly id: string;
  /** The company it was listed under, lower-case GUID; `null` for the login's own company. */
  readonly parentID: string | null;
  readonly type: CompanyType;
  /** As upstream spells it: any text, possibly empty or hostile. Never a key. */
  readonly name: string;
  readonly status: CompanyStatus;
}

/** Something that the crawl did not get to see. Any gap makes the snapshot incomplete; `reach.ts` says for whom. */
export interface Gap {
  /** Lower-case GUID of the company whose listing or record is missing or unusable; `null`: the account itself. */
  readonly companyID: string | null;
  /** Machine-readable cause, CamelCase, for example `HTTP500`, `Timeout`, `InvalidResponse`, `UnknownType`. */
  readonly cause: string;
  /** One sentence for people. Carries no upstream body, token or credential. */
  readonly message: string;
}

/** The login's own company and everything listed below it. */
export interface Snapshot {
  /** The login's own company: the root of the tree. Also the first of `companies`. */
  readonly root: Company;
  /** All companies seen, each id once, parents before children. */
  readonly companies: readonly Company[];
  /** Empty = complete: every page of every listing was read to its end and understood. */
  readonly gaps: readonly Gap[];
  /** Custom identifiers by lower-case company GUID, where upstream's search carries them. Never part of completeness. */
  readonly customIdentifiers: ReadonlyMap<string, string>;
}

/** True if every page of every listing was read to its end and understood. */
export function isComplete(snapshot: Snapshot): boolean {
  return snapshot.gaps.length === 0;
}

/**
 * What upstream answered when it was asked for one absent company by `Company/Detail` (domain: ema-api §5, §10).
 * `Gone`: 404. `NotVisible`: 403, 500 or another 4xx, which may as well mean "no access". `Present`: it is there after all.
 * `NoAnswer`: time-out, 429, 503, broken or empty body: says nothing.
 */
export type Confirmation = 'Gone' | 'NotVisible' | 'Present' | 'NoAnswer';
