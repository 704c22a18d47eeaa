// Opens TLS connections to the API server with the certificates that are valid now: a rotated CA or client certificate is
// used by the next connection, without a restart.

import { buildConnector } from 'undici';
import { sameTls, type Connection, type Credentials } from './connection.ts';
import { markNeverSent } from './retry.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Names of Node and OpenSSL for a certificate that cannot be verified. */
const UNVERIFIED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/;

export function connectorFor(connection: Connection): buildConnector.connector {
  let current: { readonly credentials: Credentials; readonly connect: buildConnector.connector } | null = null;

  async function renew(): Promise<NonNullable<typeof current>> {
    const credentials = await connection.credentials();
    if (current === null || !sameTls(current.credentials.tls, credentials.tls)) {
      // HTTP/1.1 only: one HTTP/2 connection is one queue, and undici's is slower here.
      const options = { ...credentials.tls, allowH2: false, timeout: CONNECT_TIMEOUT_MS, keepAlive: true };
      current = { credentials, connect: buildConnector(options) };
    }
    return current;
  }

  return (options, callback) => {
    // Nothing of any call has been sent while there is no connection.
    const fail = (thrown: unknown, used: Credentials | null): void => {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      // The CA may have been replaced since we read it.
      if (used !== null && UNVERIFIED.test((error as { code?: string }).code ?? '')) connection.refresh(used);
      callback(markNeverSent(error), null);
    };
    renew().then(
      // Out of the promise, so that what undici throws in its callback is not taken for a failure to connect.
      ({ credentials, connect }) =>
        setImmediate(() =>
          connect(options, (...[error, socket]) => {
            if (error === null) callback(null, socket);
            else fail(error, credentials);
          }),
        ),
      (error: unknown) => setImmediate(fail, error, null),
    );
  };
}
