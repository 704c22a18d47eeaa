// A proxy as companies run them: it takes CONNECT, may want a login, and resolves the names itself.

import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Certificate } from '../harness/x509.ts';

export interface TestProxy {
  readonly url: URL;
  /** What was asked for, `host:port`, allowed or not. */
  readonly asked: string[];
  /** Bytes that went into tunnels, as they were. */
  readonly passed: Buffer[];
}

export interface TestProxyOptions {
  /** Where a name leads to, as `host:port` → port on loopback; other names are refused with 403. */
  readonly names: Readonly<Record<string, number>>;
  /** `user:password` that it wants. */
  readonly login?: string;
  /** Speaks TLS. */
  readonly certificate?: Certificate;
  /** Instead of an answer to CONNECT. */
  readonly misbehave?: (socket: Socket) => void;
}

export async function startTestProxy(options: TestProxyOptions): Promise<TestProxy> {
  const { names, login, certificate, misbehave } = options;
  const server: Server = certificate === undefined ? createServer() : createSecureServer({ ...certificate });
  const asked: string[] = [];
  const passed: Buffer[] = [];
  const sockets = new Set<Socket>();
  const hold = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  server.on('connection', hold);
  // A request that is no CONNECT: nobody should send one.
  server.on('request', (_, response) => response.writeHead(405).end());
  server.on('connect', ({ url = '', headers }, near: Socket) => {
    asked.push(url);
    hold(near);
    if (misbehave !== undefined) {
      misbehave(near);
      return;
    }
    const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
    const port = names[url];
    const status =
      headers['proxy-authorization'] !== wanted
        ? '407 Proxy Authentication Required'
        : port === undefined && '403 Forbidden';
    if (status || port === undefined) {
      near.end(`HTTP/1.1 ${status}\r\nContent-Length: 6\r\n\r\ncanary`);
      return;
    }
    const far = connect(port, '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      near.on('data', (chunk: Buffer) => passed.push(chunk));
      near.pipe(far).pipe(near);
    });
    hold(far);
    far.on('close', () => near.destroy());
    near.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  const scheme = certificate === undefined ? 'http' : 'https';
  const url = new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`);
  if (login !== undefined) [url.username = '', url.password = ''] = login.split(':');
  return { url, asked, passed };
}
