// For cluster tests: clients of the control plane, directly or through a TCP proxy that can cut, freeze and count.

import { connect, createServer, isIP, type AddressInfo, type Socket } from 'node:net';
import type { Connection } from './connection.ts';
import { KubeClient } from './client.ts';
import { objectPath, type Resource } from './object.ts';
import { Transport, type TransportOptions } from './transport.ts';
import { randomID } from './deps.ts';
import { realDeps } from './testing.ts';

export const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

const core = { group: '', version: 'v1' } as const;
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true } as const;
const NAMESPACES: Resource = { ...core, plural: 'namespaces', kind: 'Namespace', namespaced: false };
const ACCOUNTS: Resource = { ...core, plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true };
const ROLES: Resource = { ...rbac, plural: 'roles', kind: 'Role' };
const BINDINGS: Resource = { ...rbac, plural: 'rolebindings', kind: 'RoleBinding' };

export interface TestClient {
  readonly client: KubeClient;
  readonly transport: Transport;
  close(): Promise<void>;
}

export function clientFor(connection: Connection, options: Partial<TransportOptions> = {}): TestClient {
  const transport = new Transport({ ...realDeps(), connection, ...options });
  return { client: new KubeClient(transport), transport, close: () => transport.close(200) };
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

export async function startProxy(direct: Connection): Promise<Proxy> {
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
        const { tls, headers } = await direct.credentials();
        // The certificate is the API server's, whatever the address.
        return { headers, tls: isIP(hostname) === 0 ? { ...tls, servername: hostname } : tls };
      },
      refresh: (refused) => direct.refresh(refused),
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

/** A namespace of a test's own; returns its name. */
export async function createNamespace({ client }: TestClient, prefix: string): Promise<string> {
  const name = `${prefix}-${randomID(Math.random)}`;
  await client.create(NAMESPACES, null, { metadata: { name } });
  return name;
}

export async function deleteNamespace({ client }: TestClient, name: string): Promise<void> {
  await client.delete(NAMESPACES, { namespace: '', name });
}

/** A ServiceAccount without any right; returns a connection as it. */
export async function serviceAccount(
  admin: TestClient,
  as: Connection,
  namespace: string,
  name: string,
): Promise<Connection> {
  await admin.client.create(ACCOUNTS, namespace, { metadata: { name } });
  const path = objectPath(ACCOUNTS, { namespace, name }, 'token');
  const answer = await admin.transport.request({ method: 'POST', path, body: { spec: { expirationSeconds: 3600 } } });
  const { token } = (JSON.parse(answer.body) as { status: { token: string } }).status;
  return withToken(as, token);
}

export function withToken(connection: Connection, token: string): Connection {
  return {
    server: connection.server,
    namespace: null,
    verifiesServer: true,
    credentials: async () => ({
      tls: (await connection.credentials()).tls,
      headers: { authorization: `Bearer ${token}` },
    }),
    refresh: () => false,
  };
}

/** Lets a ServiceAccount do these things with ConfigMaps, until it is revoked. */
export async function grant({ client }: TestClient, namespace: string, name: string, verbs: string[]): Promise<void> {
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs }];
  await client.create(ROLES, namespace, { metadata: { name }, rules });
  await client.create(BINDINGS, namespace, {
    metadata: { name },
    roleRef: { apiGroup: rbac.group, kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
}

export async function revoke({ client }: TestClient, namespace: string, name: string): Promise<void> {
  await client.delete(BINDINGS, { namespace, name });
  await client.delete(ROLES, { namespace, name });
}
