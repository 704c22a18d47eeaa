// The crash harness (promise 6): a scenario is run once without a crash, which tells its writes and its end state; then once for
// each of these writes with the operator killed there. Every run must reach the same states.

import { Random } from '../simulator/random.ts';
import type { CrashAt, Variant } from './crash-point.ts';
import { runWithCrash, type Crashable, type States } from './crash-run.ts';

export type { CrashAt, Fate, Variant, WriteSource } from './crash-point.ts';
export type { Checkpoint, Crashable } from './crash-run.ts';

export interface CrashOptions extends Crashable {
  /** Default: both. */
  readonly variants?: readonly Variant[];
  /** At most so many crashes, chosen by the seed. Default: all. */
  readonly budget?: { readonly crashes: number; readonly seed: string | number };
  /** Each crash, and the way back, in bad weather on the wire to the API server; the run without a crash has none. */
  readonly weatherSeed?: string;
  /** Only these: to reproduce one. */
  readonly only?: readonly CrashAt[];
  /** Worlds at a time. Default: 2; each is two processes. */
  readonly parallel?: number;
  /** Told of each finished run. */
  readonly progress?: (line: string) => void;
}

export interface CrashReport {
  /** The writes of the run without a crash, in order. */
  readonly writes: readonly string[];
  readonly crashes: number;
  readonly states: States;
  readonly seconds: number;
}

/** So many are told in full; a defect tends to show at many writes. */
const FAILURES_SHOWN = 5;

/** Rejects with what differed, run by run, if any run ended otherwise than the one without a crash. */
export async function crashAtEveryWrite(options: CrashOptions): Promise<CrashReport> {
  const started = performance.now();
  const { variants = ['afterSend', 'afterAnswer'], budget, weatherSeed, only, parallel = 2, progress } = options;
  const reference = await runWithCrash(options, null, null);
  if (reference.problems.length > 0) throw new Error(`without a crash:\n${reference.problems.join('\n')}`);
  const { writes, states } = reference;
  if (writes.length === 0) throw new Error('the scenario makes the operator write nothing');

  const all = writes.flatMap((_, i) => variants.map((variant) => ({ write: i + 1, variant })));
  const crashes = only ?? (budget === undefined ? all : sample(all, budget.crashes, budget.seed));
  const failures: string[] = [];
  let crashed = 0;
  const queue = crashes.values();
  const worker = async (): Promise<void> => {
    for (const at of queue) {
      const weather = weatherSeed === undefined ? null : `${weatherSeed} ${at.variant} ${at.write}`;
      const result = await runWithCrash(options, at, states, weather);
      if (result.crashed) crashed++;
      const name = `${at.variant} ${at.write}/${writes.length} (${result.writes[at.write - 1] ?? 'not reached'})`;
      progress?.(`${name}: ${result.problems.length === 0 ? 'ok' : 'FAILED'}`);
      if (result.problems.length > 0) failures.push(`killed ${name}:\n${result.problems.join('\n')}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  if (failures.length > 0) {
    const seed = budget === undefined ? '' : `, seed ${budget.seed}`;
    const shown = failures.slice(0, FAILURES_SHOWN).join('\n\n');
    throw new Error(`${failures.length} of ${crashes.length} crashes ended otherwise${seed}:\n\n${shown}`);
  }
  return { writes, crashes: crashed, states, seconds: (performance.now() - started) / 1000 };
}

function sample<T>(items: readonly T[], n: number, seed: string | number): T[] {
  const random = new Random(seed);
  const left = [...items];
  const chosen: T[] = [];
  while (left.length > 0 && chosen.length < n) chosen.push(...left.splice(random.below(left.length), 1));
  return chosen;
}
