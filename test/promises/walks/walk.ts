// One walk: rounds of changes upstream, people's doings, faults and a sync, each followed by the checks; then peace, in which the
// account must come to mirror upstream again with no help but an approval of what is held.

import { setTimeout as sleep } from 'node:timers/promises';
import { conditionOf } from '../../harness/world.ts';
import { Random } from '../../simulator/random.ts';
import type { Account } from '../../simulator/simulator.ts';
import { changeUpstream } from './changes.ts';
import { RoundFaults, type Strikes } from './faults.ts';
import { Memory } from './memory.ts';
import { linkedOf, observe, type Observed } from './observe.ts';
import { People } from './people.ts';
import { unsafe } from './safe.ts';
import { nameOf, usernameOf, type Stage } from './stage.ts';
import { unconfirmed, unmirrored, unsaid, unsettled } from './truthful.ts';
import { truthOf, type Truth } from './truth.ts';

/** The operator restores deleted children within 5 s, and counts within 1 s. */
const SETTLE_MS = 20_000;
/** On a bad wire news may be late by a watch that hangs and its back-off; and a sync that could not write all comes again after 10 s. */
const BAD_WIRE_SETTLE_MS = 60_000;
const POLL_MS = 250;

export class Walk {
  readonly seed: string;
  readonly problems: string[] = [];
  /** What happened, so that a reader sees that the walk was not idle. */
  readonly counts = new Map<string, number>();
  readonly #stage: Stage;
  readonly #slot: number;
  readonly #random: Random;
  readonly #memory = new Memory();
  readonly #upstream: Account;
  readonly #faults: RoundFaults;
  readonly #people: People;
  readonly #settleMs: number;
  readonly #diary: string[] = [];
  #truth: Truth;
  #seen: Observed | null = null;

  constructor(stage: Stage, slot: number, seed: string) {
    const random = new Random(`walk ${seed}`);
    const upstream = stage.world.simulator.account(usernameOf(slot));
    this.seed = seed;
    this.#stage = stage;
    this.#settleMs = stage.hasWeather ? BAD_WIRE_SETTLE_MS : SETTLE_MS;
    this.#slot = slot;
    this.#random = random;
    this.#upstream = upstream;
    this.#faults = new RoundFaults(stage.world.simulator.faults, upstream.username, random);
    const memory = this.#memory;
    this.#people = new People({ stage, slot, random, memory, upstream, faults: this.#faults });
    for (const { id } of upstream.tree.companies()) memory.known.add(id);
    this.#truth = truthOf(upstream);
  }

  /** Ends with the first round that is not as it must be: what follows would only repeat it. */
  async run(rounds: number): Promise<void> {
    try {
      await this.#round(null);
      for (let round = 1; round <= rounds && this.problems.length === 0; round++) await this.#round(round);
      if (this.problems.length === 0) await this.#peace();
    } catch (error) {
      this.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      this.#faults.end();
    }
  }

