// Runs walks, group by group, and says what it did: the walks of a group share a world and are at the same point of their life.

import { Random } from '../../simulator/random.ts';
import { Group } from './group.ts';
import { planOf } from './steps.ts';
import { Walk } from './walk.ts';

export interface Totals {
  readonly walks: number;
  readonly failures: readonly string[];
  /** What happened, so that a reader sees that the walks are not idle. */
  readonly counts: ReadonlyMap<string, number>;
}

/** @param parallel groups at the same time: while one waits the other works */
export async function runWalks(
  seeds: readonly string[],
  {
    size,
    parallel,
    weatherSeed = null,
    progress,
  }: {
    readonly size: number;
    readonly parallel: number;
    readonly weatherSeed?: string | null;
    readonly progress: (line: string) => void;
  },
): Promise<Totals> {
  const groups = Array.from({ length: Math.ceil(seeds.length / size) }, (_, i) =>
    seeds.slice(i * size, (i + 1) * size),
  );
  const counts = new Map<string, number>();
  const failures: string[] = [];
  const queue = groups.entries();
  const worker = async (): Promise<void> => {
    for (const [index, group] of queue) {
      const started = performance.now();
      const failed = await runGroup(group, weatherSeed, counts, progress);
      failures.push(...failed);
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      progress(`group ${index + 1}/${groups.length}: ${group.length} walks, ${failed.length} failed, ${seconds} s`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return { walks: seeds.length, failures, counts };
}

async function runGroup(
  seeds: readonly string[],
  weatherSeed: string | null,
  counts: Map<string, number>,
  progress: (line: string) => void,
): Promise<string[]> {
  const plans = seeds.map((seed) => planOf(seed, new Random(`walk ${seed}`)));
  const marks: string[] = [];
  let since = performance.now();
  const mark = (what: string): void => {
    marks.push(`${what} ${((performance.now() - since) / 1000).toFixed(1)} s`);
    since = performance.now();
  };
  const group = await Group.start(plans, weatherSeed);
  mark('start');
  const failures: string[] = [];
  const walks = plans.map((plan, slot) => new Walk(group, slot, plan));
  try {
    await Promise.all(walks.map((walk) => walk.run()));
    mark('steps');
    await group.calm();
    mark('calm');
    await Promise.all(walks.map((walk) => walk.converge()));
    mark('converge');
    await Promise.all(walks.map((walk) => walk.finish()));
    mark('finish');
    for (const walk of walks) {
      walk.audit();
      if (walk.problems.length > 0) failures.push(walk.report());
    }
    failures.push(...group.strangers());
    count(group, walks, counts);
  } finally {
    await group.end();
    mark('end');
    progress(marks.join(', '));
  }
  return failures;
}

function count(group: Group, walks: readonly Walk[], counts: Map<string, number>): void {
  const add = (what: string, n: number): unknown => counts.set(what, (counts.get(what) ?? 0) + n);
  add('deaths of the operator', group.deaths);
  add('stale caches', group.stales);
  for (const what of group.struck) add(`wire: ${what}`, 1);
  for (const walk of walks) {
    for (const { by, action } of walk.ledger) add(`${by} ${action}`, 1);
    for (const { operation } of walk.exchanges) add(`asked ${operation}`, 1);
    for (const reason of walk.held) add(`held ${reason}`, 1);
  }
}
