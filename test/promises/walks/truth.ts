// What upstream really shows an account at one moment, read from the simulator's tree and from nothing of the operator: the judge
// of the walks. What a login sees: its own company and what can be reached from it through companies that it sees; customers are
// leaves (ema-api §12).

import {
  companyTypes,
  type Account,
  type Company,
  type CompanyTypeName,
  type Quirks,
} from '../../simulator/simulator.ts';

/** A company that a complete crawl finds. */
export interface Listed {
  readonly id: string;
  readonly name: string;
  readonly type: CompanyTypeName;
  readonly parentID: string | null;
  /** The nearest MSP Manager, MSP or Managed MSP above. */
  readonly manager: { readonly id: string; readonly name: string } | null;
  /** `Unknown`: the status code on the wire is one whose meaning is not documented. */
  readonly suspended: 'True' | 'False' | 'Unknown';
}

/** What Company/Detail says of a company; `present` whether or not a crawl finds it. */
export type Answer = 'present' | Quirks['removed'];

export interface Truth {
  /** By lower-case GUID, parents before children. */
  readonly listed: ReadonlyMap<string, Listed>;
  readonly answer: (companyID: string) => Answer;
}

const NAMES = new Map(Object.entries(companyTypes).map(([name, code]) => [code as number, name as CompanyTypeName]));
const MANAGERS: ReadonlySet<string> = new Set<CompanyTypeName>(['MSPManager', 'MSP', 'ManagedMSP']);

export function truthOf(account: Account): Truth {
  const listed = new Map<string, Listed>();
  const visit = (company: Company, above: Listed | null): void => {
    const own = listedOf(company, above, account.quirks);
    listed.set(own.id, own);
    if (own.type === 'Customer') return;
    for (const child of company.children ?? []) if (account.sees(child)) visit(child, own);
  };
  visit(account.company, null);

  const { tree, quirks } = account;
  const there = new Map<string, Answer>();
  for (const company of tree.companies()) there.set(company.id, account.sees(company) ? 'present' : quirks.notVisible);
  return { listed, answer: (companyID) => there.get(companyID) ?? quirks.removed };
}

function listedOf(company: Company, above: Listed | null, quirks: Readonly<Quirks>): Listed {
  const { id, name, type, status } = company;
  const unknown = status === 'suspended' && typeof quirks.suspendedStatus === 'number';
  return {
    id,
    name,
    type: NAMES.get(type) ?? 'Customer',
    parentID: above?.id ?? null,
    manager: above !== null && MANAGERS.has(above.type) ? { id: above.id, name: above.name } : (above?.manager ?? null),
    suspended: unknown ? 'Unknown' : status === 'suspended' ? 'True' : 'False',
  };
}
