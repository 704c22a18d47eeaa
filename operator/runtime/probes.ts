// HTTP for kubelet and Prometheus: /healthz and /readyz on one address, /metrics on another. Nothing else is answered.

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { every, type Clock } from './clock.ts';
import type { Metrics } from './metrics.ts';

export interface Listening {
  /** Where it listens; `null` if switched off. */
  readonly address: AddressInfo | null;
  /** At once, with all connections. */
  close(): Promise<void>;
}

/** `null` if all is well, otherwise what is wrong, in words fit for anybody. */
export type Check = () => string | null;

export interface ProbeOptions {
  /** `host:port`, `:port` or `[v6]:port`; `0` switches it off. */
  readonly address: string;
  readonly clock: Clock;
  /** /healthz: what only a restart can mend. A stuck event loop is always checked. */
  readonly live?: Readonly<Record<string, Check>>;
  /** /readyz. */
  readonly ready: Readonly<Record<string, Check>>;
  /** A heartbeat older than this means that the event loop is stuck. Default: 30 s. */
  readonly heartbeatMaxAgeMs?: number;
}

type Reply = (response: ServerResponse) => void | Promise<void>;

export async function serveProbes(options: ProbeOptions): Promise<Listening> {
  const { clock, heartbeatMaxAgeMs = 30_000 } = options;
  let lastBeat = clock.monotonic();
  const stop = every(clock, 1_000, () => {
    lastBeat = clock.monotonic();
  });
  const eventLoop: Check = () => {
    const age = clock.monotonic() - lastBeat;
    return age > heartbeatMaxAgeMs ? `stuck for ${Math.round(age / 1000)} s` : null;
  };
  try {
    const listening = await serve(options.address, {
      '/healthz': (response) => answerChecks(response, { 'event-loop': eventLoop, ...options.live }),
      '/readyz': (response) => answerChecks(response, options.ready),
    });
    const close = (): Promise<void> => {
      stop();
      return listening.close();
    };
    if (listening.address === null) stop();
    return { address: listening.address, close };
  } catch (error) {
    stop();
    throw error;
  }
}

export function serveMetrics(options: { readonly address: string; readonly metrics: Metrics }): Promise<Listening> {
  return serve(options.address, {
    '/metrics': async (response) => {
      const text = await options.metrics.text();
      response.writeHead(200, { 'content-type': options.metrics.contentType }).end(text);
    },
  });
}

function answerChecks(response: ServerResponse, checks: Readonly<Record<string, Check>>): void {
  const lines: string[] = [];
  let failed = false;
  for (const [name, check] of Object.entries(checks)) {
    let problem: string | null;
    try {
      problem = check();
    } catch {
      problem = 'the check itself failed';
    }
    failed ||= problem !== null;
    lines.push(problem === null ? `[+] ${name} ok` : `[-] ${name}: ${problem}`);
  }
  response.writeHead(failed ? 503 : 200, { 'content-type': 'text/plain; charset=utf-8' }).end(`${lines.join('\n')}\n`);
}

async function serve(address: string, routes: Readonly<Record<string, Reply>>): Promise<Listening> {
  if (address === '0' || address === '') return { address: null, close: () => Promise.resolve() };
  const { host, port } = parseAddress(address);
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 });
  server.maxConnections = 64;
  server.on('request', (request, response) => {
    // A probe has no body.
    request.resume();
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const reply = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (reply === undefined) response.writeHead(404).end();
    else if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405, { allow: 'GET' }).end();
    else
      Promise.resolve(reply(response)).catch(() => {
        if (!response.headersSent) response.writeHead(500);
        response.end();
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return { address: server.address() as AddressInfo, close: () => closeAtOnce(server) };
}

function closeAtOnce(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error(`not an address (host:port): "${address}"`);
  return { host: match[1] ?? match[2] ?? '', port };
}
