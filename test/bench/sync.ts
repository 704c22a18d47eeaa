// make bench: one account with many companies, from nothing to synchronized and beyond: time, writes, CPU and memory of the
// operator, beside what the API server gives a raw client in the same run. It judges no time; it fails only if the operator
// writes what it promises not to write.

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ControlPlane } from '../controlplane/client.ts';
import { runPhases } from './phases.ts';
import { report } from './report.ts';
import { saveResults } from './results.ts';
import { World } from './world.ts';

const HELP = `node test/bench/sync.ts [--companies 10000] [--raw-objects 2000] [--idle-seconds 60] [--profile]

  --companies     companies of the account, all levels together
  --raw-objects   objects of each kind that the raw client writes in each of its three rounds
  --idle-seconds  how long the idle operator is watched
  --profile       also write CPU profiles of the operator, to open in a browser's developer tools`;

const { values } = parseArgs({
  options: {
    companies: { type: 'string', default: '10000' },
    'raw-objects': { type: 'string', default: '2000' },
    'idle-seconds': { type: 'string', default: '60' },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const began = performance.now();
/** Progress; the results alone go to stdout. */
const say = (text: string): void => {
  const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`[${seconds} s] ${text}\n`);
};

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());

let controlPlane: ControlPlane | undefined;
try {
  if (values.help) console.log(HELP);
  else await Promise.race([run(), untilStopped()]);
} catch (error) {
  say(
    stopped.signal.aborted
      ? 'stopped'
      : `the benchmark failed: ${error instanceof Error ? error.stack : String(error)}`,
  );
  process.exitCode = 1;
} finally {
  // The operator and the simulator go with it.
  await controlPlane?.stop();
}
// What was under way when a person stopped it would hold the process.
process.exit();

async function run(): Promise<void> {
  if (process.platform !== 'linux') throw new Error('it reads /proc: run it on Linux');
  const companies = count('companies', 10);
  const rawObjects = count('raw-objects', 10);
  const idleSeconds = count('idle-seconds', 1);
  const onCluster = (cluster: ControlPlane): void => {
    controlPlane = cluster;
  };
  const world = await World.create({ companies, profile: values.profile, say }, onCluster);
  const results = await runPhases(world, { rawObjects, idleSeconds, say });
  const path = await saveResults(results);
  say(`written to ${path}`);
  console.log(`\n${report(results)}`);
  if (results.problems.length > 0) process.exitCode = 1;
}

function count(flag: 'companies' | 'raw-objects' | 'idle-seconds', least: number): number {
  const value = Number(values[flag]);
  if (Number.isInteger(value) && value >= least) return value;
  console.error(`--${flag} must be a whole number of at least ${least}`);
  process.exit(2);
}

async function untilStopped(): Promise<never> {
  while (!stopped.signal.aborted) await sleep(100, undefined, { ref: false });
  throw new Error('stopped');
}
