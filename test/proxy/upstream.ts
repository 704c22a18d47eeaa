// The proxy's own connections to the API server: kept alive, without a limit to their number, so that only the client's limits
// show.

import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { ClusterAccess } from '../controlplane/client.ts';

/** Below the 90 s after which the API server closes an idle connection. */
const IDLE_MS = 55_000;

export class Upstream {
  readonly #url: URL;
  readonly #agent: Agent;

  constructor({ url, ca }: Pick<ClusterAccess, 'url' | 'ca'>) {
    this.#url = new URL(url);
    this.#agent = new Agent({
      keepAlive: true,
      timeout: IDLE_MS,
      maxFreeSockets: 64,
      ...(ca === undefined ? {} : { ca }),
    });
  }

  /** Sends the client's request with its own headers. Resolves with the head of the answer. */
  send(
    { method, url, rawHeaders }: IncomingMessage,
    body: Buffer,
    isWatch: boolean,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const headers: Record<string, string> = {};
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
      if (!['host', 'connection', 'transfer-encoding'].includes(name.toLowerCase())) headers[name] = value;
    }
    const options = {
      method,
      path: `${this.#url.pathname.replace(/\/$/, '')}${url}`,
      hostname: this.#url.hostname,
      port: this.#url.port,
      headers,
      agent: this.#agent,
      ...(signal === undefined ? {} : { signal }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(options, resolve);
      sent.on('error', reject);
      if (isWatch) sent.on('socket', (socket) => socket.setNoDelay(true));
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
