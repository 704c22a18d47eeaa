// For cluster tests: clients of the control plane, directly or through a TCP proxy that can cut, freeze and count.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { loadConnection, type Connection } from './connection.ts';
import { KubeClient } from './client.ts';
import type { Resource } from './object.ts';
import { Transport, type TransportOptions } from './transport.ts';
import { realDeps } from './testing.ts';

export const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

export interface TestClient {
  readonly client: KubeClient;
  readonly transport: Transport;
  close(): Promise<void>;
}

export function clientFor(connection: Connection, options: Partial<TransportOptions> = {}): TestClient {
  const transport = new Transport({ ...realDeps(), connection, ...options });
  return { client: new KubeClient(transport), transport, close: () => transport.close() };
}

export interface Proxy {
  /** The same cluster and credentials, through the proxy. */
  readonly connection: Connection;
  /** Connections made so far. */
  readonly accepted: number;
  readonly open: number;
  /** Ends all connections at once. */
  cut(): void;
  /** While frozen, connections stay open but nothing passes; new ones are taken and left in the dark. */
  freeze(frozen: boolean): void;
  /** While refused, new connections are reset. */
  refuse(refused: boolean): void;
  close(): Promise<void>;
}

export async function startProxy(kubeconfig: string): Promise<Proxy> {
  const direct = loadConnection({ kubeconfig });
  const { hostname, port } = direct.server;
  const pairs = new Set<readonly [Socket, Socket]>();
  let accepted = 0;
  let frozen = false;
  let refused = false;
  const server = createServer((near) => {
    if (refused) {
      near.resetAndDestroy();
      return;
    }
    accepted++;
    const far = connect(Number(port), hostname);
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (bytes) => {
        if (!frozen) to.write(bytes);
      });
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const cut = (): void => {
    for (const [near, far] of pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  };
  return {
    connection: {
      server: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`),
      namespace: direct.namespace,
      verifiesServer: true,
      credentials: async () => {
        const credentials = await direct.credentials();
        // The certificate is the API server's, whatever the address.
        return {
          ...credentials,
          tls: { ...credentials.tls, servername: hostname === '127.0.0.1' ? 'localhost' : hostname },
        };
      },
      refresh: () => direct.refresh(),
    },
    get accepted() {
      return accepted;
    },
    get open() {
      return pairs.size;
    },
    cut,
    freeze: (on) => {
      frozen = on;
    },
    refuse: (on) => {
      refused = on;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
