// An HTTPS reverse proxy on loopback between a program and the API server, programmable per request. Its clients verify it as
// they verify the API server, and their own credentials pass through it.

import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ClusterAccess } from '../controlplane/client.ts';
import { readKubeconfig, writeKubeconfig } from '../controlplane/kubeconfig.ts';
import { servingCertificate } from './certificate.ts';
import { Exchange } from './exchange.ts';
import { Recorder, type Counts, type LogEntry } from './record.ts';
import { describeRequest, type ProxyRequest } from './request.ts';
import { RuleBook, type Rule } from './rules.ts';
import { Upstream } from './upstream.ts';

export interface ProxyOptions {
  /** Default: 1. */
  readonly seed?: string | number;
  readonly rules?: readonly Rule[];
  /** Requests kept in the log. Default: 10,000. */
  readonly logSize?: number;
  /** Lets go of what is frozen this often. Default: only when told to. */
  readonly releaseEveryMs?: number;
  /** Told of each request with what the client sent. */
  readonly onBody?: (request: ProxyRequest, body: Buffer) => void;
}

export interface ApiProxy extends AsyncDisposable {
  readonly url: string;
  /** Writes a kubeconfig with the same user that goes through the proxy; returns its path. */
  kubeconfig(forKubeconfig: string): Promise<string>;
  /** From the next request on. The first rule that answers decides; without one a request passes. */
  setRules(rules: readonly Rule[]): void;
  /** Lets go of what was frozen so far. */
  release(): void;
  /** Requests under way, watches among them: each can be cut or stalled. */
  exchanges(matching?: (request: ProxyRequest) => boolean): readonly Exchange[];
  /** While true, new connections are reset. */
  refuse(refused: boolean): void;
  /** Resets all connections, idle ones too. */
  cutAll(): void;
  counts(): Counts;
  /** The last requests, oldest first. */
  log(): LogEntry[];
  close(): Promise<void>;
}

export async function startProxy(cluster: ClusterAccess, options: ProxyOptions = {}): Promise<ApiProxy> {
  const { cert, key, ca } = await servingCertificate(cluster);
  const upstream = new Upstream(cluster);
  const book = new RuleBook(options.seed ?? 1, options.rules);
  const recorder = new Recorder(options.logSize ?? 10_000);
  const exchanges = new Set<Exchange>();
  /** By the client's port: the TCP connections below the TLS ones. */
  const sockets = new Map<number, Socket>();
  let connections = 0;
  let refused = false;
  let release = Promise.withResolvers<void>();

  // No time limits of its own: slow and silent connections are what tests want of it.
  const server = createServer({ cert, key, keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
  server.on('connection', (socket: Socket) => {
    if (refused) {
      socket.resetAndDestroy();
      return;
    }
    connections++;
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(port));
  });
  server.on('tlsClientError', () => {});
  server.on('request', (req, res) => {
    const socket = sockets.get(req.socket.remotePort ?? 0);
    if (socket === undefined) {
      req.destroy();
      return;
    }
    const described = describeRequest(req.method ?? '', req.url ?? '/');
    const request = { ...described, ...recorder.next(described.isWrite) };
    const action = book.decide(request);
    const entry = recorder.begin(request, action);
    const deps = { upstream, released: () => release.promise, onBody: options.onBody ?? (() => {}) };
    const exchange = new Exchange(deps, request, entry, req, res, socket);
    exchanges.add(exchange);
    void exchange.run(action).finally(() => {
      exchanges.delete(exchange);
      recorder.end(entry);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const cutAll = (): void => {
    for (const socket of sockets.values()) socket.resetAndDestroy();
  };
  const letGo = (): void => {
    release.resolve();
    release = Promise.withResolvers<void>();
  };
  const { releaseEveryMs } = options;
  const releasing = releaseEveryMs === undefined ? undefined : setInterval(letGo, releaseEveryMs);
  const close = async (): Promise<void> => {
    clearInterval(releasing);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    cutAll();
    await closed;
    upstream.close();
  };
  return {
    url,
    kubeconfig: async (forKubeconfig) => {
      const { cluster: direct, user, ...rest } = await readKubeconfig(forKubeconfig);
      const path = `${forKubeconfig}.${new URL(url).port}`;
      const trust = ca === null ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
      const { 'tls-server-name': _, ...kept } = direct;
      await writeKubeconfig(path, { ...rest, cluster: { ...kept, server: url, ...trust }, user });
      return path;
    },
    setRules: (rules) => book.set(rules),
    release: letGo,
    exchanges: (matching = () => true) => [...exchanges].filter(({ request }) => matching(request)),
    refuse: (on) => {
      refused = on;
    },
    cutAll,
    counts: () => recorder.counts(connections, sockets.size),
    log: () => recorder.log(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
