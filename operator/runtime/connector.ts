// Opens TLS connections to the API server with the certificates that are valid now: a rotated CA or client certificate is
// used by the next connection, without a restart.

import { buildConnector } from 'undici';
import type { Connection, TlsOptions } from './connection.ts';

const CONNECT_TIMEOUT_MS = 10_000;

export function connectorFor(connection: Connection): buildConnector.connector {
  let current: { readonly tls: TlsOptions; readonly connect: buildConnector.connector } | null = null;

  async function connect(): Promise<buildConnector.connector> {
    const { tls } = await connection.credentials();
    if (current === null || !sameTls(current.tls, tls)) {
      // HTTP/1.1 only: one HTTP/2 connection is one queue, and undici's is slower here.
      const connect = buildConnector({ ...tls, allowH2: false, timeout: CONNECT_TIMEOUT_MS, keepAlive: true });
      current = { tls, connect };
    }
    return current.connect;
  }

  return (options, callback) => {
    connect().then(
      // Out of the promise, so that what undici throws in its callback is not taken for a failure to connect.
      (connectNow) => setImmediate(connectNow, options, callback),
      (error: unknown) => setImmediate(callback, error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

function sameTls(a: TlsOptions, b: TlsOptions): boolean {
  return (
    a.servername === b.servername &&
    a.rejectUnauthorized === b.rejectUnauthorized &&
    sameBytes(a.ca, b.ca) &&
    sameBytes(a.cert, b.cert) &&
    sameBytes(a.key, b.key)
  );
}

function sameBytes(a: string | Buffer | undefined, b: string | Buffer | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.from(a).equals(Buffer.from(b));
}
