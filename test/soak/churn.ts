// Endless work for one operator: accounts whose upstream changes and fails all the time, and guests that come with a Secret and an
// instance and go again. What piles up by itself is cleared away as people do, so that what the operator must know stays as much.

import { setTimeout as sleep } from 'node:timers/promises';
import { isNotFound } from '../../operator/runtime/errors.ts';
import { CUSTOMERS, MSP_ACCOUNTS } from '../harness/fingerprint.ts';
import { PASSWORD, conditionOf, type Thing, type World } from '../harness/world.ts';
import { changeUpstream, startQuirks } from '../promises/walks/changes.ts';
import { RoundFaults } from '../promises/walks/faults.ts';
import { Memory } from '../promises/walks/memory.ts';
import { KINDS, RESOURCES, isUnlinked, observe, type Observed } from '../promises/walks/observe.ts';
import { truthOf } from '../promises/walks/truth.ts';
import { unmirrored } from '../promises/walks/truthful.ts';
import { Random } from '../simulator/random.ts';
import type { AccountOptions } from '../simulator/simulator.ts';

const GUEST = 'guest@msp.example';
/** A fault may hang for half a minute; the next round need not wait for it. */
const ROUND_MS = 10_000;
const PEACE_MS = 120_000;
const POLL_MS = 50;

export function upstreams(accounts: number, seed: string): AccountOptions[] {
  const common = { password: PASSWORD, shape: 'msp-manager' as const };
  const own = Array.from({ length: accounts }, (_, slot) => ({
    ...common,
    username: usernameOf(slot),
    seed: `${seed} ${slot}`,
    companies: 30,
    quirks: startQuirks(new Random(`soak ${seed} ${slot}`)),
  }));
  const services = ['EMA2', 'EBA'] as const;
  return [...own, { ...common, username: GUEST, seed, companies: 5, services, lifecycle: { services } }];
}

const usernameOf = (slot: number): string => `soak-${slot}@msp.example`;

/** One account, round after round. */
export class Churn {
  rounds = 0;
  readonly #world: World;
  readonly #slot: number;
  readonly #name: string;
  readonly #random: Random;
  readonly #memory = new Memory();

  constructor(world: World, slot: number, seed: string) {
    this.#world = world;
    this.#slot = slot;
    this.#name = `soak-${slot}`;
    this.#random = new Random(`churn ${seed} ${slot}`);
  }

  get #upstream() {
    return this.#world.simulator.account(usernameOf(this.#slot));
  }

  async begin(): Promise<void> {
    const { world } = { world: this.#world };
    const login = `${this.#name}-login`;
    const spec = {
      credentials: { secretRef: { name: login } },
      // Nothing is held: what is held piles up until somebody approves it.
      sync: { unlinkLimit: { percent: 100, count: 1_000_000 }, distributor: 'Allow' },
    };
    await world.apply(
      world.secret(login, { username: usernameOf(this.#slot), password: PASSWORD }),
      world.account(this.#name, spec),
    );
  }

  async run(isOver: () => boolean): Promise<void> {
    const faults = new RoundFaults(this.#world.simulator.faults, usernameOf(this.#slot), this.#random);
    while (!isOver()) {
      const round = ++this.rounds;
      changeUpstream(this.#random, this.#upstream, this.#memory, `${round}`);
      faults.begin();
      await this.#sync(`round-${round}`, isOver);
      faults.end();
      if (round % 4 === 0) await this.#clear();
    }
  }

  /** Nothing goes wrong any more: what upstream has must be there. @returns what is not, in words */
  async settle(): Promise<string[]> {
    const upstream = this.#upstream;
    upstream.setQuirks({ removed: 404 });
    for (const deadline = Date.now() + PEACE_MS; ; await sleep(500)) {
      await this.#sync(`peace-${Date.now()}`, () => false);
      const now = await observe(this.#world, this.#name);
      const open = [...notReady(now), ...unmirrored(now, truthOf(upstream))];
      if (open.length === 0 || Date.now() > deadline) return open.map((what) => `${this.#name}: ${what}`);
    }
  }

  async #sync(value: string, isOver: () => boolean): Promise<void> {
    const { admin, namespace } = this.#world;
    const key = { namespace, name: this.#name };
    const annotations = { 'mspoperator.dev/requestedAt': value };
    await admin.patch(MSP_ACCOUNTS, key, { metadata: { annotations } });
    for (const deadline = Date.now() + ROUND_MS; Date.now() < deadline && !isOver(); await sleep(POLL_MS)) {
      const { status } = (await admin.get(MSP_ACCOUNTS, key)) as unknown as Thing;
      if (status?.lastHandledRequestedAt === value) return;
    }
  }

  /** People set a customer up, and delete what is unlinked. */
  async #clear(): Promise<void> {
    const { admin, namespace } = this.#world;
    const now = await observe(this.#world, this.#name);
    const linked = [...now.customers.values()].filter((customer) => !isUnlinked(customer));
    const some = linked.length === 0 ? undefined : this.#random.pick(linked);
    const gone = (error: unknown): void => {
      if (!isNotFound(error)) throw error;
    };
    if (some !== undefined) {
      const mode = this.#random.pick(['Pending', 'Skip', 'Configured']);
      const key = { namespace, name: some.metadata.name };
      await admin.patch(CUSTOMERS, key, { spec: { setup: { mode } } }).catch(gone);
    }
    for (const kind of KINDS) {
      for (const child of now[kind].values()) {
        if (!isUnlinked(child)) continue;
        await admin.delete(RESOURCES[kind], { namespace, name: child.metadata.name }).then(() => {}, gone);
      }
    }
  }
}

function notReady({ account }: Observed): string[] {
  const ready = conditionOf(account, 'Ready');
  return ready?.status === 'True' ? [] : [`Ready is ${ready?.reason}: ${ready?.message}`];
}

/** An account with its Secret, its objects and an instance comes, works for a moment, and goes. @returns how many came */
export async function guests(world: World, isOver: () => boolean): Promise<number> {
  const token = world.simulator.account(GUEST).lifecycle.token;
  const lifecycle = { type: 'API', endpoint: world.simulator.lifecycleURL, secretRef: { name: 'lifecycle' } };
  await world.apply(world.lifecycleSecret(token));
  let guest = 0;
  while (!isOver()) {
    const name = `guest-${++guest}`;
    const spec = { services: ['EMA2', 'EBA'], credentials: { secretRef: { name } }, deletionPolicy: 'Delete' };
    await world.apply(
      world.secret(name, { username: GUEST, password: PASSWORD }),
      world.account(name, spec),
      world.instance(name, 'EMA2', { accountRef: { name }, lifecycle, deletionPolicy: 'Orphan' }),
    );
    await sleep(3_000);
    for (const kind of ['pi', 'mspa', 'secret']) {
      const { code, stderr } = await world.kubectl(['delete', kind, name, '--timeout=60s']);
      if (code !== 0) throw new Error(`a guest's ${kind} does not go: ${stderr}`);
    }
  }
  return guest;
}
