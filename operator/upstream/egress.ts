// How connections to upstream are opened: directly, with the address checked at that moment, or through the proxy; and whom
// they trust.

import { buildConnector, type Pool } from 'undici';
import { publicOnlyLookup } from './address.ts';
import { bypasses, openTunnel, type ProxySettings } from './proxy.ts';
import { Trust } from './trust.ts';

export interface Egress {
  readonly trust: Trust;
  /** `null`: everything directly. */
  readonly proxy: ProxySettings | null;
}

/** No proxy, and the authorities that Node knows. */
export function directEgress(): Egress {
  return { trust: new Trust({ monotonic: () => performance.now(), onTrouble: () => {} }), proxy: null };
}

export interface Route {
  readonly url: URL;
  readonly timeoutMs: number;
  /** May the host name resolve to a private address? */
  readonly allowPrivate: boolean;
  /** For tests. Default: the system's. */
  readonly resolver?: Parameters<typeof publicOnlyLookup>[0];
}

/** For a pool of connections to that one address. */
export function connectThrough({ trust, proxy }: Egress, route: Route): NonNullable<Pool.Options['connect']> {
  const { url, timeoutMs, allowPrivate, resolver } = route;
  const tls = { timeout: timeoutMs, secureContext: trust.context() };
  if (proxy === null || bypasses(proxy.except, url)) {
    return { ...tls, ...(allowPrivate ? {} : { lookup: publicOnlyLookup(resolver) }) };
  }
  const connectInside = buildConnector({ ...tls, allowH2: false });
  const host = `${url.hostname}:${url.port === '' ? '443' : url.port}`;
  return (options, callback) => {
    openTunnel(proxy.url, host, timeoutMs, tls.secureContext).then(
      // Out of the promise, so that what undici throws in its callback is not taken for a failure of the proxy.
      (httpSocket) => setImmediate(connectInside, { ...options, httpSocket }, callback),
      (error: Error) => setImmediate(callback, error, null),
    );
  };
}
