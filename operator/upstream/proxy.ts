// The administrator's egress proxy: which addresses go through it, and the tunnel (CONNECT) to one of them. The TLS connection
// inside the tunnel ends at upstream itself, so the proxy sees a host name and nothing else.
//
// What this does to the guard against forged addresses (address.ts): with a proxy it is the proxy that resolves names, and
// what a name leads to is its business. What stays: only hosts of the allow-list, and so no address written as such unless
// the administrator wrote it there.

import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';

export interface ProxySettings {
  /** `http://` or `https://`, with a user and password if it wants them. */
  readonly url: URL;
  /** Hosts that are reached directly: see `bypasses`. */
  readonly except: readonly string[];
}

/** `code` of the error that a proxy's refusal raises is this and the HTTP status. */
export const PROXY_REFUSED = 'ERR_PROXY_REFUSED_';

/** `null`: not the address of a proxy. */
export function parseProxy(text: string): URL | null {
  // As other programs take it: without a scheme it is http.
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return null;
  return url.pathname === '/' && url.search === '' && url.hash === '' ? url : null;
}

/**
 * True if the address is reached directly: loopback always, and what the list names as `*`, a host with all below it
 * (`example.org`, `.example.org`), an address, a range of addresses (`10.0.0.0/8`), each with or without a port.
 */
export function bypasses(except: readonly string[], url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const family = isIP(host);
  if (host === 'localhost' || host === '::1' || (family === 4 && host.startsWith('127.'))) return true;
  const port = url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port;
  return except.some((entry) => {
    const { name, port: only } = split(entry.trim().toLowerCase());
    if (name === '' || (only !== null && only !== port)) return false;
    if (name === '*') return true;
    if (family !== 0) return name === host || inRange(name, host);
    const suffix = name.replace(/^\*?\./, '');
    return (host === suffix && !name.startsWith('*')) || host.endsWith(`.${suffix}`);
  });
}

function split(entry: string): { readonly name: string; readonly port: string | null } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return { name: bracketed[1] ?? '', port: bracketed[2] ?? null };
  const plain = /^([^:]+):(\d+)$/.exec(entry);
  return plain === null ? { name: entry, port: null } : { name: plain[1] ?? '', port: plain[2] ?? null };
}

function inRange(range: string, address: string): boolean {
  const [net = '', bits = ''] = range.split('/');
  const family = isIP(net);
  if (family === 0 || family !== isIP(address) || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(net, Number(bits), type);
  return list.check(address, type);
}

/**
 * A connection to `host` (with its port) through the proxy, on which nothing has been said yet.
 * @param secureContext whom a proxy that is reached by https is trusted by
 */
export function openTunnel(proxy: URL, host: string, timeoutMs: number, secureContext: SecureContext): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const { username, password } = proxy;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const secure = proxy.protocol === 'https:';
  const hostname = proxy.hostname.replace(/^\[|\]$/g, '');
  const options = {
    host: hostname,
    // The proxy's name, which Node would take from the Host header: that one is upstream's.
    servername: isIP(hostname) === 0 ? hostname : '',
    port: proxy.port === '' ? (secure ? 443 : 80) : Number(proxy.port),
    method: 'CONNECT',
    path: host,
    headers: {
      host,
      ...(username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
    },
    agent: false,
    // Goes on to tls.connect, though the types do not say so.
    secureContext,
  };
  const sent = (secure ? requestHttps : requestHttp)(options);
  const timer = setTimeout(() => sent.destroy(coded('ETIMEDOUT')), timeoutMs);
  sent.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
    clearTimeout(timer);
    // Upstream speaks after us: what comes now is not from there.
    if (statusCode === 200 && head.length === 0) {
      resolve(socket);
      return;
    }
    socket.destroy();
    reject(coded(`${PROXY_REFUSED}${statusCode}`));
  });
  sent.once('error', (error) => {
    clearTimeout(timer);
    reject(error);
  });
  sent.end();
  return promise;
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
