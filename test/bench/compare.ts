// make compare: the same work done by this runtime and by @kubernetes/client-node, on one API server, in turns, each time in a
// process of its own. It judges nothing; it prints the medians and their ratios.

import { fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CONFIG_MAPS, clientFor } from '../../operator/runtime/cluster-testing.ts';
import { loadConnection } from '../../operator/runtime/connection.ts';
import { startControlPlane } from '../controlplane/client.ts';
import type { Name, Order, Stage, Told } from './compare/run.ts';
import { busySeconds, cpuSecondsOf, findProgramsOf, memoryOf } from './processes.ts';
import { describeMachine, median, RESULTS } from './results.ts';
import { number, ratio, table } from './table.ts';

const { values } = parseArgs({
  options: { objects: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '3' } },
});
const objects = Number(values.objects);
const rounds = Number(values.rounds);
const IN_FLIGHT = 32;
const TITLES: Readonly<Record<Name, string>> = {
  runtime: 'this runtime',
  'runtime-whole': 'the same, whole objects',
  'client-node': 'client-node 2.0.1',
};
const CONTENDERS = Object.keys(TITLES) as Name[];

interface Outcome {
  readonly filled: Stage;
  readonly patched: Stage;
  readonly seen: Stage;
  readonly heapMB: number;
  readonly peakMB: number;
  /** Of the API server, while it was patched. */
  readonly serverSeconds: number;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

await using cluster = await startControlPlane({ alwaysStart: true, controllers: [], progress: say });
const namespace = 'default';
const names = Array.from({ length: objects }, (_, index) => `object-${String(index).padStart(6, '0')}`);
const machine = describeMachine(cluster.kubernetesVersion);
const servers = [...(await findProgramsOf(cluster.dir, ['kube-apiserver'])).values()];

say(`creating ${objects} objects`);
const admin = clientFor(loadConnection({ kubeconfig: cluster.kubeconfig }));
const left = names.values();
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    for (const name of left) {
      const body = {
        metadata: { name, labels: { made: 'for-comparison' } },
        data: { mark: 'new', text: 'x'.repeat(500) },
      };
      await admin.client.create(CONFIG_MAPS, namespace, body);
    }
  }),
);
await admin.close();

const outcomes = new Map<Name, Outcome[]>(CONTENDERS.map((name) => [name, []]));
const began = { at: performance.now(), busy: await busySeconds() };
// Interrupted, it reports what it has.
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
for (let round = 1; round <= rounds; round++) {
  // Nobody always comes first.
  const order = round % 2 === 0 ? CONTENDERS.toReversed() : CONTENDERS;
  for (const name of order) {
    if (stopped.signal.aborted && round > 1) break;
    const outcome = await runOnce(name, `${name}-${round}`);
    outcomes.get(name)?.push(outcome);
    say(`round ${round}, ${name}: ${(objects / outcome.patched.seconds).toFixed(0)} patches/s`);
  }
}
const busy = ((await busySeconds()) - began.busy) / (((performance.now() - began.at) / 1000) * machine.cores);

await mkdir(RESULTS, { recursive: true });
const results = { machine, objects, busy, outcomes: Object.fromEntries(outcomes) };
await writeFile(join(RESULTS, 'compare.json'), `${JSON.stringify(results, null, 2)}\n`);
console.log(report());

async function runOnce(name: Name, mark: string): Promise<Outcome> {
  const child = fork(join(import.meta.dirname, 'compare/run.ts'), { execArgv: ['--expose-gc'] });
  const { kubeconfig } = cluster;
  const stages: Partial<Record<'filled' | 'patched' | 'seen', Stage>> = {};
  let held: Promise<{ heapMB: number; peakMB: number }> | undefined;
  let serverSeconds = Promise.resolve(0);
  const serverNow = async (): Promise<number> =>
    (await Promise.all(servers.map((pid) => cpuSecondsOf(pid)))).reduce((sum, each) => sum + each, 0);
  const { pid = 0 } = child;
  child.on('message', (told: Told) => {
    if (told.kind === 'held') held = memoryOf(pid).then(({ peakMB }) => ({ heapMB: told.heapMB, peakMB }));
    else {
      stages[told.stage] = told.took;
      if (told.stage === 'filled') serverSeconds = serverNow();
      if (told.stage === 'patched') serverSeconds = Promise.all([serverSeconds, serverNow()]).then(([a, b]) => b - a);
    }
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.send({ contender: name, kubeconfig, namespace, names, mark, inFlight: IN_FLIGHT } satisfies Order);
  const code = await ended;
  const { filled, patched, seen } = stages;
  if (code !== 0 || !filled || !patched || !seen || held === undefined) throw new Error(`${name} failed (${code})`);
  return { filled, patched, seen, ...(await held), serverSeconds: await serverSeconds };
}

function report(): string {
  const of = (name: Name, figure: (outcome: Outcome) => number): number =>
    median((outcomes.get(name) ?? []).map(figure));
  const row = (title: string, figure: (outcome: Outcome) => number, digits: number, unit = ''): string[] => {
    const found = CONTENDERS.map((name) => of(name, figure));
    const [ours = 0, , theirs = 0] = found;
    const shown = found.map((value) => (digits === 0 ? number(value) : value.toFixed(digits)) + unit);
    return [title, ...shown, ratio(theirs, ours)];
  };
  const { cores, processor, node, kubernetes, loadBefore } = machine;
  const turns = Math.min(...[...outcomes.values()].map(({ length }) => length));
  return [
    `${number(objects)} ConfigMaps of about 1 kB, ${IN_FLIGHT} patches in flight, medians of ${turns} rounds in turns; ${cores} cores (${processor}),`,
    `Node ${node.slice(1)}, Kubernetes ${kubernetes}; load average before ${loadBefore.toFixed(1)}, machine busy ${(busy * 100).toFixed(0)} % of the time.`,
    '',
    table(
      ['', ...CONTENDERS.map((name) => TITLES[name]), 'client-node ÷ runtime'],
      [
        row('list and hold all: time', ({ filled }) => filled.seconds, 2, ' s'),
        row('list and hold all: CPU', ({ filled }) => filled.cpuSeconds, 2, ' s'),
        row('patches per second', ({ patched }) => objects / patched.seconds, 0),
        row('CPU per patch, its event included', ({ patched }) => (patched.cpuSeconds / objects) * 1e6, 0, ' µs'),
        row('CPU of the API server per patch', ({ serverSeconds }) => (serverSeconds / objects) * 1e6, 0, ' µs'),
        row('from the last patch to its event', ({ seen }) => seen.seconds, 2, ' s'),
        row('connections opened, list and watch', ({ filled }) => filled.connections, 0),
        row('connections opened, patches', ({ patched }) => patched.connections, 0),
        row('heap with all objects held', ({ heapMB }) => heapMB, 0, ' MB'),
        row('most resident memory', ({ peakMB }) => peakMB, 0, ' MB'),
      ],
    ),
  ].join('\n');
}
