// A load balancer in front of the API server that ends TLS with a certificate of its own, which can be replaced.

import { createServer, connect, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import type { ClusterAccess } from '../controlplane/client.ts';
import type { Certificate } from '../harness/x509.ts';

export interface Terminator {
  readonly url: string;
  /** For connections from now on. */
  present(certificate: Certificate): void;
  /** Ends those that are there. */
  cut(): void;
  close(): Promise<void>;
}

export async function startTerminator(cluster: ClusterAccess, certificate: Certificate): Promise<Terminator> {
  const { port } = new URL(cluster.url);
  const sockets = new Set<TLSSocket>();
  const server = createServer({ ...certificate }, (near) => {
    const far = connect({ host: '127.0.0.1', port: Number(port), ...(cluster.ca ? { ca: cluster.ca } : {}) });
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    present: (next) => server.setSecureContext({ ...next }),
    cut,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cut();
      await closed;
    },
  };
}
