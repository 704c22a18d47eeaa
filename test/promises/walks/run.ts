// Runs walks, stage by stage, and says what they did: the walks of a stage share one operator, each with an account of its own.

import type { WorldOptions } from '../../harness/world.ts';
import { Stage } from './stage.ts';
import { Walk } from './walk.ts';

export interface Totals {
  readonly failures: readonly string[];
  /** What happened, so that a reader sees that the walks are not idle. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface Options {
  /** Of each walk. */
  readonly rounds: number;
  /** Walks of a stage. */
  readonly size: number;
  /** Stages at the same time. */
  readonly parallel: number;
  readonly world?: WorldOptions;
  /** A bad day on the wire between the operator and the API server, too. */
  readonly weatherSeed?: string;
  /** The command that runs one walk alone. */
  readonly replay: (seed: string) => string;
  readonly progress: (line: string) => void;
}

export async function runWalks(seeds: readonly string[], options: Options): Promise<Totals> {
  const { rounds, size, parallel, world, weatherSeed, replay, progress } = options;
  const stages = Array.from({ length: Math.ceil(seeds.length / size) }, (_, i) =>
    seeds.slice(i * size, (i + 1) * size),
  );
  const counts = new Map<string, number>();
  const add = (what: string, n: number): unknown => counts.set(what, (counts.get(what) ?? 0) + n);
  const failures: string[] = [];
  const queue = stages.entries();
  const worker = async (): Promise<void> => {
    for (const [index, some] of queue) {
      const started = performance.now();
      const stage = await Stage.start(some, world, weatherSeed);
      const walks = some.map((seed, slot) => new Walk(stage, slot, seed));
      try {
        await Promise.all(walks.map((walk) => walk.run(rounds)));
      } finally {
        await stage.end();
      }
      for (const walk of walks) for (const [what, n] of walk.counts) add(what, n);
      add('deaths of the operator', stage.deaths);
      for (const what of stage.struck) add(`wire: ${what}`, 1);
      const failed = walks.filter(({ problems }) => problems.length > 0);
      const reports = failed.map((walk) => walk.report(replay(walk.seed)));
      failures.push(...reports);
      // At once: whatever ends the run early, they are told.
      for (const report of reports) progress(report);
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      progress(`stage ${index + 1}/${stages.length}: ${some.length} walks, ${failed.length} failed, ${seconds} s`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return { failures, counts };
}
