// The thread that holds the lease: an event loop and a connection of its own, so that a renewal waits for nothing that the
// program does (a long computation, a garbage collection of a large heap, a full pool). It renews only while the main thread
// shows life: a program that hangs must not lead for ever.

import { parentPort, workerData } from 'node:worker_threads';
import { pino } from 'pino';
import { KubeClient } from './client.ts';
import { systemClock } from './clock.ts';
import { loadConnection, type ConnectionOptions } from './connection.ts';
import { LeaderElector, requestTimeoutMs, type ElectionNews, type LeaderElectionOptions } from './leader-election.ts';
import { LeaderMemory } from './leader-memory.ts';
import { LEASES } from './lease.ts';
import { Metrics } from './metrics.ts';
import { ObjectWatch } from './object-watch.ts';
import { Transport } from './transport.ts';
import type { Call } from './transport-metrics.ts';

export interface LeaderThreadData {
  readonly buffer: SharedArrayBuffer;
  readonly election: LeaderElectionOptions;
  readonly connection: ConnectionOptions;
  readonly userAgent: string;
  /** The main thread's silence after which it counts as stuck. */
  readonly stuckAfterMs: number;
}

/** The thread ends after `lost` and `released`. `news`, and `call` for each call, in between. */
export type FromLeaderThread =
  | { readonly type: 'news'; readonly news: ElectionNews }
  | { readonly type: 'call'; readonly call: Call }
  | { readonly type: 'lost'; readonly why: string }
  | { readonly type: 'released'; readonly trouble: string | null };

/** The lease is to be given away, held or not. */
export type ToLeaderThread = 'release';

const { buffer, election, connection, userAgent, stuckAfterMs } = workerData as LeaderThreadData;
const port = parentPort;
if (port === null) throw new Error('leader-thread is a thread, not a program');
const tell = (message: FromLeaderThread): void => port.postMessage(message);
const memory = new LeaderMemory(buffer);
const clock = { ...systemClock, monotonic: () => memory.now() };
const timeoutMs = requestTimeoutMs(election);
// What goes wrong is told as news, and the main thread keeps the metrics.
const deps = { log: pino({ level: 'silent' }), metrics: new Metrics(), clock, random: Math.random };
const transport = new Transport({
  ...deps,
  onCall: (call) => tell({ type: 'call', call }),
  connection: loadConnection(connection),
  connections: 2,
  timeoutMs,
  userAgent,
  // The election has its own rhythm.
  retry: { attempts: 1, baseMs: 0, maxMs: 0 },
});
const client = new KubeClient(transport);
const elector = new LeaderElector(election, {
  client,
  clock,
  random: Math.random,
  follow: (onChange, signal) =>
    new ObjectWatch({ ...deps, client, resource: LEASES, key: election, onChange }).run(signal),
  mayRenew: () => memory.silence < stuckAfterMs,
  onHeld: (until) => {
    memory.until = until;
  },
  onNews: (news) => tell({ type: 'news', news }),
});

const stop = new AbortController();
port.once('message', () => stop.abort(new Error('released')));
const end = await elector.run(stop.signal);
if (end.kind === 'lost') tell({ type: 'lost', why: end.why });
else {
  let trouble: string | null = null;
  try {
    await elector.release(AbortSignal.timeout(timeoutMs));
  } catch (error) {
    trouble = error instanceof Error ? error.message : String(error);
  }
  tell({ type: 'released', trouble });
}
port.close();
await transport.close(0);
