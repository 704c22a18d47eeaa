// Company/Children, Company/Descendants, Company/Detail and User/GetDirectAccessibleChildren (§4, §5).
import type { Account } from './account.ts';
import { wireGuid } from './account.ts';
import { parseCompanyType } from './company.ts';
import type { Company } from './company.ts';
import { cutPage, pagingInfo, readPaging } from './paging.ts';
import type { PageContext } from './paging.ts';
import type { Quirks } from './quirks.ts';
import { cased, caseKey, failure, invalid } from './reply.ts';
import type { JsonObject, Reply } from './reply.ts';
import { parseGuid } from './tree.ts';

/** One authenticated request. */
export interface Call extends PageContext {
  account: Account;
  operation: string;
  /** Property names in lower case: model binding does not mind theirs. */
  body: JsonObject;
}

export function children(call: Call): Reply {
  const { account } = call;
  const company = findCompany(call);
  if (isReply(company)) {
    const own = parseGuid(call.body['companyid']) === account.company.id;
    const known = account.tree.get(account.company.id) !== undefined;
    if (!own || !known) return company;
    const partial = call.quirks.partialRoot;
    if (partial !== 'filtered') return failure(partial, 'You are not allowed to see this company.');
    return companyPage(call, account.children(account.company));
  }
  return companyPage(call, account.children(company));
}

export function descendants(call: Call): Reply {
  const company = findCompany(call);
  if (isReply(company)) return company;
  const wanted = call.body['entitytype'] ?? 'Any';
  const any = typeof wanted === 'string' && wanted.toLowerCase() === 'any';
  const type = parseCompanyType(wanted);
  if (!any && type === undefined) return invalid('entityType');
  const suspendedToo = call.quirks.descendantsIncludeSuspended;
  const list = call.account.within(
    company,
    `${type ?? 'any'} ${suspendedToo}`,
    (each) => each !== company && (any || each.type === type) && (suspendedToo || each.status !== 'suspended'),
  );
  return companyPage(call, list);
}

export function detail(call: Call): Reply {
  const { account, quirks, operation } = call;
  const company = findCompany(call);
  if (isReply(company)) return company;
  const guid = (id: string): string => wireGuid(id, quirks.guidCase, operation);
  const above = company.parent?.id ?? account.tree.outerParentId;
  const ancestor = quirks.ancestor === 'own' ? account.company.id : above;
  const body: JsonObject = {
    id: guid(company.id),
    name: company.name,
    ...(quirks.ancestor !== 'absent' && { ancestor: { id: guid(ancestor) } }),
    type: company.type,
    status: wireStatus(company, quirks),
    email: company.email ?? null,
    address: { countryCode: 'SVK', state: null, city: null, streetAddress: null, zipCode: null },
    tags: [],
    ...(quirks.detailCustomIdentifier && { customIdentifier: company.customIdentifier ?? null }),
    comment: null,
    vatId: company.vatId ?? null,
    description: company.description ?? null,
    trialLicenseAllowed: true,
    products: [],
    reseller: false,
    trusted: company.type === 1006,
  };
  return { status: 200, body: cased(body, quirks.companyCasing, 'camel') };
}

export function directAccessibleChildren(call: Call): Reply {
  const { account, quirks, operation, body } = call;
  const paging = readPaging(body);
  if ('status' in paging) return paging;
  const list = account.children(account.company);
  const rows = cutPage(list, paging, call).map((company) => ({
    Name: company.name,
    CompanyId: wireGuid(company.id, quirks.guidCase, operation),
    CompanyTypeId: company.type,
    Email: company.email ?? null,
    Status: wireStatus(company, quirks),
  }));
  const info = pagingInfo(list.length, paging, quirks);
  const listKey = quirks.directChildrenKey;
  return {
    status: 200,
    listKey,
    body: { [listKey]: rows, ...(info && { Paging: cased(info, 'pascal', 'camel') }) },
  };
}

export function wireStatus(company: Company, quirks: Readonly<Quirks>): string | number {
  if (company.status === 'suspended') return quirks.suspendedStatus;
  return company.status === 'waiting' ? quirks.waitingStatus : 1;
}

function companyPage(call: Call, list: readonly Company[]): Reply {
  const { quirks, operation } = call;
  const paging = readPaging(call.body);
  if ('status' in paging) return paging;
  const rows = cutPage(list, paging, call).map((company) => ({
    publicId: wireGuid(company.id, quirks.guidCase, operation),
    name: company.name,
    type: company.type,
    email: company.email ?? null,
    status: wireStatus(company, quirks),
  }));
  const info = pagingInfo(list.length, paging, quirks);
  const body = { companies: rows, ...(info && { paging: info }) };
  return {
    status: 200,
    listKey: caseKey('companies', quirks.companyCasing),
    body: cased<JsonObject>(body, quirks.companyCasing, 'camel'),
  };
}

/** The company asked for, if this account may see it. */
function findCompany({ account, body, quirks }: Call): Company | Reply {
  const id = parseGuid(body['companyid']);
  if (id === undefined) return invalid('companyId');
  const company = account.tree.get(id);
  if (!company) {
    if (quirks.removed === 'empty') return { status: 200, body: undefined };
    return failure(quirks.removed, 'The company was not found.');
  }
  if (!account.sees(company)) return failure(quirks.notVisible, 'You are not allowed to see this company.');
  return company;
}

function isReply(value: Company | Reply): value is Reply {
  return 'body' in value;
}
