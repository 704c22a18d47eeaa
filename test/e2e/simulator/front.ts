// In front of the simulator, in the same pod: TLS for the names that the examples use, and the way to its admin port, which listens
// on loopback alone. `lifecycle.` names lead to the lifecycle service, all others to the EMA 2 API.
// Node runs this file as it is; it imports nothing of the repository.

import { readFileSync } from 'node:fs';
import { createServer as createPlain, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';

const API = 8420;
const ADMIN = 8421;
const certificate = '/certificate';

function forward(port: number, path: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', (error) => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end(error.message);
  });
  // A client that has gone needs no answer.
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

const tls = {
  cert: readFileSync(`${certificate}/tls.crt`),
  key: readFileSync(`${certificate}/tls.key`),
};

createServer(tls, (incoming, outgoing) => {
  const { host = '' } = incoming.headers;
  const path = incoming.url ?? '/';
  forward(API, host.startsWith('lifecycle.') ? `/lifecycle${path}` : path, incoming, outgoing);
}).listen(8443);

createPlain((incoming, outgoing) => forward(ADMIN, incoming.url ?? '/', incoming, outgoing)).listen(8080);

process.once('SIGTERM', () => process.exit(0));
