// What the walks of a group share: a world with one operator, an account and a login for each walk, and the operator's deaths.

import { setTimeout as sleep } from 'node:timers/promises';
import { MSP_ACCOUNTS } from '../../harness/fingerprint.ts';
import { PASSWORD, World, type Thing, type WorldOptions } from '../../harness/world.ts';
import { badDay } from '../../proxy/weather.ts';
import { Random } from '../../simulator/random.ts';
import type { AccountOptions } from '../../simulator/simulator.ts';
import { startQuirks } from './changes.ts';

/** So many companies may be unlinked within 24 hours: low, so that the walks meet the guard. */
export const LIMIT = { percent: 12, count: 3 } as const;

/** A new process lives at least so long. */
const LIFE_MS = 3_000;
/** One request that hangs, and its repeats, take 90 s; a dead operator comes back in between. */
const SYNC_MS = 200_000;
const POLL_MS = 60;

export class Stage {
  readonly world: World;
  /** The wire to the API server is bad: news of it may be late, and a sync may have to be repeated. */
  readonly hasWeather: boolean;
  /** What it met so far: `cut create`. */
  readonly struck: readonly string[];
  #bornAt = Date.now();
  #dying = false;
  #failed: unknown;
  #requested = 0;
  #deaths = 0;

  private constructor(world: World, hasWeather: boolean, struck: readonly string[]) {
    this.world = world;
    this.hasWeather = hasWeather;
    this.struck = struck;
  }

  /**
   * @param options of the world, such as a proxy between the operator and the API server
   * @param weatherSeed a bad day on the wire between the operator and the API server, from the first to the last request
   */
  static async start(
    seeds: readonly string[],
    options: WorldOptions = {},
    weatherSeed: string | null = null,
  ): Promise<Stage> {
    const accounts = seeds.map(accountOf);
    const args = ['--concurrency=32', ...(options.operator === false ? [] : (options.operator?.args ?? []))];
    const struck: string[] = [];
    const proxy =
      weatherSeed === null
        ? options.proxy
        : badDay(weatherSeed, ({ verb }, action) => struck.push(`${action.do} ${verb}`));
    const world = await World.create({
      ...options,
      ...(proxy === undefined ? {} : { proxy }),
      accounts,
      operator: { args },
    });
    const stage = new Stage(world, weatherSeed !== null, struck);
    try {
      await world.apply(world.credentialsBinding(), ...seeds.flatMap((_, slot) => stage.#things(slot)));
    } catch (error) {
      await stage.end();
      throw error;
    }
    return stage;
  }

  /** Deaths of the operator so far. */
  get deaths(): number {
    return this.#deaths;
  }

  /** False while it is about to die, dead, or has just come back. */
  get isUp(): boolean {
    return !this.#dying;
  }

  /** Ends the operator after so long and starts it again; ignored while it has just come back. */
  die(how: 'stop' | 'kill', afterMs: number): void {
    if (this.#dying || Date.now() < this.#bornAt + LIFE_MS) return;
    this.#dying = true;
    const again = async (): Promise<void> => {
      await sleep(afterMs);
      this.#deaths++;
      await this.world.stopOperator(how);
      await this.world.startOperator();
    };
    again()
      .catch((error: unknown) => {
        this.#failed = error;
      })
      .finally(() => {
        this.#dying = false;
        this.#bornAt = Date.now();
      });
  }

  /** Asks for a sync of the account and waits until it is handled, well or not. */
  async sync(slot: number): Promise<Thing> {
    const { admin, namespace } = this.world;
    const name = nameOf(slot);
    const value = `walk-${++this.#requested}`;
    const patch = { metadata: { annotations: { 'mspoperator.dev/requestedAt': value } } };
    await admin.patch(MSP_ACCOUNTS, { namespace, name }, patch);
    const deadline = Date.now() + SYNC_MS;
    for (;;) {
      if (this.#failed !== undefined) throw this.#failed;
      const account = (await admin.get(MSP_ACCOUNTS, { namespace, name })) as unknown as Thing;
      if (account.status?.lastHandledRequestedAt === value) return account;
      if (Date.now() > deadline) throw new Error(`a sync was not handled in ${SYNC_MS / 1000} s`);
      await sleep(POLL_MS);
    }
  }

  /** Checks what is left behind, as every test does, and removes it. */
  async end(): Promise<void> {
    while (this.#dying) await sleep(POLL_MS);
    await this.world.end();
  }

  #things(slot: number): object[] {
    const { world } = this;
    const spec = {
      credentials: { secretRef: { name: secretOf(slot) } },
      sync: { unlinkLimit: LIMIT, distributor: 'Allow' },
    };
    const login = { username: usernameOf(slot), password: PASSWORD };
    return [world.secret(secretOf(slot), login), world.account(nameOf(slot), spec)];
  }
}

export const nameOf = (slot: number): string => `walk-${slot}`;
export const secretOf = (slot: number): string => `login-${slot}`;
export const usernameOf = (slot: number): string => `walk-${slot}@msp.example`;

/** The upstream of a walk; one of eight has a listing of more than one page. */
function accountOf(seed: string, slot: number): AccountOptions {
  const random = new Random(`upstream ${seed}`);
  const large = random.chance(0.125);
  return {
    username: usernameOf(slot),
    password: PASSWORD,
    seed,
    shape: large ? 'flat' : random.pick(['msp-manager', 'msp-manager', 'msp', 'distributor'] as const),
    companies: large ? 105 + random.below(20) : 8 + random.below(32),
    quirks: startQuirks(random),
  };
}
