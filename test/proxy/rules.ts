// Which action a request gets: the first rule that answers decides, else it passes. Chance is seeded by what a request is and how
// often such a one came before, not by when it came, so that a seed replays though concurrent requests arrive in another order.

import { Random } from '../simulator/random.ts';
import { PASS, type Action } from './action.ts';
import type { ProxyRequest } from './request.ts';

/** `random`: 0 ≤ x < 1, of this request and rule alone. */
export type Rule = (request: ProxyRequest, random: () => number) => Action | null | undefined;

export type Match = Partial<Omit<ProxyRequest, 'n' | 'nWrite'>> | ((request: ProxyRequest) => boolean);

export interface RuleOptions {
  /** Only the first so many that match. */
  readonly times?: number;
  /** Not the first so many that match. */
  readonly skip?: number;
  /** Only with this probability. */
  readonly chance?: number;
}

/** A rule for the requests that match; an action made anew for each may be given as a function. */
export function when(match: Match, action: Action | Rule, options: RuleOptions = {}): Rule {
  const { times = Infinity, skip = 0, chance = 1 } = options;
  let seen = 0;
  let used = 0;
  return (request, random) => {
    if (!matches(match, request) || ++seen <= skip || used >= times) return null;
    if (chance < 1 && random() >= chance) return null;
    const decided = typeof action === 'function' ? action(request, random) : action;
    if (decided) used++;
    return decided;
  };
}

/** One of these actions, by chance, for the requests that match. */
export function oneOf(match: Match, actions: readonly Action[], options: RuleOptions = {}): Rule {
  return when(match, (_, random) => actions[Math.floor(random() * actions.length)], options);
}

export class RuleBook {
  readonly #seed: string;
  readonly #seen = new Map<string, number>();
  #rules: readonly Rule[] = [];

  constructor(seed: string | number, rules: readonly Rule[] = []) {
    this.#seed = String(seed);
    this.#rules = rules;
  }

  /** From the next request on. */
  set(rules: readonly Rule[]): void {
    this.#rules = rules;
  }

  decide(request: ProxyRequest): Action {
    const { verb, group, resource, subresource, name } = request;
    // Without the namespace: a test's own has another name in each run.
    const kind = `${verb} ${group}/${resource}/${subresource} ${name}`;
    const occurrence = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, occurrence);
    for (const [index, rule] of this.#rules.entries()) {
      const random = new Random(`${this.#seed} ${index} ${kind} ${occurrence}`);
      const action = rule(request, () => random.float());
      if (action) return action;
    }
    return PASS;
  }
}

function matches(match: Match, request: ProxyRequest): boolean {
  if (typeof match === 'function') return match(request);
  return Object.entries(match).every(([field, value]) => request[field as keyof ProxyRequest] === value);
}
