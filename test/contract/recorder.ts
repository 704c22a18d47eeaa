// A proxy on loopback that passes everything on and keeps what was said, so that both sides can be held against the contract.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Exchange } from './openapi.ts';

export interface Recorder {
  /** Stands in for the target's address. */
  readonly url: string;
  readonly exchanges: Exchange[];
  close(): Promise<void>;
}

/** @param target base address; paths are recorded below it */
export async function record(target: string): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let requestBody = '';
      for await (const chunk of request) requestBody += String(chunk);
      const { method = '', url: path = '' } = request;
      const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers as Record<string, string>;
      const answer = await fetch(`${target}${path}`, {
        method,
        headers,
        ...(requestBody === '' ? {} : { body: requestBody }),
      });
      const responseBody = await answer.text();
      const responseHeaders = Object.fromEntries(answer.headers);
      exchanges.push({
        method,
        path,
        requestHeaders: headers,
        requestBody,
        status: answer.status,
        responseHeaders,
        responseBody,
      });
      response.writeHead(answer.status, responseHeaders);
      response.end(responseBody);
    })();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
