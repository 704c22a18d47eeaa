// What can be made to go wrong, and for which requests: the fault book matches requests, the answer modules carry it out.

/** Which requests. Everything given must match; nothing given matches every request. */
export interface FaultMatch {
  /** The username. */
  account?: string;
  /** As in the reference, any case: "Company/Children"; of the lifecycle service: "Lifecycle/Create". */
  operation?: string;
  companyId?: string;
  /** Only pages that start here. */
  skip?: number;
  /** Let so many matching requests pass first. */
  afterN?: number;
  /** Then strike so many times; default: for ever. */
  times?: number;
}

export type FaultEffect =
  /** An error instead of an answer. `code`/`subCode` default to 0/0, with 503 to 99/2. */
  | {
      kind: 'status';
      status: number;
      code?: number;
      subCode?: number;
      message?: string;
      body?: 'json' | 'html' | 'empty';
      retryAfter?: number | string;
      location?: string;
    }
  /** A 200 with a login page in HTML. */
  | { kind: 'html' }
  /** Half an answer, then the connection ends; the full length declared, or chunked without an end. */
  | { kind: 'truncated'; framing?: 'length' | 'chunked' }
  /** A complete answer whose JSON stops in the middle. */
  | { kind: 'invalid-json' }
  /** Valid JSON without the list or object that belongs there; or the list as null, object or text. */
  | { kind: 'wrong-shape'; list?: 'missing' | 'null' | 'object' | 'text' }
  /** A 200 without a body. */
  | { kind: 'empty' }
  /** Takes the request and never answers. */
  | { kind: 'hang' }
  /** Status and headers at once, then the body in drips. */
  | { kind: 'slow'; bytes?: number; everyMs?: number }
  /** The right answer, later. Goes together with every other kind. */
  | { kind: 'delay'; ms: number }
  /** Valid JSON of so many megabytes, streamed. */
  | { kind: 'huge'; megabytes: number }
  /** TCP reset: before the answer or in the middle of it. */
  | { kind: 'reset'; when?: 'before' | 'middle' }
  /** So many rows are passed over; the page is filled up with the next ones (`refill`, default) or comes short. */
  | { kind: 'drop-rows'; rows: number; refill?: boolean }
  /** Each page begins with so many rows of the one before (`overlap`, default; nothing is lost), or repeats rows at its end. */
  | { kind: 'duplicate-rows'; rows: number; mode?: 'overlap' | 'append' }
  /** Overwrites fields of the first `rows` rows (default all) of a page, or of the whole object; undefined JSON is `null`. */
  | { kind: 'patch-rows'; rows?: number; set: Record<string, unknown> }
  /** Every page is full, whatever `skip`: the list never ends. */
  | { kind: 'endless' }
  /** `__proto__`, `constructor` and `prototype` as keys of the answer and of every row. */
  | { kind: 'proto' }
  /** Carried out, but the answer never arrives: a TCP reset, or the `status` of a gateway. */
  | { kind: 'lost-answer'; status?: number }
  /** The client is cut off at once in the same way; carried out only so much later, whatever it does meanwhile. */
  | { kind: 'late'; ms: number; status?: number }
  /** Carried out twice, as by a middlebox that tries again: at once (the second answer is sent), or `afterMs` later. */
  | { kind: 'repeat'; afterMs?: number };

export type FaultKind = FaultEffect['kind'];
export type Fault = FaultMatch & FaultEffect;

export interface FaultState {
  id: number;
  fault: Fault;
  /** Requests that matched, and those of them that were struck. */
  seen: number;
  hits: number;
}

/** What the fault book needs to know of a request. */
export interface FaultTarget {
  account: string | undefined;
  operation: string;
  companyId: string | undefined;
  skip: number | undefined;
}

export class FaultBook {
  readonly #faults = new Map<number, FaultState>();
  #lastId = 0;

  /** Answers an id for `remove`. */
  add(fault: Fault): number {
    const id = ++this.#lastId;
    this.#faults.set(id, { id, fault: checkFault(fault), seen: 0, hits: 0 });
    return id;
  }

  remove(id: number): boolean {
    return this.#faults.delete(id);
  }

  clear(): void {
    this.#faults.clear();
  }

