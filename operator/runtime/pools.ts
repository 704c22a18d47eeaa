// The connections to the API server: one pool for calls, one for watches. A connection stays what it was opened as, so a client
// certificate that is replaced takes new ones: the server refuses every call on the old ones once it has expired. What is
// under way on those goes on to its end.

import { Pool, type Dispatcher } from 'undici';
import { sameTls, type Connection, type TlsOptions } from './connection.ts';
import { connectorFor } from './connector.ts';
import { writeGate, type MayWrite } from './write-gate.ts';

/** Below the 90 s after which the API server closes an idle connection, so that we close first and never write into that. */
const KEEP_ALIVE_MS = 55_000;

interface Generation {
  readonly tls: TlsOptions;
  readonly calls: Pool;
  /** `calls` behind the write gate. */
  readonly changes: Dispatcher;
  readonly watches: Pool;
}

export class Pools {
  readonly #open: () => Omit<Generation, 'tls'>;
  /** Newest last; the others are closing. */
  #generations: Generation[] = [];
  #closed = false;

  constructor(connection: Connection, connections: number, mayWrite: MayWrite | undefined) {
    const { origin } = connection.server;
    // Our own time limits cover headers and body; undici's would only cut in at another moment.
    const common = {
      connect: connectorFor(connection),
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.#open = () => {
      const calls = new Pool(origin, { ...common, connections });
      return {
        calls,
        changes: mayWrite === undefined ? calls : calls.compose(writeGate(mayWrite)),
        // As many as there are watches: the number of caches, namespaces and followed objects bounds them.
        watches: new Pool(origin, { ...common, connections: null }),
      };
    };
  }

  of(tls: TlsOptions): Omit<Generation, 'tls'> {
    const newest = this.#generations.at(-1);
    if (newest !== undefined && (this.#closed || sameTls(newest.tls, tls))) return newest;
    if (newest !== undefined) void this.#retire(newest);
    const next = { tls, ...this.#open() };
    this.#generations.push(next);
    return next;
  }

  /** Cuts the watches and waits for calls under way, but no longer than for `late`. */
  async close(late: Promise<void>): Promise<void> {
    // Not opened yet: a closed one, so that later calls fail.
    if (this.#generations.length === 0) this.of({});
    this.#closed = true;
    const all = [...this.#generations];
    const watches = all.map((each) => each.watches.destroy());
    await Promise.race([Promise.all(all.map(({ calls }) => calls.close().catch(() => {}))), late]);
    await Promise.all([...watches, ...all.map(({ calls }) => calls.destroy())]);
  }

  async #retire(old: Generation): Promise<void> {
    await Promise.all([old.calls.close(), old.watches.close()].map((closing) => closing.catch(() => {})));
    this.#generations = this.#generations.filter((each) => each !== old);
  }
}
