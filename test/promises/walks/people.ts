// What people do between two syncs: they edit the setup of customers, delete children, approve what is held, change or lose the
// Secret, let time pass, and end the operator. The admission policy is not installed: whoever deletes a linked child may.

import { isNotFound, isConflict } from '../../../operator/runtime/errors.ts';
import { SECRETS } from '../../../operator/controllers/secret.ts';
import { CUSTOMERS, MSP_ACCOUNTS } from '../../harness/fingerprint.ts';
import { PASSWORD, type Thing, type World } from '../../harness/world.ts';
import type { Random } from '../../simulator/random.ts';
import type { Account } from '../../simulator/simulator.ts';
import type { RoundFaults } from './faults.ts';
import { STATES, type Memory, type SetupMode } from './memory.ts';
import { KINDS, RESOURCES, linkedOf, type Observed } from './observe.ts';
import { nameOf, secretOf, usernameOf, type Stage } from './stage.ts';

const HOUR = 3_600_000;

interface Surroundings {
  readonly stage: Stage;
  readonly slot: number;
  readonly random: Random;
  readonly memory: Memory;
  readonly upstream: Account;
  readonly faults: RoundFaults;
}

export class People {
  readonly #at: Surroundings;
  readonly #world: World;
  #secret: 'good' | 'wrong' | 'missing' = 'good';
  /** Customers touched in this round: a second edit could hide what the first led to. */
  readonly #touched = new Set<string>();
  /** Children deleted in this round. */
  deletions = 0;

  constructor(surroundings: Surroundings) {
    this.#at = surroundings;
    this.#world = surroundings.stage.world;
  }

  get loginIsGood(): boolean {
    return this.#secret === 'good';
  }

  /** @param seen the objects as they were after the last sync. @returns what was done, in words */
  async act(seen: Observed): Promise<string[]> {
    const { random } = this.#at;
    this.#touched.clear();
    this.deletions = 0;
    if (this.#secret !== 'good') return [await this.mend()];
    const done: string[] = [];
    const count = random.below(3);
    for (let i = 0; i < count; i++) {
      const what = await random.pick(this.#ways)(seen);
      if (what !== null) done.push(what);
    }
    return done;
  }

  /** The Secret holds the login that upstream knows. */
  async mend(): Promise<string> {
    await this.#writeSecret(this.#at.upstream.password);
    this.#secret = 'good';
    return 'the Secret is as it should be';
  }

  /** Releases what is held, if anything is. */
  approve = async (seen: Observed): Promise<string | null> => {
    const hash = seen.account.status?.sync?.planHash as string | undefined;
    if (hash === undefined) return null;
    const { memory } = this.#at;
    memory.approved.clear();
    for (const [id, group] of [...seen.groups, ...seen.customers]) {
      if (linkedOf(group) === 'Unknown/UnlinkHeld') memory.approved.add(id);
    }
    await this.#annotate('approve-unlink', hash);
    return `approve ${hash}`;
  };

  readonly #setup = async ({ customers }: Observed): Promise<string | null> => {
    const { random, memory } = this.#at;
    const customer = this.#untouched(customers);
    if (customer === null || customer[1].status?.displayName === undefined) return null;
    const [id, { metadata }] = customer;
    const mode = random.pick(['Pending', 'Skip', 'Configured', null] as const);
    const patch = { spec: { setup: mode === null ? null : { mode } } };
    await this.#world.admin.patch(CUSTOMERS, this.#key(metadata.name), patch);
    memory.setups.set(id, { mode, states: statesAfter(mode, memory.setupOf(id).states), lostAt: null });
    return `setup of ${id}: ${mode}`;
  };

  readonly #delete = async (seen: Observed): Promise<string | null> => {
    const { random, memory, stage } = this.#at;
    const kind = random.pick(KINDS);
    // Often one whose setup somebody has decided: that is what could get lost.
    const decided = [...seen[kind]].filter(([id]) => memory.setups.has(id));
    const child = this.#untouched(decided.length > 0 && random.chance(0.6) ? new Map(decided) : seen[kind]);
    if (child === null) return null;
    const [id, object] = child;
    const { name, uid } = object.metadata;
    memory.mayGo.add(`${kind} ${id}`);
    if (kind === 'customers') {
      // A linked one comes back with the setup it had; of another nobody knows it any more.
      const was = memory.setupOf(id).states;
      const linked = linkedOf(object).startsWith('True/');
      memory.setups.set(id, {
        mode: null,
        states: linked && stage.isUp ? was : new Set([...was, 'Pending']),
        lostAt: stage.isUp ? stage.deaths : null,
      });
      memory.bereft.add(id);
    }
    try {
      await this.#world.admin.delete(RESOURCES[kind], this.#key(name), { uid });
    } catch (error) {
      if (!isNotFound(error)) throw error; // its unlinked customer was deleted, and it has gone along
    }
    this.deletions++;
    return `delete ${kind} ${id}, ${linkedOf(object)}`;
  };

