// What happens upstream between two syncs: a few random changes of the tree, of what the login may see, and of how upstream
// answers for what is not there. All of them at once: a crawl sees the tree before or after, or its own mixture of the two.

import { TreeError, companyTypes, type Account, type Company, type Quirks } from '../../simulator/simulator.ts';
import type { Random } from '../../simulator/random.ts';
import type { Memory } from './memory.ts';

const MAX_COMPANIES = 70;

type Change = (random: Random, account: Account, memory: Memory, serial: string) => string | null;

const add: Change = (random, account, memory, serial) => {
  if (account.tree.size > MAX_COMPANIES) return null;
  const parent = random.pick(companies(account).filter(({ type }) => type !== companyTypes.Customer));
  const type = random.chance(0.8) ? companyTypes.Customer : random.pick(Object.values(companyTypes));
  // Nothing in this name is changed by the operator's cleaning; a comma and quotes trouble PROTECT (ema-api §11).
  const name = `${random.pick(['Škoda & Söhne', 'Bakery, "Old Town"', 'Клиника', '東京歯科', 'Ltd'])} ${serial}`;
  const company = account.add({ id: random.guid(), name, parentId: parent.id, type });
  memory.known.add(company.id);
  return `add ${company.id} below ${parent.id}`;
};

const rename: Change = (random, account, _, serial) => {
  const company = random.pick(companies(account));
  account.rename(company.id, `${random.pick(['Renamed', 'Neu benannt'])} ${serial}`);
  return `rename ${company.id}`;
};

const move: Change = (random, account) => {
  const company = random.pick(companies(account));
  const parent = random.pick(companies(account).filter(({ type }) => type !== companyTypes.Customer));
  account.move(company.id, parent.id);
  return `move ${company.id} below ${parent.id}`;
};

const suspend: Change = (random, account) => {
  const company = random.pick(companies(account));
  if (company.status === 'suspended') account.unsuspend(company.id);
  else account.suspend(company.id);
  return `${company.status} ${company.id}`;
};

const remove: Change = (random, account, memory) => {
  const all = companies(account).filter((company) => company !== account.company);
  const leaves = all.filter(({ children }) => (children ?? []).length === 0);
  const company = random.pick(random.chance(0.85) ? leaves : all);
  const count = account.remove(company.id);
  memory.removed.add(company.id);
  return `remove ${company.id} and ${count - 1} below it`;
};

const restore: Change = (random, account, memory) => {
  if (memory.removed.size === 0) return null;
  const id = random.pick([...memory.removed]);
  account.restore(id);
  memory.removed.delete(id);
  return `restore ${id}`;
};

const hide: Change = (random, account) => {
  const company = random.pick(companies(account).filter((each) => each !== account.company));
  account.hide([company.id]);
  return `hide ${company.id}`;
};

const show: Change = (random, account) => {
  const { hidden } = account;
  if (hidden.length === 0) return null;
  if (random.chance(0.3)) {
    account.showAll();
    return 'show all';
  }
  const id = random.pick(hidden);
  account.show([id]);
  return `show ${id}`;
};

/** A customer becomes a Managed MSP, or one without anything below it a customer. */
const retype: Change = (random, account) => {
  const { Customer, ManagedMSP } = companyTypes;
  const company = random.pick(companies(account));
  const childless = (company.children ?? []).length === 0;
  if (company.type !== Customer && !(company.type === ManagedMSP && childless)) return null;
  account.update(company.id, { type: company.type === Customer ? ManagedMSP : Customer });
  return `type of ${company.id} is ${company.type}`;
};

const requirk: Change = (random, account) => {
  const quirks = random.pick(ANSWERS);
  account.setQuirks(quirks);
  return `quirks ${JSON.stringify(quirks)}`;
};

const ANSWERS: readonly Partial<Quirks>[] = [
  { removed: 404 },
  { removed: 404, notVisible: 403 },
  { removed: 403 },
  { removed: 500, notVisible: 500 },
  { removed: 'empty' },
  { notVisible: 404 },
  { suspendedStatus: 7 },
  { suspendedStatus: 'Suspended' },
];

const WEIGHTED: readonly (readonly [number, Change])[] = [
  [5, add],
  [3, rename],
  [4, move],
  [2, suspend],
  [4, remove],
  [3, restore],
  [2, hide],
  [2, show],
  [1, retype],
  [1, requirk],
];
const ALL = WEIGHTED.flatMap(([weight, change]) => Array.from({ length: weight }, () => change));

/** @param serial makes new names unique. @returns what was done, in words */
export function changeUpstream(random: Random, account: Account, memory: Memory, serial: string): string[] {
  const count = random.chance(0.25) ? 0 : 1 + random.below(4);
  const done: string[] = [];
  for (let i = 0; i < count; i++) {
    try {
      const what = random.pick(ALL)(random, account, memory, `${serial}.${i}`);
      if (what !== null) done.push(what);
    } catch (error) {
      if (!(error instanceof TreeError)) throw error; // what EMA 2 would refuse does not happen
    }
  }
  return done;
}

/** How this account's upstream is from the start. */
export function startQuirks(random: Random): Partial<Quirks> {
  return {
    removed: random.pick([404, 404, 404, 403, 500, 'empty'] as const),
    notVisible: random.pick([403, 403, 500, 404] as const),
    guidCase: random.pick(['mixed', 'upper', 'lower'] as const),
    companyCasing: random.pick(['camel', 'pascal'] as const),
    userCasing: random.pick(['camel', 'pascal'] as const),
    tokenCasing: random.pick(['camel', 'pascal'] as const),
    currentCompanyKey: random.pick(['companyId', 'id'] as const),
    pageOrder: random.pick(['stable', 'page'] as const),
    totalCount: random.pick(['items', 'pages', 'absent'] as const),
    paging: random.pick(['present', 'absent'] as const),
    tokenLifetimeSeconds: random.pick([3600, 60, 2]),
    searchItems: random.pick(['ids', 'names'] as const),
  };
}

function companies(account: Account): Company[] {
  return [...account.tree.companies(account.company)];
}
