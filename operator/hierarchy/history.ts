// For tests only: random histories of an account. Each step is what upstream shows and answers at one sync, what people
// do, and where the operator is killed.

import fc from 'fast-check';
import type { World } from './apply-model.ts';
import { GAP, HOUR, company, gapOf, guid } from './fixtures.ts';
import { childName } from './names.ts';
import type { ExistingCustomer, SetupMode } from './objects.ts';
import type { Company, CompanyStatus, CompanyType, Confirmation, Snapshot } from './snapshot.ts';

/** How many companies a history knows; 0 is the root. */
export const COMPANIES = 14;

interface OneCompany {
  readonly shown: boolean;
  readonly parent: number;
  readonly type: CompanyType;
  readonly name: string;
  readonly status: CompanyStatus;
  readonly answer: Confirmation | undefined;
}

export interface Step {
  /** Upstream shows and answers what it did in the step before. */
  readonly same: boolean;
  /** ms since the step before. */
  readonly after: number;
  /** Companies that could not be listed to the end; `null`: the account itself. Empty: a complete snapshot. */
  readonly gaps: readonly (number | null)[];
  readonly upperCase: boolean;
  /** Detail of the login's own company answers. */
  readonly ownAnswers: boolean;
  readonly companies: readonly OneCompany[];
  readonly newCustomers: 'Pending' | 'Skip';
  readonly approve: boolean;
  /** A company of which a second group and Customer turn up before the sync. */
  readonly twin: number | null;
}

export interface History {
  readonly people: readonly { readonly n: number; readonly mode: SetupMode | null; readonly copied: number | null }[];
  readonly limit: { readonly percent: number; readonly count: number };
  readonly steps: readonly Step[];
}

const number = fc.nat({ max: COMPANIES - 1 });

const oneCompany: fc.Arbitrary<OneCompany> = fc.record({
  shown: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.boolean()),
  // Mostly a stable place; sometimes below anyone, which makes orphans and cycles.
  parent: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, number),
  type: fc.oneof(
    { weight: 4, arbitrary: fc.constant('Customer' as const) },
    fc.constantFrom('MSP' as const, 'Division' as const),
  ),
  name: fc.constantFrom('Same', 'Same', 'Ač, "b"', '中文', '', 'a\u202e\n\u001b[31mb', 'x'.repeat(400)),
  status: fc.constantFrom('Active' as const, 'Suspended' as const, 'Unknown' as const),
  answer: fc.constantFrom(
    'Gone' as const,
    'Gone' as const,
    'NotVisible' as const,
    'NotVisible' as const,
    'Present' as const,
    'NoAnswer' as const,
    undefined,
  ),
});

const step: fc.Arbitrary<Step> = fc.record({
  same: fc.boolean(),
  after: fc.constantFrom(1000, 90_000, HOUR / 2, HOUR, 5 * HOUR, 25 * HOUR),
  gaps: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.array(number, { minLength: 1, maxLength: 3 }) },
    fc.constant([null]),
  ),
  upperCase: fc.boolean(),
  ownAnswers: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, fc.constant(false)),
  companies: fc.array(oneCompany, { minLength: COMPANIES, maxLength: COMPANIES }),
  newCustomers: fc.constantFrom('Pending' as const, 'Pending' as const, 'Skip' as const),
  approve: fc.boolean(),
  twin: fc.option(number, { freq: 4 }),
});

export const history: fc.Arbitrary<History> = fc.record({
  people: fc.uniqueArray(
    fc.record({
      n: number,
      mode: fc.constantFrom(null, 'Pending' as const, 'Skip' as const, 'Configured' as const),
      copied: fc.option(number),
    }),
    { maxLength: 3, selector: ({ n }) => n },
  ),
  limit: fc.record({ percent: fc.constantFrom(0, 10, 30, 100), count: fc.constantFrom(0, 2, 50) }),
  steps: fc.array(step, { minLength: 1, maxLength: 8 }).map(repeated),
});

function repeated(steps: readonly Step[]): Step[] {
  const told: Step[] = [];
  for (const one of steps) {
    const { companies } = (one.same && told.at(-1)) || one;
    told.push({ ...one, companies });
  }
  return told;
}

/** What upstream shows in a step. */
export function snapshotOf({ companies, gaps, upperCase }: Step): Snapshot {
  const spell = (id: string): string => (upperCase ? id.toUpperCase() : id);
  const shown = companies.flatMap((one, n): Company[] => {
    if (n !== 0 && !one.shown) return [];
    const { type, name, status } = one;
    const plain = company(n, n === 0 ? null : one.parent, n === 0 ? 'MSP' : type, { name, status });
    return [{ ...plain, id: spell(plain.id), parentID: plain.parentID && spell(plain.parentID) }];
  });
  const [root] = shown;
  if (!root) throw new Error('the root is always shown');
  const missing = gaps.map((n) => (n === null ? GAP : gapOf(n, spell)));
  return { root, companies: shown, gaps: missing, customIdentifiers: new Map() };
}

export function answersOf({ companies, ownAnswers }: Step): Map<string, Confirmation> {
  const own: Confirmation = ownAnswers ? 'Present' : 'NoAnswer';
  return new Map(
    companies.flatMap(({ answer }, n) => {
      const said = n === 0 ? own : answer;
      return said ? [[guid(n), said] as const] : [];
    }),
  );
}

/** Customers that people made before the first sync, some under a name that is another company's. */
export function peopleOf({ people }: History, now: number): World {
  const customers = new Map<string, ExistingCustomer>();
  for (const { n, mode, copied } of people) {
    const name = copied === null ? `people-${n}` : childName('acme', guid(copied), 'Same');
    const linked = { status: 'Unknown', reason: 'AwaitingSync', since: now } as const;
    const companyID = guid(n).toUpperCase();
    customers.set(name, { name, uid: name, companyID, createdAt: now, mode, linked, setup: null, mirror: null });
  }
  return { groups: [], customers: [...customers.values()] };
}

/** A world in which a second, younger object of each kind has turned up for company `n`. */
export function withTwin(world: World, n: number | null, now: number): World {
  if (n === null) return world;
  const twin = <T extends { name: string; uid: string; companyID: string; createdAt: number }>(
    objects: readonly T[],
  ): T[] => {
    const name = `twin-${n}-${now}`;
    const own = objects.find((object) => object.companyID.toLowerCase() === guid(n));
    return own ? [{ ...own, name, uid: name, createdAt: now }, ...objects] : [...objects];
  };
  return { groups: twin(world.groups), customers: twin(world.customers) };
}
