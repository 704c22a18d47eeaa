// For the tests beside it only: a small HTTP server that answers as it is told and remembers what it was asked, and a client
// that talks to it. Nothing in the operator imports it.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { Ema2Client, type Ema2ClientOptions } from './client.ts';

/** A login that must not turn up in any message. */
export const CANARY = { username: 'canary-user@example.org', password: 'canary-P4ssw0rd!' } as const;

export interface Seen {
  readonly operation: string;
  readonly method: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly token: string | null;
  readonly headers: IncomingMessage['headers'];
}

export type Reply =
  | {
      readonly status?: number;
      readonly json?: unknown;
      readonly text?: string;
      readonly headers?: Record<string, string>;
    }
  | ((response: ServerResponse) => void);

export type Script = (seen: Seen, nth: number) => Reply | Promise<Reply>;

export interface Scripted {
  readonly url: string;
  readonly host: string;
  readonly seen: Seen[];
  /** Most requests that were being answered at the same time. */
  mostAtOnce: number;
  count(operation: string): number;
  of(operation: string): Seen[];
}

/** Token/Get answers `token-1`, `token-2`, … without a word on their lifetime, unless the script says otherwise. */
export async function serve(scripts: Readonly<Record<string, Script>>): Promise<Scripted> {
  const all: Record<string, Script> = {
    'Token/Get': (_seen, nth) => ({ json: { accessToken: `token-${nth}`, refreshToken: `refresh-${nth}` } }),
    ...scripts,
  };
  const seen: Seen[] = [];
  let open = 0;
  const server = createServer((request, response) => {
    void (async () => {
      scripted.mostAtOnce = Math.max(scripted.mostAtOnce, ++open);
      response.on('close', () => open--);
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const operation = (request.url ?? '').replace('/api/', '');
      const entry: Seen = {
        operation,
        method: request.method ?? '',
        body: text === '' ? {} : (JSON.parse(text) as Seen['body']),
        token: request.headers.authorization?.replace(/^Bearer /, '') ?? null,
        headers: request.headers,
      };
      seen.push(entry);
      const script = all[operation];
      const reply = script === undefined ? { status: 404 } : await script(entry, scripted.count(operation));
      if (typeof reply === 'function') return reply(response);
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
      response.end(reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json)));
    })();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const of = (operation: string): Seen[] => seen.filter((entry) => entry.operation === operation);
  const scripted: Scripted = {
    url: `http://${host}`,
    host,
    seen,
    mostAtOnce: 0,
    of,
    count: (operation) => of(operation).length,
  };
  return scripted;
}

/** A client of that server, fast and without random delays. */
export function clientOf(server: Scripted, options: Partial<Ema2ClientOptions> = {}): Ema2Client {
  const client = new Ema2Client({
    endpoint: server.url,
    credentials: CANARY,
    allow: { hosts: [server.host], allowLoopbackHTTP: true },
    requestsPerSecond: 100_000,
    now: Date.now,
    random: () => 0,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

export const never = (): AbortSignal => new AbortController().signal;

/** A readable GUID: `id(7)` is `00000007-0000-4000-8000-000000000007`. */
export function id(n: number): string {
  const hex = n.toString(16).padStart(8, '0');
  return `${hex}-0000-4000-8000-${hex.padStart(12, '0')}`;
}

export interface Node {
  readonly n: number;
  readonly type: number;
  readonly name?: string;
  readonly children?: readonly Node[];
}

/** Scripts that serve a tree by User/Current, Children and an empty Search. */
export function tree(root: Node): Record<string, Script> {
  const below = new Map<string, readonly Node[]>();
  const walk = (node: Node): void => {
    below.set(id(node.n), node.children ?? []);
    node.children?.forEach(walk);
  };
  walk(root);
  return {
    'User/Current': () => ({ json: { company: { companyId: id(root.n), name: name(root), type: root.type } } }),
    'Company/Children': ({ body }) => {
      const rows = (below.get(String(body['companyId'])) ?? []).map(row);
      const skip = Number(body['skip']);
      return { json: { companies: rows.slice(skip, skip + Number(body['take'])) } };
    },
    'Search/Companies': () => ({ json: { Search: [], Paging: { TotalCount: 0 } } }),
  };
}

export function row(node: Node): Record<string, unknown> {
  return { publicId: id(node.n), name: name(node), type: node.type, status: 1 };
}

function name(node: Node): string {
  return node.name ?? `Company ${node.n}`;
}

/** A JWT with these claims and no valid signature. */
export function jwt(claims: Record<string, unknown>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.signature`;
}
