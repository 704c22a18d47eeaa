// An HTTP server whose answers are bent at random, seeded by what is asked and how often, so that a case replays. It remembers what it
// sent, down to the bytes.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Random } from '../simulator/random.ts';
import { bend, head } from './bend.ts';

/** What an honest server would answer; `null`: it knows no such page. */
export type Honest = (question: Question) => unknown;

export interface Question {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly question: Question;
  /** Head and body as they went onto the wire. */
  readonly raw: Buffer;
  readonly isBent: boolean;
}

export interface FuzzServer {
  readonly host: string;
  /** From the last `begin` on. */
  readonly sent: readonly Sent[];
  /** A case of its own. @param wildness which part of the answers is bent */
  begin(seed: string, wildness: number, honest: Honest): void;
  close(): Promise<void>;
}

/** Of bent answers, so many do not come to their end. */
const HANGS = 0.01;

export async function startFuzzServer(corpus: readonly Buffer[]): Promise<FuzzServer> {
  let sent: Sent[] = [];
  let seed = '';
  let wildness = 0;
  let honest: Honest = () => null;
  let asked = new Map<string, number>();
  const server = createServer({ keepAlive: false }, (request, response) => {
    void (async () => {
      const question = await read(request);
      const key = JSON.stringify(question);
      const nth = (asked.get(key) ?? 0) + 1;
      asked.set(key, nth);
      const random = new Random(`${seed} ${key} ${nth}`);
      const chance = (): number => random.float();
      const answer = honest(question);
      let body = Buffer.from(answer === null ? '{}' : JSON.stringify(answer));
      const isBent = chance() < wildness;
      if (isBent && chance() < 0.8) body = Buffer.from(bend(body, corpus, chance));
      const status = answer === null ? '404 Not Found' : '200 OK';
      let lines = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
      if (isBent && chance() < 0.4) lines = head(body.length, chance);
      let raw = Buffer.concat([Buffer.from(lines), body]);
      if (isBent && chance() < 0.05) raw = Buffer.from(bend(raw, corpus, chance));
      sent.push({ question, raw, isBent });
      const { socket } = response;
      if (isBent && chance() < HANGS) socket?.write(raw.subarray(0, Math.floor(chance() * raw.length)));
      else socket?.end(raw);
    })();
  });
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sent() {
      return sent;
    },
    begin(...[nextSeed, nextWildness, nextHonest]) {
      [sent, asked, seed, wildness, honest] = [[], new Map(), nextSeed, nextWildness, nextHonest];
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function read(request: IncomingMessage): Promise<Question> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const body = text === '' ? {} : (JSON.parse(text) as Question['body']);
  return { method: request.method ?? '', path: request.url ?? '', body };
}

/** As the first line says it; `null`: it says nothing. */
export function statusOf({ raw }: Sent): number | null {
  const match = /^HTTP\/1\.[01] (\d{3}) /.exec(raw.subarray(0, 40).toString('latin1'));
  return match === null ? null : Number(match[1]);
}

/** What comes after the head, for as long as that says, as JSON; `undefined`: it is none. */
export function jsonOf({ raw }: Sent): unknown {
  const at = raw.indexOf('\r\n\r\n');
  const length = /^content-length: *(\d+)\r$/im.exec(raw.subarray(0, at + 2).toString('latin1'))?.[1];
  const body = raw.subarray(at + 4, length === undefined ? raw.length : at + 4 + Number(length));
  try {
    return at < 0 ? undefined : JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

/** The first of its keys that is spelt so in some case. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key.toLowerCase() === name)?.[1];
}
