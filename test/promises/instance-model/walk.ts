// One walk: its steps, then peace, in which every object must come to what the decision table says; then its end, in which
// everything can be deleted by what the messages say. What was against the promise is for audit.ts to find.

import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import type { LedgerEntry } from '../../simulator/simulator.ts';
import { auditWalk, type Evidence } from './audit.ts';
import { differs, expectedOf, waysOut } from './expect.ts';
import { accountName, usernameOf, type Group } from './group.ts';
import { Hands } from './hands.ts';
import { clock, story } from './report.ts';
import type { Exchange } from './wire.ts';
import { ROLES, type Plan } from './steps.ts';

/** In peace: to converge, and to be gone. */
const BOUND_MS = 60_000;
const POLL_MS = 100;

export class Walk {
  readonly plan: Plan;
  readonly problems: string[] = [];
  readonly #group: Group;
  readonly #slot: number;
  readonly #hands: Hands;
  /** For a failure: what was done, and when. */
  readonly #diary: string[] = [];

  constructor(group: Group, slot: number, plan: Plan) {
    this.#group = group;
    this.#slot = slot;
    this.#hands = new Hands(group, slot);
    this.plan = plan;
  }

  get account(): string {
    return accountName(this.#slot);
  }

  async run(): Promise<void> {
    for (const { step, pauseMs } of this.plan.steps) {
      this.#note(JSON.stringify(step));
      await this.#hands.take(step);
      await sleep(pauseMs);
      if (this.plan.waits) await this.#group.up();
    }
  }

  /** After everything that goes wrong has ended. */
  async converge(): Promise<void> {
    this.#hands.calm();
    await this.#hands.secret('own');
    if (this.plan.relabelsBack) this.#hands.relabel('truth');
    for (const role of ROLES) await this.#hands.poke(role);
    this.#note('peace');
    await this.#until('did not converge', async () => {
      await this.#hands.age();
      return this.#unsettled();
    });
  }

  /** Deletes everything, and does what is asked for where an object is held. */
  async finish(): Promise<void> {
    const tried = new Set<string>();
    this.#note('the end');
    await this.#until('could not be deleted', async () => {
      await this.#hands.age();
      for (const { object } of this.#hands.current()) {
        const { uid = '', name, deletionTimestamp } = object.metadata;
        if (tried.has(uid) && deletionTimestamp !== undefined) continue;
        if (deletionTimestamp === undefined) await this.#hands.delete(name);
        else if (await this.#leave(object)) tried.add(uid);
      }
      return this.#hands.current().map(({ object }) => {
        const removal = (object['status'] as { conditions?: { type: string; message: string }[] } | undefined)
          ?.conditions;
        return `${object.metadata.name} is still there: ${removal?.find(({ type }) => type === 'Removal')?.message}`;
      });
    });
  }

  /** By the ledger, the wire and the history. */
  audit(): void {
    const evidence: Evidence = {
      enforce: this.plan.enforce,
      ledger: this.#hands.upstream.ledger,
      exchanges: this.#group.wire.of(usernameOf(this.#slot)),
      objects: this.#group.history.everyOf(this.account),
      confirmed: this.#hands.confirmed,
      aged: this.#hands.aged,
      relabelled: this.#hands.relabelled,
    };
    this.problems.push(...auditWalk(evidence));
  }

  get ledger(): readonly LedgerEntry[] {
    return this.#hands.upstream.ledger;
  }

  get exchanges(): readonly Exchange[] {
    return this.#group.wire.of(usernameOf(this.#slot));
  }

  /** What held its objects, once for each object. */
  get held(): readonly string[] {
    return [...this.#group.history.everyOf(this.account).values()].flatMap((versions) => [
      ...new Set(versions.flatMap(({ view }) => view.status.conditions?.find(isHold)?.reason ?? [])),
    ]);
  }

  /** With its diary. */
  report(): string {
    const objects = this.#group.history.everyOf(this.account);
    const lines = [...this.#diary, ...story(this.ledger, this.exchanges, objects)].sort((a, b) => a.localeCompare(b));
    const kind = this.plan.enforce ? 'upstream enforces' : 'upstream lets everything through';
    return [`walk ${this.plan.seed} (${kind}):`, ...this.problems.map((each) => `  ! ${each}`), ...lines].join('\n');
  }

  /** What is not yet as the decision table says. */
  #unsettled(): string[] {
    const objects = this.#hands.current().map(({ object }) => object);
    const instances = this.#hands.upstream.instances();
    return objects
      .flatMap((object) => {
        const expected = expectedOf(object, objects, instances);
        const ways = expected.kind === 'held' ? waysOut(object) : null;
        return [differs(object, expected), typeof ways === 'string' ? ways : null];
      })
      .filter((each) => each !== null);
  }

  /** Follows what the message says. False: it is not held. */
  async #leave(object: KubeObject): Promise<boolean> {
    const { name } = object.metadata;
    const ways = waysOut(object);
    if (typeof ways === 'string') return false;
    const role = ROLES.find((each) => this.#hands.name(each) === name);
    if (ways.confirm !== null && role !== undefined && this.plan.confirms.includes(role)) {
      const { annotation, value } = ways.confirm;
      this.#hands.confirmed.add(`${object.metadata.uid} ${value}`);
      await this.#hands.patch(name, { metadata: { annotations: { [annotation]: value } } });
    } else await this.#hands.patch(name, ways.orphan);
    this.#note(`way out of ${name}: ${JSON.stringify(ways)}`);
    return true;
  }

  async #until(what: string, look: () => Promise<readonly string[]>): Promise<void> {
    const deadline = Date.now() + BOUND_MS;
    for (;;) {
      const open = await look();
      if (open.length === 0) return;
      if (Date.now() > deadline) {
        this.problems.push(...open.map((each) => `${what} in ${BOUND_MS / 1000} s: ${each}`));
        return;
      }
      await sleep(POLL_MS);
    }
  }

  #note(what: string): void {
    this.#diary.push(`${clock(Date.now())} step: ${what}`);
  }
}

const isHold = ({ type, status }: { type: string; status: string }): boolean =>
  type === 'Removal' && status === 'False';