  list(): FaultState[] {
    return [...this.#faults.values()].map((state) => ({ ...state, fault: { ...state.fault } }));
  }

  hits(id: number): number {
    return this.#faults.get(id)?.hits ?? 0;
  }

  /** The faults that strike this request, in the order in which they were added. Counts. */
  strike(target: FaultTarget): readonly FaultEffect[] {
    if (this.#faults.size === 0) return [];
    const struck: FaultEffect[] = [];
    for (const state of this.#faults.values()) {
      if (!matches(state.fault, target)) continue;
      state.seen++;
      if (state.seen <= (state.fault.afterN ?? 0)) continue;
      if (state.hits >= (state.fault.times ?? Infinity)) continue;
      state.hits++;
      struck.push(state.fault);
    }
    return struck;
  }
}

function matches(fault: FaultMatch, target: FaultTarget): boolean {
  return (
    (fault.account === undefined || fault.account === target.account) &&
    (fault.operation === undefined || fault.operation.toLowerCase() === target.operation.toLowerCase()) &&
    (fault.companyId === undefined || fault.companyId.toLowerCase() === target.companyId) &&
    (fault.skip === undefined || fault.skip === target.skip)
  );
}

type Check = 'text' | 'count' | 'boolean' | 'object' | 'countOrText' | 'status' | readonly string[];

const matchFields: Readonly<Record<keyof FaultMatch, Check>> = {
  account: 'text',
  operation: 'text',
  companyId: 'text',
  skip: 'count',
  afterN: 'count',
  times: 'count',
};

/** A `!` marks a field that must be there. */
const effectFields: Readonly<Record<FaultKind, Readonly<Record<string, Check>>>> = {
  status: {
    'status!': 'status',
    code: 'count',
    subCode: 'count',
    message: 'text',
    body: ['json', 'html', 'empty'],
    retryAfter: 'countOrText',
    location: 'text',
  },
  html: {},
  truncated: { framing: ['length', 'chunked'] },
  'invalid-json': {},
  'wrong-shape': { list: ['missing', 'null', 'object', 'text'] },
  empty: {},
  hang: {},
  slow: { bytes: 'count', everyMs: 'count' },
  delay: { 'ms!': 'count' },
  huge: { 'megabytes!': 'count' },
  reset: { when: ['before', 'middle'] },
  'drop-rows': { 'rows!': 'count', refill: 'boolean' },
  'duplicate-rows': { 'rows!': 'count', mode: ['overlap', 'append'] },
  'patch-rows': { rows: 'count', 'set!': 'object' },
  endless: {},
  proto: {},
  'lost-answer': { status: 'status' },
  late: { 'ms!': 'count', status: 'status' },
  repeat: { afterMs: 'count' },
};

/** Checks a fault, also one that came over the admin port; throws a RangeError that says what is allowed. */
export function checkFault(fault: unknown): Fault {
  if (typeof fault !== 'object' || fault === null || Array.isArray(fault)) throw new RangeError('a fault is an object');
  const given = fault as Record<string, unknown>;
  const kind = given['kind'];
  const kinds = Object.keys(effectFields);
  if (typeof kind !== 'string' || !Object.hasOwn(effectFields, kind)) {
    throw new RangeError(`no fault kind ${JSON.stringify(kind)}; there are: ${kinds.join(', ')}`);
  }
  const fields: Record<string, Check> = { ...matchFields };
  for (const [field, check] of Object.entries(effectFields[kind as FaultKind])) {
    const name = field.replace('!', '');
    if (field.endsWith('!') && given[name] === undefined) throw new RangeError(`fault "${kind}" needs "${name}"`);
    fields[name] = check;
  }
  for (const [name, value] of Object.entries(given)) {
    if (name === 'kind' || value === undefined) continue;
    const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!check) throw new RangeError(`fault "${kind}" has no "${name}"; it has: ${Object.keys(fields).join(', ')}`);
    if (!passes(check, value)) throw new RangeError(`"${name}" of fault "${kind}" is not ${describe(check)}`);
  }
  return { ...(fault as Fault) };
}

function passes(check: Check, value: unknown): boolean {
  const count = typeof value === 'number' && Number.isInteger(value) && value >= 0;
  switch (check) {
    case 'text':
      return typeof value === 'string';
    case 'count':
      return count;
    case 'countOrText':
      return count || typeof value === 'string';
    case 'status':
      return count && value >= 200 && value <= 599;
    case 'boolean':
      return typeof value === 'boolean';
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === 'string' && check.includes(value);
  }
}

function describe(check: Check): string {
  switch (check) {
    case 'text':
      return 'a text';
    case 'count':
      return 'a whole number ≥ 0';
    case 'countOrText':
      return 'a whole number ≥ 0 or a text';
    case 'status':
      return 'a status from 200 to 599';
    case 'boolean':
      return 'true or false';
    case 'object':
      return 'an object';
    default:
      return `one of ${check.join(', ')}`;
  }
}
