// What can happen in a walk, drawn from its seed before it begins: nothing that the operator does changes which steps come.

import type { Action } from '../../proxy/action.ts';
import type { Random } from '../../simulator/random.ts';
import type { FaultEffect, Service } from '../../simulator/simulator.ts';

/** The objects of a walk. `twin`: a second one for EMA2. `adopt`: names an instance that lives, or one that does not. */
export const ROLES = ['ema', 'eba', 'twin', 'adopt'] as const;
export type Role = (typeof ROLES)[number];

/** When the operator dies: at a write of this walk's objects, or once upstream has done what it was asked and before it answers. */
export type Death = 'now' | 'beforeWrite' | 'afterWrite' | 'afterAnswer' | 'create' | 'remove' | 'grant';

export interface Fault {
  readonly operation: 'List' | 'Create' | 'Grant' | 'Remove';
  /** All of them strike the same requests. */
  readonly effects: readonly FaultEffect[];
  readonly afterN: number;
  readonly times: number;
}

export type Step =
  | { readonly do: 'apply'; readonly roles: readonly Role[]; readonly adopts: Service; readonly exists: boolean }
  | { readonly do: 'delete'; readonly roles: readonly Role[] }
  | { readonly do: 'confirm'; readonly role: Role; readonly how: 'right' | 'wrong' | 'off' }
  | { readonly do: 'policy'; readonly role: Role; readonly policy: 'Orphan' | 'Delete' }
  | { readonly do: 'suspend'; readonly role: Role; readonly on: boolean }
  | { readonly do: 'secret'; readonly to: 'gone' | 'own' | 'other' }
  | { readonly do: 'poke'; readonly role: Role }
  | { readonly do: 'portal'; readonly act: 'create' | 'remove' | 'grant'; readonly service: Service }
  | { readonly do: 'licence'; readonly to: 'GracePeriod' | 'Suspended' | 'Deleted' | 'Active' }
  | { readonly do: 'relabel'; readonly to: Service | null | 'truth' }
  | { readonly do: 'fault'; readonly fault: Fault }
  | { readonly do: 'age' }
  | { readonly do: 'die'; readonly death: Death }
  | { readonly do: 'stale'; readonly ms: number }
  /** A confirmed removal is held up, and a person thinks better of it while the operator's cache is stale. */
  | { readonly do: 'regret'; readonly how: 'Orphan' | 'off'; readonly ms: number };

export interface Plan {
  readonly seed: string;
  /** Does the lifecycle service refuse what the contract says it refuses? */
  readonly enforce: boolean;
  /** How slowly a creation and a removal go upstream. */
  readonly reads: { readonly activates: number; readonly deletes: number };
  readonly steps: readonly { readonly step: Step; readonly pauseMs: number }[];
  /** Does nothing while the operator does not run. */
  readonly waits: boolean;
  /** Of the writes to this walk's objects, this share meets one of these. */
  readonly spoilt: number;
  /** At the end: for each role, is its removal confirmed where that is asked for? */
  readonly confirms: readonly Role[];
  readonly relabelsBack: boolean;
}

const SERVICES = ['EMA2', 'EBA'] as const;

const KINDS: readonly (readonly [number, (random: Random) => Step])[] = [
  [14, (random) => apply(random)],
  [12, (random) => ({ do: 'delete', roles: random.chance(0.3) ? ['ema', 'eba'] : [role(random)] })],
  [
    16,
    (random) => ({ do: 'confirm', role: role(random), how: random.pick(['right', 'right', 'right', 'wrong', 'off']) }),
  ],
  [5, (random) => ({ do: 'policy', role: role(random), policy: random.pick(['Orphan', 'Delete']) })],
  [4, (random) => ({ do: 'suspend', role: role(random), on: random.chance(0.5) })],
  [6, (random) => ({ do: 'secret', to: random.pick(['gone', 'other', 'own', 'own']) })],
  [4, (random) => ({ do: 'poke', role: role(random) })],
  [6, (random) => ({ do: 'portal', act: random.pick(['create', 'remove', 'grant']), service: random.pick(SERVICES) })],
  [4, (random) => ({ do: 'licence', to: random.pick(['GracePeriod', 'Suspended', 'Deleted', 'Active']) })],
  [5, (random) => ({ do: 'relabel', to: random.pick([null, 'EMA2', 'EBA', 'truth', 'truth'] as const) })],
  [14, (random) => ({ do: 'fault', fault: fault(random) })],
  [4, () => ({ do: 'age' })],
  [8, (random) => ({ do: 'die', death: random.pick(DEATHS) })],
  [3, (random) => ({ do: 'stale', ms: 300 + random.below(1_200) })],
  [
    4,
    (random) => ({
      do: 'regret',
      how: random.pick(['Orphan', 'off'] as const),
      ms: 1_500 + random.below(1_000),
    }),
  ],
];
const DEATHS = ['now', 'beforeWrite', 'afterWrite', 'afterAnswer', 'create', 'create', 'remove', 'grant'] as const;
const WEIGHT = KINDS.reduce((sum, [weight]) => sum + weight, 0);