  /** @param replay how to run this walk alone */
  report(replay: string): string {
    const { account } = this.#seen ?? {};
    const problems = this.problems.slice(0, 20).map((each) => `  ! ${each}`);
    const last = `  the account: ${JSON.stringify(account?.status, null, 1)}`;
    // The problems come last: a log that keeps only its end keeps them.
    return [`walk ${this.seed}`, last, ...this.#diary.slice(-8), ...problems, `  alone: ${replay}`].join('\n');
  }

  /** @param number null: the first sync, which nothing disturbs */
  async #round(number: number | null): Promise<void> {
    const before = this.#truth;
    const done: string[] = [];
    if (number !== null) done.push(...changeUpstream(this.#random, this.#upstream, this.#memory, `${number}`));
    const truth = truthOf(this.#upstream);
    this.#truth = truth;
    if (number !== null && this.#seen !== null) done.push(...(await this.#people.act(this.#seen)));
    const faults = number === null ? [] : this.#faults.begin();
    this.#diary.push(`  round ${number ?? 'first'}: ${[...done, ...faults].join('; ')}`);
    const struck = this.#stage.struck.length;
    await this.#stage.sync(this.#slot);
    const strikes = this.#faults.strikes();
    this.#faults.end();
    await this.#check(before, truth, strikes, this.#stage.struck.length > struck);
  }

  /** @param wire it was bad: a sync may not have come through, but what the account says of it is as true as ever */
  async #check(before: Truth, truth: Truth, strikes: Strikes, wire: boolean): Promise<void> {
    const { harmful, misled, detail, words } = strikes;
    const seen = this.#seen;
    const now = await this.#observe();
    const ready = conditionOf(now.account, 'Ready');
    const linked = count(now.objects.map(linkedOf));
    this.#diary.push(`    ${ready?.status} ${ready?.reason}; ${words.join(', ')}; ${linked}`);
    this.#tally(now, seen, words);

    this.#say('', unsafe({ before: seen, now, truths: [before, truth], misled }, this.#memory));
    const claims = ready?.status === 'True';
    const held =
      ready?.reason === 'UnlinkBlocked' ||
      (ready?.reason === 'UnlinkUnconfirmed' && unconfirmed(now, truth).length > 0);
    const undisturbed = harmful === 0 && this.#people.loginIsGood && !wire;
    if (undisturbed && !claims && !held)
      this.#say('nothing went wrong, but ', [`Ready is ${ready?.reason}: ${ready?.message}`]);
    if (misled || !(claims || (held && undisturbed))) return;
    // Where people deleted children, the operator may not have heard of it before it read its caches.
    const patient = this.#people.deletions > 0 || this.#stage.hasWeather;
    if (patient && !claims) return;
    const wrong = (at: Observed): string[] => [
      ...unmirrored(at, truth),
      ...(claims && !detail ? unsaid(at, truth) : []),
    ];
    if (!patient) this.#say(`Ready is ${ready?.reason}, but `, wrong(now));
    await this.#until(`Ready is ${ready?.reason}, and for ${this.#settleMs / 1000} s `, (at) => [
      ...(patient ? wrong(at) : []),
      ...unsettled(at, this.#memory),
    ]);
  }

  /** Nothing goes wrong any more; people only approve. */
  async #peace(): Promise<void> {
    this.#diary.push('  peace');
    // Of what was held it must be said at last whether it is gone: an approval does not stand in for the answer (promise 2).
    this.#upstream.setQuirks({ removed: 404 });
    this.#truth = truthOf(this.#upstream);
    this.#people.deletions = 0;
    await this.#people.mend();
    const calm: Strikes = { harmful: 0, misled: false, detail: false, words: [] };
    for (let tries = 0; tries < 2; tries++) {
      await this.#stage.sync(this.#slot);
      if (this.#stage.hasWeather) await this.#recovered();
      await this.#check(this.#truth, this.#truth, calm, false);
      if (this.#seen === null || (await this.#people.approve(this.#seen)) === null) break;
    }
    const ready = this.#seen === null ? undefined : conditionOf(this.#seen.account, 'Ready');
    if (ready?.status !== 'True') this.#say('in peace ', [`Ready is ${ready?.reason}: ${ready?.message}`]);
  }

  /** What the wire broke, the operator repeats on its own. */
  async #recovered(): Promise<void> {
    await this.#observe();
    await this.#until('without being asked, ', ({ account }) => {
      const ready = conditionOf(account, 'Ready');
      const done = ready?.status === 'True' || ready?.reason === 'UnlinkBlocked';
      return done ? [] : [`Ready is ${ready?.reason}: ${ready?.message}`];
    });
  }

  async #observe(): Promise<Observed> {
    const now = await observe(this.#stage.world, nameOf(this.#slot));
    this.#seen = now;
    const { memory, deaths } = { memory: this.#memory, deaths: this.#stage.deaths };
    for (const [id, setup] of memory.setups) {
      // A dead operator forgets what it was to restore, and so does one that saw the company go meanwhile.
      if (setup.lostAt === null) continue;
      const back = now.customers.has(id);
      const forgotten = !back || setup.lostAt !== deaths;
      const states = forgotten ? new Set([...setup.states, 'Pending']) : setup.states;
      memory.setups.set(id, { ...setup, states, lostAt: back ? null : setup.lostAt });
    }
    return now;
  }

  async #until(what: string, look: (now: Observed) => string[]): Promise<void> {
    const deadline = Date.now() + this.#settleMs;
    for (let now = this.#seen; now !== null; now = await this.#observe()) {
      const open = look(now);
      if (open.length === 0) return;
      if (Date.now() > deadline) return this.#say(what, open);
      await sleep(POLL_MS);
    }
  }

  #say(what: string, problems: readonly string[]): void {
    this.problems.push(...problems.map((each) => `${what}${each}`));
  }

  #tally(now: Observed, seen: Observed | null, words: readonly string[]): void {
    const add = (what: string): unknown => this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    add(`Ready ${conditionOf(now.account, 'Ready')?.reason}`);
    for (const word of words) add(`fault ${word.replace(/ ×\d+$/, '')}`);
    for (const [id, group] of now.groups) {
      const was = seen?.groups.get(id);
      if (was !== undefined && linkedOf(was) !== linkedOf(group)) add(`group ${linkedOf(was)} → ${linkedOf(group)}`);
      if (was !== undefined && was.spec.parentRef?.name !== group.spec.parentRef?.name) add('group moved');
    }
  }
}

function count(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, n]) => `${n} ${word}`).join(', ');
}
