// Listens at the lifecycle service of the simulator: every request of the operator with the answer that it was really sent, and
// the objects as the API server had them when a change arrived. A pass of the operator has connections of its own, which it opens
// at its begin and closes at its end.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import type { Service, SimulatedInstance, Simulator } from '../../simulator/simulator.ts';

export type Operation = 'list' | 'create' | 'grant' | 'remove' | 'other';

export interface Exchange {
  readonly n: number;
  readonly at: number;
  readonly account: string;
  readonly connection: number;
  /** The last list on each connection of the account that is open now, that of this very one first: one is of the same pass. */
  readonly lists: readonly Exchange[];
  readonly operation: Operation;
  /** Of the instance; '' for list and create. */
  readonly id: string;
  /** Of a removal. */
  readonly service: Service | null;
  /** Of a create. */
  readonly key: string | null;
  /** The account's objects when a create or a removal arrived. */
  objects: readonly KubeObject[];
  /** When it was answered or its connection was gone. */
  endedAt: number | null;
  /** Of a complete answer that was sent in full; null: none was. */
  status: number | null;
  /** Of a list that was answered as the contract says. */
  instances: readonly SimulatedInstance[] | null;
}

const PATHS: readonly (readonly [Operation, string, RegExp])[] = [
  ['list', 'GET', /^\/lifecycle\/v1\/instances$/],
  ['create', 'POST', /^\/lifecycle\/v1\/instances$/],
  ['remove', 'DELETE', /^\/lifecycle\/v1\/instances\/([^/]+)$/],
  ['grant', 'PUT', /^\/lifecycle\/v1\/instances\/([^/]+)\/access\/[^/]+$/],
];

export class Wire {
  readonly #simulator: Simulator;
  readonly #byAccount = new Map<string, Exchange[]>();
  /** Those that are open. */
  readonly #connections = new Map<Socket, Connection>();
  #last = 0;
  #lastConnection = 0;

  /** @param witness the account's objects, read from the API server now */
  constructor(simulator: Simulator, witness: (account: string, key: string | null) => Promise<readonly KubeObject[]>) {
    this.#simulator = simulator;
    const api = simulator.lifecycleAPI;
    const { handle } = api;
    api.handle = async (req, res) => {
      const exchange = this.#begin(req);
      follow(res, exchange);
      if (exchange.operation === 'create' || exchange.operation === 'remove') {
        exchange.objects = await witness(exchange.account, exchange.key);
      }
      await handle(req, res);
    };
  }

  of(account: string): Exchange[] {
    return [...(this.#byAccount.get(account) ?? [])];
  }

  /** Requests of an account that may still come to something. */
  underWay(account: string): number {
    const open = this.of(account).filter(({ operation, endedAt }) => operation !== 'list' && endedAt === null).length;
    return open + this.#simulator.account(account).lifecycle.heldBack;
  }

  #begin(req: IncomingMessage): Exchange {
    const url = new URL(req.url ?? '/', 'http://simulator');
    const route = PATHS.find(([, method, path]) => method === req.method && path.test(url.pathname));
    const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
    const account = this.#simulator.accounts().find(({ lifecycle }) => lifecycle.token === token);
    const key = req.headers['idempotency-key'];
    const connection = this.#connectionOf(req.socket);
    const username = account?.username ?? '';
    const exchange: Exchange = {
      n: ++this.#last,
      at: Date.now(),
      account: username,
      connection: connection.n,
      lists: this.#lastLists(username, connection),
      operation: route?.[0] ?? 'other',
      id: decodeURIComponent(route?.[2].exec(url.pathname)?.[1] ?? ''),
      service: url.searchParams.get('service') as Service | null,
      key: typeof key === 'string' ? key : null,
      objects: [],
      endedAt: null,
      status: null,
      instances: null,
    };
    if (exchange.operation === 'list') connection.list = exchange;
    const ofAccount = this.#byAccount.get(username) ?? [];
    this.#byAccount.set(username, ofAccount);
    ofAccount.push(exchange);
    return exchange;
  }

  #connectionOf(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { n: ++this.#lastConnection, list: null };
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#connections.delete(socket));
    return connection;
  }

  #lastLists(account: string, own: Connection): Exchange[] {
    const open = [own, ...[...this.#connections.values()].filter((each) => each !== own)];
    return open.map(({ list }) => list).filter((list) => list !== null && list.account === account) as Exchange[];
  }
}

interface Connection {
  readonly n: number;
  /** The last one on it. */
  list: Exchange | null;
}

function follow(res: ServerResponse, exchange: Exchange): void {
  const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse;
  res.end = ((...args: unknown[]) => {
    const [text] = args;
    if (typeof text === 'string') {
      exchange.status = res.statusCode;
      if (exchange.operation === 'list' && res.statusCode === 200) exchange.instances = rowsOf(text);
    }
    return end(...args);
  }) as ServerResponse['end'];
  res.once('close', () => {
    exchange.endedAt = Date.now();
  });
}

function rowsOf(text: string): SimulatedInstance[] | null {
  try {
    const body = JSON.parse(text) as { instances?: unknown };
    return Array.isArray(body.instances) ? (body.instances as SimulatedInstance[]) : null;
  } catch {
    return null;
  }
}
