// Many walks share one API server, one operator and one simulator, each with an account of its own. Here is what they share: the
// set-up, the death of the operator, its stale caches, and what is spoilt between it and the API server.

import { setTimeout as sleep } from 'node:timers/promises';
import { PROTECT_INSTANCES } from '../../../operator/controllers/protectinstance/instance.ts';
import { isNotFound } from '../../../operator/runtime/errors.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { World } from '../../harness/world.ts';
import type { Action } from '../../proxy/action.ts';
import type { ProxyRequest } from '../../proxy/request.ts';
import { BAD_DAY, THAW_MS, weather } from '../../proxy/weather.ts';
import { Random } from '../../simulator/random.ts';
import { History } from './history.ts';
import { spoil, type Death, type Plan } from './steps.ts';
import { Wire } from './wire.ts';

export const PASSWORD = 'c4nary-Passw0rd-9f27';
const OTHER = 'other@msp.example';
/** A new process lives at least so long. */
const LIFE_MS = 2_500;

export class Group {
  readonly world: World;
  readonly history: History;
  readonly wire: Wire;
  /** By account: how its next write goes wrong. */
  readonly #traps = new Map<string, Death>();
  readonly #spoilt: ReadonlyMap<string, number>;
  #rough = true;
  #alive = true;
  #bornAt = Date.now();
  #staleUntil = 0;
  #revived: Promise<void> = Promise.resolve();
  #failed: unknown;
  deaths = 0;
  stales = 0;
  /** What the wire to the API server met: `cut create`. */
  readonly struck: string[] = [];