export function planOf(seed: string, random: Random): Plan {
  const enforce = random.chance(0.5);
  const reads = { activates: 1 + random.below(2), deletes: 1 + random.below(3) };
  const steps: { step: Step; pauseMs: number }[] = [];
  const add = (step: Step, atLeastMs = 0): number =>
    steps.push({ step, pauseMs: atLeastMs + (random.chance(0.3) ? 0 : 100 + random.below(700)) });
  // Half begin in peace, with an instance that is set up; half with trouble on the way of the first create.
  const peace = random.chance(0.5);
  if (!peace && random.chance(0.6)) add({ do: 'fault', fault: fault(random) });
  if (!peace && random.chance(0.4)) add({ do: 'die', death: random.pick(DEATHS) });
  if (random.chance(0.15)) add({ do: 'portal', act: 'create', service: random.pick(SERVICES) });
  add(apply(random), peace ? 2_000 : 0);
  for (let left = 8 + random.below(9); left > 0; left--) add(draw(random));
  return {
    seed,
    enforce,
    reads,
    steps,
    waits: random.chance(0.7),
    spoilt: random.pick([0, 0, 0.1, 0.25]),
    confirms: ROLES.filter(() => random.chance(0.6)),
    relabelsBack: random.chance(0.5),
  };
}

/** Of the API server, for one write. */
export function spoil(random: () => number): Action {
  const kinds: readonly Action[] = [
    { do: 'cut', at: 'request' },
    { do: 'cut', at: 'answer' },
    { do: 'status', code: 500 },
    { do: 'status', code: 503, forward: true },
    { do: 'status', code: 429, retryAfterSeconds: 1 },
    { do: 'delay', ms: 100 + Math.floor(random() * 500) },
  ];
  return kinds[Math.floor(random() * kinds.length)] ?? { do: 'pass' };
}

function draw(random: Random): Step {
  let at = random.below(WEIGHT);
  for (const [weight, make] of KINDS) {
    if (at < weight) return make(random);
    at -= weight;
  }
  throw new Error('the weights do not add up');
}

function apply(random: Random): Step {
  const roles: readonly Role[] = random.pick([
    ['ema'],
    ['eba'],
    ['ema', 'eba'],
    ['ema', 'eba'],
    ['ema', 'twin'],
    ['adopt'],
  ] as const);
  return { do: 'apply', roles, adopts: random.pick(SERVICES), exists: random.chance(0.7) };
}

function role(random: Random): Role {
  return random.pick(['ema', 'ema', 'ema', 'eba', 'eba', 'twin', 'adopt']);
}

function fault(random: Random): Fault {
  const operation = random.pick(['List', 'List', 'Create', 'Create', 'Remove', 'Grant'] as const);
  const change: readonly (readonly FaultEffect[])[] = [
    [{ kind: 'lost-answer' }],
    [{ kind: 'lost-answer', status: 504 }],
    [{ kind: 'late', ms: 200 + random.below(900) }],
    [{ kind: 'late', ms: 200 + random.below(900), status: 502 }],
    [{ kind: 'repeat' }],
    [{ kind: 'repeat', afterMs: 100 + random.below(900) }],
    [{ kind: 'wrong-shape' }],
  ];
  const any: readonly (readonly FaultEffect[])[] = [
    [{ kind: 'status', status: 503 }],
    [{ kind: 'status', status: random.pick([500, 401, 403, 404, 409, 429]) }],
    [{ kind: 'html' }],
    [{ kind: 'empty' }],
    [{ kind: 'truncated' }],
    [{ kind: 'invalid-json' }],
    [{ kind: 'reset', when: 'middle' }],
    [{ kind: 'delay', ms: 300 + random.below(700) }, { kind: 'reset' }],
    [{ kind: 'delay', ms: 300 + random.below(700) }],
  ];
  const list: readonly (readonly FaultEffect[])[] = [
    [{ kind: 'wrong-shape', list: random.pick(['missing', 'null', 'object', 'text']) }],
    [{ kind: 'patch-rows', set: { creatingService: random.pick(['EMA2', 'EBA', 'Other']) } }],
    [{ kind: 'patch-rows', set: { state: 'Unheard' } }],
  ];
  return {
    operation,
    effects: random.pick([...(operation === 'List' ? list : change), ...any]),
    afterN: random.below(2),
    times: 1 + random.below(3),
  };
}