  readonly #approveWrongly = async (): Promise<string> => {
    await this.#annotate('approve-unlink', '0123456789abcdef');
    return 'approve something else';
  };

  readonly #touchSecret = async (): Promise<string | null> => {
    if (this.#secret !== 'good') return null;
    const { upstream, random, faults } = this.#at;
    switch (random.pick(['touch', 'rotate', 'wrong', 'missing'] as const)) {
      case 'touch':
        await this.#writeSecret(upstream.password, { note: random.guid() });
        return 'touch the Secret';
      case 'rotate':
        // A sync of its own may use the old one in between.
        if (!faults.mayRefuse(1)) return null;
        upstream.setPassword(`${PASSWORD}-${random.below(1000)}`);
        upstream.revokeTokens();
        await this.#writeSecret(upstream.password);
        return 'another password, upstream and in the Secret';
      case 'wrong':
        // Once because it changed, once because a sync is asked for.
        if (!faults.mayRefuse(2)) return null;
        await this.#writeSecret(`${PASSWORD}-wrong`);
        this.#secret = 'wrong';
        return 'a wrong password in the Secret';
      case 'missing':
        await this.#world.admin.delete(SECRETS, this.#key(secretOf(this.#at.slot)));
        this.#secret = 'missing';
        return 'delete the Secret';
    }
  };

  /** What was AbsentOnce has been so for more than an hour. */
  readonly #anHour = async (seen: Observed): Promise<string> => {
    const ids = await this.#age(seen, HOUR + 60_000, (linked) => linked === 'Unknown/AbsentOnce');
    for (const id of ids) this.#at.memory.proven.add(id);
    return `an hour passes for ${ids.size} companies`;
  };

  /** What was unlinked has been so for more than 24 hours. */
  readonly #aDay = async (seen: Observed): Promise<string> => {
    const ids = await this.#age(seen, 25 * HOUR, (linked) => linked.startsWith('False/'));
    for (const id of ids) this.#at.memory.recent.delete(id);
    return `a day passes for ${ids.size} companies`;
  };

  readonly #die = async (): Promise<string> => {
    const { random, stage } = this.#at;
    const how = random.pick(['kill', 'kill', 'stop'] as const);
    const afterMs = random.below(400);
    stage.die(how, afterMs);
    return `${how} the operator in ${afterMs} ms`;
  };

  readonly #ways = [
    ...repeated(3, this.#setup),
    ...repeated(2, this.#delete),
    ...repeated(2, this.approve),
    ...repeated(2, this.#anHour),
    this.#aDay,
    this.#approveWrongly,
    this.#touchSecret,
    this.#die,
  ];

  /** Moves the time of Linked back. @returns the companies of which all such objects were moved */
  async #age(seen: Observed, byMs: number, which: (linked: string) => boolean): Promise<Set<string>> {
    const moved = new Set<string>();
    const failed = new Set<string>();
    for (const kind of KINDS) {
      for (const [id, object] of seen[kind]) {
        if (!which(linkedOf(object))) continue;
        const { name, resourceVersion } = object.metadata;
        const conditions = (object.status.conditions as { type: string; lastTransitionTime: string }[]).map((each) =>
          each.type === 'Linked' ? { ...each, lastTransitionTime: earlier(each.lastTransitionTime, byMs) } : each,
        );
        const patch = { metadata: { resourceVersion }, status: { conditions } };
        try {
          await this.#world.admin.patch(RESOURCES[kind], this.#key(name), patch, { subresource: 'status' });
          moved.add(id);
        } catch (error) {
          if (isConflict(error)) failed.add(id);
          else if (!isNotFound(error)) throw error;
        }
      }
    }
    for (const id of failed) moved.delete(id);
    return moved;
  }

  #untouched(things: ReadonlyMap<string, Thing>): readonly [string, Thing] | null {
    const left = [...things].filter(([id]) => !this.#touched.has(id));
    if (left.length === 0) return null;
    const chosen = this.#at.random.pick(left);
    this.#touched.add(chosen[0]);
    return chosen;
  }

  async #annotate(annotation: string, value: string): Promise<void> {
    const patch = { metadata: { annotations: { [`mspoperator.dev/${annotation}`]: value } } };
    await this.#world.admin.patch(MSP_ACCOUNTS, this.#key(nameOf(this.#at.slot)), patch);
  }

  async #writeSecret(password: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { admin, namespace } = this.#world;
    const name = secretOf(this.#at.slot);
    const stringData = { username: usernameOf(this.#at.slot), password, ...more };
    try {
      await admin.patch(SECRETS, { namespace, name }, { stringData });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await admin.create(SECRETS, namespace, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace, name },
        stringData,
      });
    }
  }

  #key(name: string): { namespace: string; name: string } {
    return { namespace: this.#world.namespace, name };
  }
}

function repeated<T>(times: number, item: T): T[] {
  return Array.from({ length: times }, () => item);
}

/** A result of the setup stays when the wish is taken back. */
function statesAfter(mode: SetupMode | null, before: ReadonlySet<string>): ReadonlySet<string> {
  return mode === null ? before : new Set([STATES[mode]]);
}

function earlier(time: string, byMs: number): string {
  return new Date(Date.parse(time) - byMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
