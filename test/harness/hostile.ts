// An upstream that gives away what it is told: whatever it answers holds the login, the token and words of its own, in its body,
// its headers or where no HTTP should be. It serves the EMA 2 API and the lifecycle service alike.

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Begins every secret here, so that a piece of one is found as well. */
export const MARK = 'c4n4ry';
/** Of the API: printable, as a header takes it, and full of what encodings change. */
export const ACCESS_TOKEN = `${MARK}-access.eyJ4"<&>+/='.%7Btoken%7D`;
export const REFRESH_TOKEN = `${MARK}-refresh "<&>\\+/=' žluť`;
export const BODY = `${MARK}-body "<&>\\+/=' žluť`;

interface Told {
  readonly operation: string;
  /** Login, bearer and words of our own, for a body or, in ASCII, for a header. */
  readonly echo: string;
  readonly response: ServerResponse;
}

type Answer = (told: Told) => void;

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
const error =
  (status: number): Answer =>
  ({ response, echo }) =>
    json(response, status, { code: 0, subCode: 0, message: echo, [echo]: echo });
const page =
  (status: number): Answer =>
  ({ response, echo }) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(`<html><title>${echo}</title>${echo}</html>`);
  };
const text =
  (body: (echo: string) => string): Answer =>
  ({ response, echo }) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body(echo));
  };
const head =
  (status: number, header: string): Answer =>
  ({ response, echo }) => {
    const value = header === 'location' ? `https://elsewhere.example/?${encodeURIComponent(echo)}` : encodeURI(echo);
    response.writeHead(status, `${MARK}-reason`, { [header]: value, 'x-echo': encodeURI(echo) }).end(echo);
  };
const raw =
  (bytes: (echo: string) => string): Answer =>
  ({ response, echo }) => {
    response.socket?.end(bytes(echo));
  };

/** What it can answer. */
export const ANSWERS = {
  'a JSON error 400': error(400),
  'a JSON error 401': error(401),
  'a JSON error 403': error(403),
  'a JSON error 404': error(404),
  'a JSON error 409': error(409),
  'a JSON error 500': error(500),
  'an HTML error 401': page(401),
  'an HTML error 500': page(500),
  'an HTML page 200': page(200),
  'a redirect': head(302, 'location'),
  'odd headers and a reason phrase': head(503, 'retry-after'),
  'half a JSON object': text((echo) => `{"message": ${JSON.stringify(echo)}, `),
  'something that is no JSON at all': text((echo) => echo),
  'a JSON string': text((echo) => JSON.stringify(echo)),
  'an object of another shape': text((echo) => JSON.stringify({ company: { id: echo, type: echo }, [echo]: [echo] })),
  'something that is not HTTP': raw((echo) => `${echo}\r\n\r\n`),
  'a header that is not HTTP': raw((echo) => `HTTP/1.1 200 OK\r\n${echo}: ${echo}\r\n\r\n`),
  'headers without end': raw((echo) => `HTTP/1.1 200 OK\r\nx: ${encodeURI(echo).repeat(200)}`),
} satisfies Record<string, Answer>;

export type AnswerName = keyof typeof ANSWERS;

export interface Hostile {
  readonly host: string;
  /** What is answered, and to which operation (`Token/Get`, `User/Current`, …) or to all; the others get what is right. */
  now: { readonly answer: AnswerName; readonly to: string | null };
  /** Operations asked for since `now` was set by `turn`. */
  readonly asked: string[];
  turn(now: Hostile['now']): void;
  close(): Promise<void>;
}

export async function startHostile(): Promise<Hostile> {
  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const operation = (request.url ?? '').replace(/^\/(api\/)?/, '');
      hostile.asked.push(operation);
      const { answer, to } = hostile.now;
      const echo = `${BODY} ${body} ${request.headers.authorization ?? ''} ${ACCESS_TOKEN} ${REFRESH_TOKEN}`;
      if (to === null || to === operation) ANSWERS[answer]({ operation, echo, response });
      else if (operation.startsWith('Token/'))
        json(response, 200, { accessToken: ACCESS_TOKEN, refreshToken: REFRESH_TOKEN });
      else if (operation === 'User/Current')
        json(response, 200, { company: { companyId: COMPANY, name: 'X', type: 1005 } });
      else json(response, 200, { companies: [], search: [] });
    })();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const hostile: Hostile = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    now: { answer: 'a JSON error 500', to: null },
    asked: [],
    turn(now) {
      hostile.now = now;
      hostile.asked.length = 0;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return hostile;
}

const COMPANY = '0f8fad5b-d9cb-469f-a165-70867728950e';
