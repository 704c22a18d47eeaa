// The results as tables, for a terminal and for a README alike.

import type { Phase } from './meter.ts';
import { CONTROL_PLANE } from './processes.ts';
import type { Results } from './results.ts';
import { countOf } from './server-writes.ts';
import { number, ratio, table } from './table.ts';

/** Share of the machine above which the times of a run cannot be compared with each other. */
const MAY_BE_STRANGERS = 0.1;

export function report(results: Results): string {
  const problems = results.problems.map((problem) => `NOT AS PROMISED: ${problem}`).join('\n');
  const parts = [heading(results), operatorTable(results), importLines(results), rawTable(results), problems];
  return parts.filter((part) => part !== '').join('\n\n');
}

function heading({ startedAt, machine, companies, groups, customers, requests }: Results): string {
  const { cores, processor, memoryGB, system, node, kubernetes, loadBefore } = machine;
  return [
    `${number(companies)} companies in one account: ${number(groups)} StaticGroups, ${number(customers)} Customers; ${number(requests)} requests to upstream for a sync.`,
    `${startedAt.slice(0, 10)}; ${cores} cores (${processor}), ${memoryGB.toFixed(0)} GB, ${system}, Node ${node.slice(1)}, Kubernetes ${kubernetes}, etcd without fsync;`,
    `control plane, simulator and operator share the machine; load average before: ${loadBefore.toFixed(1)}.`,
  ].join('\n');
}

function operatorTable(results: Results): string {
  const { phases, restartSeconds, changes, machine } = results;
  const { renamed, added, suspended } = changes;
  const row = (name: string, phase: Phase, seconds = phase.seconds): string[] => [
    name,
    `${seconds.toFixed(1)} s`,
    number(countOf(phase.writes, 'staticgroups', 'customers')),
    number(countOf(phase.writes, 'mspaccounts')),
    number(countOf(phase.writes, 'events')),
    `${(phase.cpuSeconds['operator'] ?? 0).toFixed(2)} s`,
    `${phase.memory.peakMB.toFixed(0)} MB`,
    percent(strangersIn(phase, machine.cores)),
  ];
  const figures = table(
    ['operator', 'time', 'writes to children', 'to the account', 'events', 'CPU', 'peak RSS', 'strangers'],
    [
      row('first import', phases.import),
      row('sync, nothing changed', phases.unchanged),
      row(`sync, ${renamed} renamed, ${added} new, ${suspended} suspended`, phases.changed),
      row('idle', phases.idle),
      row('restart, until the caches are full', phases.restart, restartSeconds),
    ],
  );
  const { objects, cpuMsPerSecond, requestsPerMinute } = results.idleCost;
  const idle = `Idle, with ${number(objects)} objects and the lease: ${cpuMsPerSecond.toFixed(1)} ms of CPU a second, ${requestsPerMinute.toFixed(0)} requests to the API server a minute.`;
  return `${figures}\n${idle}\nstrangers: how much of the machine was taken by what does not belong to the benchmark.`;
}

/** Time depends on what else the machine does; CPU much less. Both are compared with the raw client's in the same run. */
function importLines({ phases, ceilingSeconds, raw, groups, customers, machine }: Results): string {
  const { seconds, writes, cpuSeconds } = phases.import;
  const total = Object.values(writes).reduce((sum, count) => sum + count, 0);
  const reading = phases.unchanged.seconds;
  const server = CONTROL_PLANE.reduce((sum, name) => sum + (cpuSeconds[name] ?? 0), 0);
  const client = cpuSeconds['operator'] ?? 0;
  const simulator = cpuSeconds['simulator'] ?? 0;
  const rawWrites = groups + 2 * customers;
  const rawServer = raw.median.serverSecondsPerWrite * rawWrites;
  const rawClient = raw.median.clientSecondsPerWrite * rawWrites;
  const disturbed = Math.max(strangersIn(phases.import, machine.cores), raw.median.strangers) > MAY_BE_STRANGERS;
  const kinds = Object.entries(writes).map(([kind, count]) => `${kind} ${number(count)}`);
  return [
    table(
      ['first import', 'time', 'writes/s', 'CPU of the client', 'of the control plane', 'of the simulator', 'together'],
      [
        cells('operator', seconds, total, client, server, simulator),
        cells('the same writes by the raw client', ceilingSeconds, rawWrites, rawClient, rawServer, 0),
        [
          'ratio',
          ratio(seconds, ceilingSeconds),
          ratio(total / seconds, rawWrites / ceilingSeconds),
          ratio(client, rawClient),
          ratio(server, rawServer),
          '',
          ratio(client + server + simulator, rawClient + rawServer),
        ],
      ],
    ),
    ...(disturbed
      ? [
          'Strangers took much of the machine: the times are worth little, and the CPU is some tens of percent off. Run it again on a quiet machine.',
        ]
      : []),
    `Without the ${reading.toFixed(1)} s that a sync without a change takes: ${ratio(seconds - reading, ceilingSeconds)} of the raw client's time.`,
    `Writes by kind: ${kinds.join(', ')}.`,
  ].join('\n');
}

function cells(name: string, seconds: number, writes: number, client: number, server: number, other: number): string[] {
  const together = client + server + other;
  const cpu = [client, server, other, together].map((each) => `${each.toFixed(1)} s`);
  return [name, `${seconds.toFixed(1)} s`, number(writes / seconds), ...cpu];
}

function rawTable({ raw, connections }: Results): string {
  const row = (name: string, field: 'createGroups' | 'createCustomers' | 'patchCustomers'): string[] => [
    name,
    number(raw.median[field]),
    ...raw.rounds.map((round) => number(round[field])),
  ];
  const rounds = ['before the import', 'after it', 'at the end'];
  return [
    table(
      ['raw client, writes/s', 'median', ...rounds],
      [
        row('create StaticGroup', 'createGroups'),
        row('create Customer', 'createCustomers'),
        row('patch status of Customer', 'patchCustomers'),
        ['strangers', ...[raw.median, ...raw.rounds].map(({ strangers }) => percent(strangers))],
      ],
    ),
    `${connections} connections; ${number(raw.objects)} objects of each kind in a round.`,
  ].join('\n');
}

function strangersIn({ strangerSeconds, observedSeconds }: Phase, cores: number): number {
  return strangerSeconds / (observedSeconds * cores);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
