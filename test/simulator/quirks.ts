// The ways in which the reference contradicts itself or says nothing: each is an option, per simulator and per account.

export interface Quirks {
  /** Token/Get with a wrong user or password (§10 says 401; others have seen 400). */
  badCredentialsStatus: 401 | 400;
  /** exp - nbf: one hour, one minute and 60 s are all documented (§2.2). */
  tokenLifetimeSeconds: number;
  /** From Token/Get on; Renew past it is refused. */
  sessionSeconds: number;
  /** Whether Renew demands a valid access token besides the refresh token. */
  renewNeedsBearer: boolean;
  /** An undocumented `expiresIn` beside the tokens. */
  expiresIn: boolean;
  /** A path that is not there: 404, or 403 with 99/1 (§10). */
  unknownPage: 404 | 403;
  /** A company that exists but is not the account's to see. */
  notVisible: 403 | 404 | 500;
  /** A company that is gone or never was; `empty` is a 200 without a body. */
  removed: 404 | 403 | 500 | 'empty';
  /** Children of the account's own company when that one is hidden from it (§12: unknown). */
  partialRoot: 'filtered' | 403 | 500;
  tokenCasing: Casing;
  userCasing: Casing;
  companyCasing: Casing;
  searchCasing: Casing;
  /** `mixed`: each id is upper or lower by a hash of it and of the call, so one id differs between calls. */
  guidCase: 'mixed' | 'upper' | 'lower';
  /** `page`: rows of a page in any order. `request`: another order of the whole list per request, so that rows repeat and go missing. */
  pageOrder: 'stable' | 'page' | 'request';
  totalCount: 'items' | 'pages' | 'absent';
  paging: 'present' | 'absent';
  currentCompanyKey: 'companyId' | 'id';
  /** Status codes other than 1 = active are not documented. */
  suspendedStatus: string | number;
  waitingStatus: string | number;
  descendantsIncludeSuspended: boolean;
  /** The `ancestor` of Detail: the company above, the account's own one, or none. */
  ancestor: 'parent' | 'own' | 'absent';
  /** Whether Detail carries customIdentifier. */
  detailCustomIdentifier: boolean;
  /** Items of Search/Companies as one client or the other saw them: CompanyTypeId/StatusId…, or Type/State as text. */
  searchItems: 'ids' | 'names';
  /** CompanyTypeId there: 0-based (HQ=0, Distributor=1; the rest by analogy), or the codes of Enum/EntityTypes. */
  searchTypes: 'zero-based' | 'entity';
  searchCustomIdentifier: boolean;
  /** ParentId is unproven. */
  searchParentId: boolean;
  searchIncludesOwn: boolean;
  /** The name of the list in GetDirectAccessibleChildren (unknown). */
  directChildrenKey: string;
}

export type Casing = 'camel' | 'pascal';

export const defaultQuirks: Readonly<Quirks> = {
  badCredentialsStatus: 401,
  tokenLifetimeSeconds: 3600,
  sessionSeconds: 1800,
  renewNeedsBearer: false,
  expiresIn: false,
  unknownPage: 404,
  notVisible: 403,
  removed: 404,
  partialRoot: 'filtered',
  tokenCasing: 'camel',
  userCasing: 'camel',
  companyCasing: 'camel',
  searchCasing: 'pascal',
  guidCase: 'mixed',
  pageOrder: 'stable',
  totalCount: 'items',
  paging: 'present',
  currentCompanyKey: 'companyId',
  suspendedStatus: 'Suspended',
  waitingStatus: 'Waiting for confirmation',
  descendantsIncludeSuspended: true,
  ancestor: 'parent',
  detailCustomIdentifier: true,
  searchItems: 'ids',
  searchTypes: 'zero-based',
  searchCustomIdentifier: true,
  searchParentId: false,
  searchIncludesOwn: true,
  directChildrenKey: 'Companies',
};

type Check = readonly unknown[] | 'boolean' | 'seconds' | 'text' | 'code';

const casing = ['camel', 'pascal'] as const;

const checks: Readonly<Record<keyof Quirks, Check>> = {
  badCredentialsStatus: [401, 400],
  tokenLifetimeSeconds: 'seconds',
  sessionSeconds: 'seconds',
  renewNeedsBearer: 'boolean',
  expiresIn: 'boolean',
  unknownPage: [404, 403],
  notVisible: [403, 404, 500],
  removed: [404, 403, 500, 'empty'],
  partialRoot: ['filtered', 403, 500],
  tokenCasing: casing,
  userCasing: casing,
  companyCasing: casing,
  searchCasing: casing,
  guidCase: ['mixed', 'upper', 'lower'],
  pageOrder: ['stable', 'page', 'request'],
  totalCount: ['items', 'pages', 'absent'],
  paging: ['present', 'absent'],
  currentCompanyKey: ['companyId', 'id'],
  suspendedStatus: 'code',
  waitingStatus: 'code',
  descendantsIncludeSuspended: 'boolean',
  ancestor: ['parent', 'own', 'absent'],
  detailCustomIdentifier: 'boolean',
  searchItems: ['ids', 'names'],
  searchTypes: ['zero-based', 'entity'],
  searchCustomIdentifier: 'boolean',
  searchParentId: 'boolean',
  searchIncludesOwn: 'boolean',
  directChildrenKey: 'text',
};

/** Checks quirks that came from outside; throws a RangeError that says what is allowed. */
export function parseQuirks(input: Readonly<Record<string, unknown>>): Partial<Quirks> {
  for (const [name, value] of Object.entries(input)) {
    const check = Object.hasOwn(checks, name) ? checks[name as keyof Quirks] : undefined;
    if (check === undefined) throw new RangeError(`no quirk "${name}"; there are: ${Object.keys(checks).join(', ')}`);
    if (!passes(check, value)) throw new RangeError(`quirk "${name}" must be ${describe(check)}`);
  }
  return { ...input };
}

function passes(check: Check, value: unknown): boolean {
  switch (check) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'seconds':
      return typeof value === 'number' && value > 0 && Number.isFinite(value);
    case 'text':
      return typeof value === 'string' && value !== '';
    case 'code':
      return typeof value === 'string' || typeof value === 'number';
    default:
      return check.includes(value);
  }
}

function describe(check: Check): string {
  switch (check) {
    case 'boolean':
      return 'true or false';
    case 'seconds':
      return 'a number of seconds > 0';
    case 'text':
      return 'a text';
    case 'code':
      return 'a text or a number';
    default:
      return `one of ${check.map((v) => JSON.stringify(v)).join(', ')}`;
  }
}
