// An operator under churn at high speed, for long: upstream changes and fails, the wire to the API server is bad, accounts and
// instances come and go. What it holds (heap after a collection, buffers, timers, sockets, files) must not grow; and when all is
// quiet again, the objects mirror upstream.
// MSPOPERATOR_SOAK_SECONDS: how long; 120 by default, 3,600 in `make soak`. MSPOPERATOR_SEED replays its chance.

import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startControlPlane } from '../controlplane/client.ts';
import { shipped } from '../harness/shipped.ts';
import { World } from '../harness/world.ts';
import { BAD_DAY, THAW_MS, weather } from '../proxy/weather.ts';
import { Churn, guests, upstreams } from './churn.ts';
import { HELD, NODE_OPTIONS, measure, type Held, type Sample } from './measure.ts';
import { growth } from './trend.ts';

const SECONDS = Number(env['MSPOPERATOR_SOAK_SECONDS'] ?? 120);
const SEED = env['MSPOPERATOR_SEED'] ?? randomBytes(3).toString('hex');
const ACCOUNTS = 5;
const SAMPLES = 40;
/** Caches fill, pools open, code is compiled: before the trend begins. */
const WARM_UP = 0.25;

/** By so much each may rise over the run, however long that is: what comes and goes with the work of a moment. */
const MAY_GROW: Readonly<Record<Held, number>> = {
  heapMB: 8,
  externalMB: 8,
  // Pages that V8 and the allocator keep for later, above all after answers of megabytes: it rises ever more slowly for half an hour
  // and then stands still, while the heap does not rise at all. A leak outside of the heap does not stand still.
  residentMB: 120,
  timers: 20,
  sockets: 15,
  files: 15,
};

function row(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(11)).join('');
}

function rowOf(sample: Sample): string {
  const whole = (value: number): string => value.toFixed(0);
  const { seconds, heapMB, externalMB, residentMB, timers, sockets, files, calls } = sample;
  return row([
    whole(seconds),
    heapMB.toFixed(1),
    externalMB.toFixed(1),
    ...[residentMB, timers, sockets, files, calls].map(whole),
  ]);
}

test(
  `Soak: ${SECONDS} s of churn`,
  async () => {
    const manifests = shipped('definitions', 'rights');
    await using cluster = await startControlPlane({ alwaysStart: true, controllers: [], manifests, gogc: 300 });
    let struck = 0;
    let isBad = true;
    const badDay = weather(
      BAD_DAY,
      () => struck++,
      () => isBad,
    );
    await using world = await World.create({
      cluster,
      accounts: upstreams(ACCOUNTS, SEED),
      operator: { env: { NODE_OPTIONS } },
      proxy: { seed: SEED, rules: [badDay], releaseEveryMs: THAW_MS },
    });
    await world.apply(world.credentialsBinding());
    const churns = Array.from({ length: ACCOUNTS }, (_, slot) => new Churn(world, slot, SEED));
    for (const churn of churns) await churn.begin();

    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1000;
    const isOver = (): boolean => seconds() > SECONDS;
    const work = Promise.all([guests(world, isOver), ...churns.map((churn) => churn.run(isOver))]);
    const samples: Sample[] = [];
    console.log(`seed ${SEED}\n${row(['seconds', ...HELD, 'calls'])}`);
    const watch = async (): Promise<void> => {
      while (!isOver()) {
        await sleep((SECONDS / SAMPLES) * 1000);
        const sample = await measure(world.operator, seconds());
        samples.push(sample);
        console.log(rowOf(sample));
      }
    };
    const [[came]] = await Promise.all([work, watch()]);

    isBad = false;
    const open = (await Promise.all(churns.map((churn) => churn.settle()))).flat();
    const rounds = churns.reduce((sum, churn) => sum + churn.rounds, 0);
    const warm = samples.filter((sample) => sample.seconds > SECONDS * WARM_UP);
    const grown = HELD.map((what) => [what, growth(warm.map((sample) => [sample.seconds, sample[what]]))] as const);
    const shown = grown.map(([what, by]) => `${what} ${by.toFixed(1)} (may ${MAY_GROW[what]})`);
    console.log(`${rounds} rounds, ${came} guests, ${struck} requests met bad weather; growth: ${shown.join(', ')}`);
    expect(open, `seed ${SEED}`).toEqual([]);
    expect(grown.filter(([what, by]) => by > MAY_GROW[what])).toEqual([]);
    // Else there was no churn.
    expect(rounds).toBeGreaterThan(SECONDS / 10);
    expect(struck).toBeGreaterThan(SECONDS / 10);
  },
  (SECONDS + 300) * 1_000,
);
