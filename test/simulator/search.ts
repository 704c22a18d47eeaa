// Search/Companies (§5): keywords, each with the columns to look in; {} finds everything the account sees. PascalCase.
import { wireGuid } from './account.ts';
import { wireStatus } from './company-calls.ts';
import type { Call } from './company-calls.ts';
import { companyTypeName } from './company.ts';
import type { Company } from './company.ts';
import { cutPage, pagingInfo, readPaging } from './paging.ts';
import type { Quirks } from './quirks.ts';
import { cased, caseKey, invalid } from './reply.ts';
import type { JsonObject, Reply } from './reply.ts';
import { parseGuid } from './tree.ts';

type Column = (company: Company, keyword: string) => boolean;

/** 0-based type codes: HQ=0 and Distributor=1 are documented, the rest goes on in the same order by analogy. */
const zeroBased = (company: Company): number => company.type - 1001;

const day = (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10);

const columns: Readonly<Record<number, Column>> = {
  0: (company, keyword) => company.name.toLowerCase().includes(keyword.toLowerCase()),
  1: (company, keyword) => parseGuid(keyword) === company.id,
  2: (company, keyword) => day(company.createdDay) === keyword,
  3: (company, keyword) => day(company.modifiedDay) === keyword,
  5: (company, keyword) => company.customIdentifier?.toLowerCase().includes(keyword.toLowerCase()) === true,
  6: (company, keyword) => String(zeroBased(company)) === keyword,
};

export function searchCompanies(call: Call): Reply {
  const { account, quirks, body, operation } = call;
  const paging = readPaging(body);
  if ('status' in paging) return paging;
  const terms = readTerms(body['search'] ?? {});
  if (!terms) return invalid('search');
  const own = account.company;
  const ownToo = quirks.searchIncludesOwn;
  const all = account.within(own, `search ${ownToo}`, (company) => ownToo || company !== own);
  const found = terms.length > 0 ? all.filter((company) => matches(company, terms)) : all;
  const rows = cutPage(found, paging, call).map((company) => row(company, quirks, operation));
  const info = pagingInfo(found.length, paging, quirks);
  const reply = { Search: rows, ...(info && { Paging: cased(info, 'pascal', 'camel') }) };
  return {
    status: 200,
    listKey: caseKey('Search', quirks.searchCasing),
    body: cased<JsonObject>(reply, quirks.searchCasing, 'pascal'),
  };
}

function row(company: Company, quirks: Readonly<Quirks>, operation: string): JsonObject {
  const guid = (id: string): string => wireGuid(id, quirks.guidCase, operation);
  const out: JsonObject = {
    CompanyId: guid(company.id),
    Name: company.name,
    Email: company.email ?? null,
    Description: company.description ?? null,
  };
  if (quirks.searchItems === 'names') {
    out['Type'] = companyTypeName(company.type);
    out['State'] = { active: 'Active', suspended: 'Suspended', waiting: 'Waiting for confirmation' }[company.status];
  } else {
    out['CompanyTypeId'] = quirks.searchTypes === 'entity' ? company.type : zeroBased(company);
    out['StatusId'] = wireStatus(company, quirks);
    out['VatId'] = company.vatId ?? null;
  }
  if (quirks.searchCustomIdentifier) out['CustomIdentifier'] = company.customIdentifier ?? null;
  if (quirks.searchParentId) out['ParentId'] = company.parent ? guid(company.parent.id) : null;
  return out;
}

type Term = readonly [keyword: string, columns: readonly Column[]];

function readTerms(search: unknown): Term[] | undefined {
  if (typeof search !== 'object' || search === null || Array.isArray(search)) return undefined;
  const terms: Term[] = [];
  for (const [keyword, numbers] of Object.entries(search as JsonObject)) {
    if (!Array.isArray(numbers)) return undefined;
    const found: Column[] = [];
    for (const number of numbers as unknown[]) {
      const column = typeof number === 'number' ? columns[number] : undefined;
      if (!column) return undefined;
      found.push(column);
    }
    terms.push([keyword, found]);
  }
  return terms;
}

/** Every keyword, in any of its columns. */
function matches(company: Company, terms: readonly Term[]): boolean {
  return terms.every(([keyword, columns]) => columns.some((column) => column(company, keyword)));
}
