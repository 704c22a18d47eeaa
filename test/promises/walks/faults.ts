// What goes wrong between the operator and upstream in one round: every kind of fault, on every call, a limited number of times or
// as long as the round lasts. Left out is what no client could tell from the truth: a 404 of Detail for a company that is there,
// and rows of another company. `drop-rows` lies, too, but promise 2 stands up to that.

import type { Random } from '../../simulator/random.ts';
import type { Fault, FaultBook, FaultEffect, FaultKind } from '../../simulator/simulator.ts';

export const CALLS = [
  'Token/Get',
  'Token/Renew',
  'User/Current',
  'Company/Children',
  'Company/Detail',
  'Search/Companies',
] as const;
export type CallName = (typeof CALLS)[number];

/** A complete and true answer comes all the same, if later. */
const HARMLESS: ReadonlySet<FaultKind> = new Set(['delay', 'duplicate-rows', 'proto', 'repeat']);
/** Of Token/Get: refusals, and answers that may well be one (ema-api §10). */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 500]);
const UNCLEAR: ReadonlySet<FaultKind> = new Set(['html', 'invalid-json', 'wrong-shape', 'empty', 'patch-rows']);
const STATUSES = [302, 400, 401, 403, 404, 408, 429, 500, 502, 503] as const;

type Make = (random: Random, call: CallName) => FaultEffect;

const KINDS: readonly (readonly [number, Make])[] = [
  [8, status],
  [2, () => ({ kind: 'html' })],
  [2, (random) => ({ kind: 'truncated', framing: random.pick(['length', 'chunked'] as const) })],
  [2, () => ({ kind: 'invalid-json' })],
  [2, (random) => ({ kind: 'wrong-shape', list: random.pick(['missing', 'null', 'object', 'text'] as const) })],
  [2, () => ({ kind: 'empty' })],
  [2, (random) => ({ kind: 'slow', bytes: 200, everyMs: 1 + random.below(20) })],
  [2, (random) => ({ kind: 'delay', ms: random.below(300) })],
  [1, () => ({ kind: 'huge', megabytes: 9 })],
  [2, (random) => ({ kind: 'reset', when: random.pick(['before', 'middle'] as const) })],
  [4, (random) => ({ kind: 'drop-rows', rows: 1 + random.below(3), refill: random.chance(0.5) })],
  [1, (random) => ({ kind: 'duplicate-rows', rows: 2, mode: random.pick(['overlap', 'append'] as const) })],
  [3, patch],
  [1, () => ({ kind: 'endless' })],
  [1, () => ({ kind: 'proto' })],
  [1, () => ({ kind: 'lost-answer' })],
  [1, (random) => ({ kind: 'late', ms: random.below(500) })],
  [1, () => ({ kind: 'repeat' })],
];
const ALL = KINDS.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));
/** Costs half a minute each time that it strikes. */
const STUCK: readonly FaultEffect[] = [{ kind: 'hang' }, { kind: 'slow', bytes: 1, everyMs: 5_000 }];
const STUCK_CHANCE = 0.01;

function status(random: Random, call: CallName): FaultEffect {
  const statuses = STATUSES.filter((each) => !(call === 'Company/Detail' && each === 404));
  const status = random.pick(statuses);
  return {
    kind: 'status',
    status,
    body: random.pick(['json', 'html', 'empty'] as const),
    ...(random.chance(0.3) ? { retryAfter: 1 } : {}),
    ...(status === 302 ? { location: 'https://moved.example/' } : {}),
  };
}

/** Fields that do not belong there. On a listing: rows that cannot be placed. */
function patch(random: Random, call: CallName): FaultEffect {
  const set = {
    'Token/Get': { accessToken: '', AccessToken: '' },
    'Token/Renew': { accessToken: '', AccessToken: '' },
    'User/Current': { company: null, Company: null },
    'Company/Children': random.pick([
      { type: 9999, Type: 9999 },
      { publicId: 'none', PublicId: 'none' },
    ]),
    'Company/Detail': { id: null, Id: null },
    'Search/Companies': { CompanyId: 7, companyId: 7 },
  }[call];
  return { kind: 'patch-rows', rows: 1 + random.below(2), set };
}

/** What struck in a round. */
export interface Strikes {
  /** So many requests were answered otherwise than they should have been. */
  readonly harmful: number;
  /** A listing left companies out that are there, and nothing shows it. */
  readonly misled: boolean;
  readonly detail: boolean;
  readonly words: readonly string[];
}

export class RoundFaults {
  readonly #book: FaultBook;
  readonly #username: string;
  readonly #random: Random;
  #refusalsLeft = 2;
  #ids: number[] = [];

  constructor(book: FaultBook, username: string, random: Random) {
    this.#book = book;
    this.#username = username;
    this.#random = random;
  }

  /** At three refused logins within an hour the operator rightly waits (promise 10): a walk has two at most. */
  mayRefuse(times: number): boolean {
    if (this.#refusalsLeft < times) return false;
    this.#refusalsLeft -= times;
    return true;
  }

  /** @returns in words, for the diary */
  begin(): string[] {
    const random = this.#random;
    const count = random.chance(0.45) ? 0 : 1 + random.below(3);
    const faults = Array.from({ length: count }, () => this.#fault()).filter((fault) => fault !== null);
    this.#ids = faults.map((fault) => this.#book.add(fault));
    return faults.map((fault) => JSON.stringify(fault));
  }

  strikes(): Strikes {
    const struck = this.#book.list().filter(({ id, hits }) => hits > 0 && this.#ids.includes(id));
    const harmful = struck.filter(({ fault }) => !HARMLESS.has(fault.kind) && fault.operation !== 'Search/Companies');
    return {
      harmful: harmful.length,
      misled: harmful.some(({ fault }) => fault.kind === 'drop-rows' && fault.operation === 'Company/Children'),
      detail: harmful.some(({ fault }) => fault.operation === 'Company/Detail'),
      words: struck.map(({ fault, hits }) => `${fault.operation} ${fault.kind} ×${hits}`),
    };
  }

  end(): void {
    for (const id of this.#ids) this.#book.remove(id);
    this.#ids = [];
  }

  #fault(): Fault | null {
    const random = this.#random;
    const operation = random.pick(CALLS);
    const stuck = random.chance(STUCK_CHANCE);
    const effect = stuck ? random.pick(STUCK) : random.pick(ALL)(random, operation);
    const refuses =
      operation === 'Token/Get' && (effect.kind === 'status' ? REFUSALS.has(effect.status) : UNCLEAR.has(effect.kind));
    if (refuses && !this.mayRefuse(1)) return null;
    // Of Detail an error that may mean "not visible" strikes every company or none: one that is told of a single company twice in
    // an hour, while its listing drops it, cannot be told from the truth.
    const whole = operation === 'Company/Detail' && (effect.kind === 'status' || effect.kind === 'drop-rows');
    const often = stuck || refuses ? { times: 1 } : whole ? {} : this.#often();
    return { ...effect, operation, account: this.#username, ...often };
  }

  #often(): Pick<Fault, 'afterN' | 'times'> {
    const random = this.#random;
    return {
      ...(random.chance(0.4) ? { afterN: random.below(4) } : {}),
      ...(random.chance(0.7) ? { times: 1 + random.below(4) } : {}),
    };
  }
}