  private constructor(world: World, plans: readonly Plan[], hasWeather: boolean) {
    this.world = world;
    this.history = new History(world.admin, world.namespace);
    this.wire = new Wire(world.simulator, (username, key) => this.#witness(username, key));
    this.#spoilt = new Map(plans.map(({ spoilt }, slot) => [accountName(slot), spoilt]));
    const badDay = weather(BAD_DAY, ({ verb }, action) => this.struck.push(`${action.do} ${verb}`));
    world.proxy.setRules([(request, random) => this.#decide(request, random), ...(hasWeather ? [badDay] : [])]);
  }

  /** @param weatherSeed a bad day on the whole wire to the API server, from the first to the last request */
  static async start(plans: readonly Plan[], weatherSeed: string | null = null): Promise<Group> {
    const tree = (username: string) => [
      { id: new Random(`company of ${username}`).guid(), name: username, type: 'MSP' as const },
    ];
    const accounts = plans.map(({ enforce, reads }, slot) => ({
      username: usernameOf(slot),
      password: PASSWORD,
      tree: tree(usernameOf(slot)),
      services: ['EMA2', 'EBA'] as const,
      lifecycle: {
        enforce,
        services: ['EMA2', 'EBA'] as const,
        activates: { reads: reads.activates },
        deletes: { reads: reads.deletes },
      },
    }));
    const others = { username: OTHER, password: PASSWORD, tree: tree(OTHER), services: ['EMA2', 'EBA'] as const };
    const world = await World.create({
      accounts: [...accounts, others],
      operator: { args: ['--concurrency=32'] },
      proxy: weatherSeed === null ? {} : { seed: weatherSeed, releaseEveryMs: THAW_MS },
    });
    const group = new Group(world, plans, weatherSeed !== null);
    try {
      await world.apply(world.credentialsBinding(), ...plans.flatMap((_, slot) => group.#things(slot)));
      await group.#synchronized(plans.length);
      return group;
    } catch (error) {
      await group.end();
      throw error;
    }
  }

  get otherToken(): string {
    return this.world.simulator.account(OTHER).lifecycle.token;
  }

  /** What was done to an account that is nobody's. */
  strangers(): string[] {
    const { ledger } = this.world.simulator.account(OTHER).lifecycle;
    return ledger.map(({ by, action }) => `${by} ${action} in the other company`);
  }

  /** The operator dies so, some time from now on; ignored while it is just coming back. */
  async die(slot: number, death: Death): Promise<void> {
    if (death === 'now') return this.#kill();
    if (death === 'create' || death === 'remove' || death === 'grant') {
      const { lifecycle } = this.world.simulator.account(usernameOf(slot));
      const done = lifecycle[death].bind(lifecycle) as (...args: unknown[]) => never;
      (lifecycle as unknown as Record<string, unknown>)[death] = (...args: unknown[]) => {
        const outcome = done(...args) as { kind: string };
        // Taken off again: the method of the class is underneath.
        Reflect.deleteProperty(lifecycle, death);
        if (outcome.kind === 'done') this.#kill();
        return outcome;
      };
      return undefined;
    }
    this.#traps.set(accountName(slot), death);
    return undefined;
  }

  /** For so long, or longer, the operator's caches of instances see nothing; then their watches break off. */
  stale(ms: number): void {
    if (!this.#alive) return;
    this.stales++;
    const { proxy } = this.world;
    const watches = () => proxy.exchanges(({ isWatch, resource }) => isWatch && resource === 'protectinstances');
    for (const watch of watches()) watch.stall();
    this.#staleUntil = Math.max(this.#staleUntil, Date.now() + ms);
    setTimeout(() => {
      if (Date.now() < this.#staleUntil) return;
      for (const watch of watches()) watch.cut();
    }, ms + 5);
  }

  /** When the operator runs again. */
  up(): Promise<void> {
    return this.#revived;
  }

  /** From now on nothing goes wrong any more; the operator runs. */
  async calm(): Promise<void> {
    this.#rough = false;
    this.#traps.clear();
    await this.#revived;
    if (this.#failed !== undefined) throw this.#failed;
  }

  async end(): Promise<void> {
    await this.history.stop();
    await this.world.end();
  }

  #kill(): void {
    if (!this.#alive || !this.#rough || Date.now() - this.#bornAt < LIFE_MS) return;
    this.#alive = false;
    this.deaths++;
    this.world.operator.killNow();
    this.#revived = this.#revive().catch((error: unknown) => {
      this.#failed ??= error;
    });
  }

  async #revive(): Promise<void> {
    await this.world.stopOperator('kill');
    await this.world.startOperator();
    this.#bornAt = Date.now();
    this.#alive = true;
  }

  #decide(request: ProxyRequest, random: () => number): Action | null {
    const { isWrite, resource, name } = request;
    if (!this.#rough || !isWrite || resource !== 'protectinstances') return null;
    const account = name.split('-')[0] ?? '';
    const trap = this.#alive && Date.now() - this.#bornAt >= LIFE_MS ? this.#traps.get(account) : undefined;
    if (trap !== undefined) {
      this.#traps.delete(account);
      const tell = (): void => this.#kill();
      if (trap === 'afterAnswer') return { do: 'pass', tell };
      return { do: 'halfOpen', at: trap === 'beforeWrite' ? 'request' : 'answer', tell };
    }
    return random() < (this.#spoilt.get(account) ?? 0) ? spoil(random) : null;
  }

  async #witness(username: string, key: string | null): Promise<readonly KubeObject[]> {
    if (key !== null) await this.history.known(key);
    const account = username.split('@')[0] ?? '';
    const names = new Set(this.history.currentOf(account).map(({ object }) => object.metadata.name));
    const objects = [...names].map((name) =>
      this.world.admin.get(PROTECT_INSTANCES, { namespace: this.world.namespace, name }).catch((error: unknown) => {
        if (isNotFound(error)) return null;
        throw error;
      }),
    );
    return (await Promise.all(objects)).filter((object) => object !== null);
  }

  #things(slot: number): object[] {
    const name = accountName(slot);
    const spec = {
      services: ['EMA2', 'EBA'],
      credentials: { secretRef: { name: `${name}-login` } },
      deletionPolicy: 'Delete',
    };
    return [
      this.world.secret(`${name}-login`, { username: usernameOf(slot), password: PASSWORD }),
      this.tokenSecret(slot),
      this.world.account(name, spec),
    ];
  }

  tokenSecret(slot: number, token = this.world.simulator.account(usernameOf(slot)).lifecycle.token): object {
    return this.world.secret(`${accountName(slot)}-token`, { token });
  }

  async #synchronized(accounts: number): Promise<void> {
    for (const deadline = Date.now() + 60_000; ; await sleep(200)) {
      const things = await this.world.list('mspa');
      if (things.filter(({ status }) => status?.company?.id !== undefined).length === accounts) return;
      if (Date.now() > deadline)
        throw new Error(`the accounts did not become ready:\n${JSON.stringify(things, null, 1)}`);
    }
  }
}

export function accountName(slot: number): string {
  return `w${slot}`;
}

export function usernameOf(slot: number): string {
  return `${accountName(slot)}@msp.example`;
}
