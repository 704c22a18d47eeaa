// One run of a scenario in a world of its own, with a crash at one write or with none: the operator is killed there, started
// again, and the scenario goes on to its end.

import { setTimeout as sleep } from 'node:timers/promises';
import { PASS, type Action } from '../proxy/action.ts';
import { labelOf, type ProxyRequest } from '../proxy/request.ts';
import { badDay } from '../proxy/weather.ts';
import { CrashPoint, type CrashAt, type WriteSource } from './crash-point.ts';
import { differences, fingerprintWorld, type Fingerprint } from './fingerprint.ts';
import { World, type WorldOptions } from './world.ts';

export interface Crashable {
  /**
   * Drives changes and waits for the operator to follow; after a crash the operator comes back without its doing. It sees the
   * world by what is in the API server and upstream, never by the process (`world.operator` may just be dead).
   */
  readonly scenario: (world: World, checkpoint: Checkpoint) => Promise<void>;
  /** The state that is compared. Default: account, groups and Customers (fingerprint.ts). */
  readonly fingerprint?: (world: World) => Promise<Fingerprint>;
  /** Accounts of the simulator, arguments of the operator. A tree must be given as a list, so that each run has its own. */
  readonly world?: WorldOptions;
  /** Which requests to the API server count as writes. Default: those to the operator's own kinds, so no events or leases. */
  readonly counts?: (request: ProxyRequest) => boolean;
  /** Further places that the operator writes to, such as an upstream. */
  readonly sources?: (world: World) => readonly WriteSource[];
  /** More to check at the end of each run; returns problems. */
  readonly check?: (world: World) => Promise<readonly string[]> | readonly string[];
}

/** Compares the state reached by now with that of the run without a crash, as is done at the end anyway. */
export type Checkpoint = (name: string) => Promise<void>;

/** By checkpoint. */
export type States = ReadonlyMap<string, Fingerprint>;

export interface RunResult {
  /** Up to the crash. */
  readonly writes: readonly string[];
  readonly crashed: boolean;
  readonly states: States;
  /** Empty: all is well. */
  readonly problems: readonly string[];
}

/** How long the operator may go on writing after the scenario has seen what it waits for. */
const SETTLE_MS = 5_000;
/** A sync that failed on the wire is repeated after 10 s, and may fail again. */
const SETTLE_IN_BAD_WEATHER_MS = 60_000;
/** Without a crash: nothing was written for so long. */
const QUIET_MS = 400;
const STILL_MS = 250;
const POLL_MS = 50;
const LINES_SHOWN = 25;

/** What comes from a program that is dead already. */
const LATE: Action = { do: 'halfOpen', at: 'request' };

export const toOwnKinds = ({ group, isWrite }: ProxyRequest): boolean => isWrite && group === 'mspoperator.dev';

/**
 * @param expected the states to reach; null: whatever they are
 * @param weatherSeed a bad day on the wire to the API server, from the first to the last request. A write may then be tried several
 *   times, each of which counts, so that a run need not come to the k-th; and states are waited for longer.
 */
export async function runWithCrash(
  options: Crashable,
  at: CrashAt | null,
  expected: States | null,
  weatherSeed: string | null = null,
): Promise<RunResult> {
  const { scenario, fingerprint = fingerprintWorld, counts = toOwnKinds, sources, check } = options;
  const proxy = weatherSeed === null ? options.world?.proxy : badDay(weatherSeed);
  const world = await World.create({ ...options.world, proxy: { ...proxy } });
  const point = new CrashPoint(at, () => world.operator.killNow());
  const states = new Map<string, Fingerprint>();
  const problems: string[] = [];
  const checkpoint: Checkpoint = async (name) => {
    if (states.has(name)) throw new Error(`two checkpoints "${name}"`);
    const wanted = expected?.get(name);
    if (expected !== null && wanted === undefined) throw new Error(`no checkpoint "${name}" without a crash`);
    const patience = weatherSeed === null ? SETTLE_MS : SETTLE_IN_BAD_WEATHER_MS;
    const state = await settle(() => fingerprint(world), wanted ?? null, patience);
    states.set(name, state);
    problems.push(...differences(wanted ?? state, state).map((difference) => `${name}: ${difference}`));
  };
  let crashed = false;
  try {
    const rules = proxy?.rules ?? [];
    world.proxy.setRules([
      (request) => {
        const fate = counts(request) ? point.decide(labelOf(request)) : point.isDead ? LATE : PASS;
        // What may pass meets the weather, if there is any.
        return fate.do === 'pass' && fate.tell === undefined ? null : fate;
      },
      ...rules,
    ]);
    for (const source of sources?.(world) ?? []) source.onWrite((write) => point.decide(write));

    const revived = point.crashed.then(async () => {
      await world.stopOperator('kill');
      point.retire();
      await world.startOperator();
    });
    // A restart that fails ends the run; one that succeeds leaves it to the scenario.
    const failed = new Promise<never>((_, reject) => void revived.catch(reject));
    await Promise.race([scenario(world, checkpoint), failed]);
    crashed = at !== null && (await soon(point.crashed));
    if (crashed) await revived;
    else await quiet(point);

    await checkpoint('the end');
    problems.push(...((await check?.(world)) ?? []));
    if (at !== null && !crashed && weatherSeed === null)
      problems.push(`there was no ${at.write}th write: ${point.writes.length} in all`);
  } catch (error) {
    problems.push(await explain(world, error));
  }
  point.retire();
  try {
    await world.end();
  } catch (error) {
    problems.push(String(error));
  }
  return { writes: [...point.writes], crashed, states, problems };
}

/** Until the state is the expected one, but no longer than that; where none is expected, until it stands still. */
async function settle(
  read: () => Promise<Fingerprint>,
  expected: Fingerprint | null,
  patienceMs: number,
): Promise<Fingerprint> {
  const deadline = Date.now() + patienceMs;
  let wanted = expected;
  for (;;) {
    const state = await read();
    if ((wanted !== null && differences(wanted, state).length === 0) || Date.now() > deadline) return state;
    if (expected === null) wanted = state;
    await sleep(expected === null ? STILL_MS : POLL_MS);
  }
}

/** The scenario may see the last write before the proxy has passed its answer. */
function soon(event: Promise<void>): Promise<boolean> {
  return Promise.race([event.then(() => true), sleep(2_000, false)]);
}

async function quiet(point: CrashPoint): Promise<void> {
  for (let seen = -1; seen !== point.writes.length;) {
    seen = point.writes.length;
    await sleep(QUIET_MS);
  }
}

async function explain(world: World, error: unknown): Promise<string> {
  const requests = world.proxy
    .log()
    .slice(-LINES_SHOWN)
    .map(({ atMs, request, action, status }) => `  ${atMs} ms ${request}: ${action}, ${status ?? 'no answer'}`);
  const log = await world.operator.log().catch(() => '(the operator does not run)');
  const lines = log.trimEnd().split('\n').slice(-LINES_SHOWN);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [text, 'the last requests:', ...requests, 'the last lines of the operator:', ...lines].join('\n');
}
