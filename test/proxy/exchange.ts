// One request on its way through the proxy: carries out the action that was decided for it. It ends when the client has its
// answer or is gone, and until then it can be cut or left hanging from outside.

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PASS, type Action } from './action.ts';
import { first, spoilLine, throttled } from './body.ts';
import type { LogEntry } from './record.ts';
import type { ProxyRequest } from './request.ts';
import type { Upstream } from './upstream.ts';

/** What an exchange needs of its proxy. */
export interface ExchangeDeps {
  readonly upstream: Upstream;
  /** Resolves at the next release. */
  readonly released: () => Promise<void>;
  readonly onBody: (request: ProxyRequest, body: Buffer) => void;
}

export class Exchange {
  readonly request: ProxyRequest;
  readonly #deps: ExchangeDeps;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #socket: Socket;
  readonly #entry: LogEntry;
  readonly #gone = new AbortController();
  #stalled = false;

  /** @param socket the TCP connection below the client's TLS: only that can be reset */
  constructor(
    deps: ExchangeDeps,
    request: ProxyRequest,
    entry: LogEntry,
    req: IncomingMessage,
    res: ServerResponse,
    socket: Socket,
  ) {
    this.#deps = deps;
    this.request = request;
    this.#entry = entry;
    this.#req = req;
    this.#res = res;
    this.#socket = socket;
    res.once('close', () => this.#gone.abort());
    res.on('error', () => {});
  }

  /** Resets the client's connection. */
  cut(): void {
    this.#socket.resetAndDestroy();
  }

  /** From now on nothing more reaches the client, and the connection stays open. */
  stall(): void {
    this.#stalled = true;
  }

  async run(action: Action): Promise<void> {
    try {
      const body: Buffer[] = [];
      for await (const chunk of this.#req as AsyncIterable<Buffer>) body.push(chunk);
      const whole = Buffer.concat(body);
      this.#deps.onBody(this.request, whole);
      await this.#act(action, whole);
    } catch {
      // The API server or the client went away, or an action was ended by that. The client sees it as a lost connection.
      if (!this.#res.writableFinished) this.cut();
    }
  }

  async #act(action: Action, body: Buffer): Promise<void> {
    switch (action.do) {
      case 'delay':
        await sleep(action.ms, undefined, { signal: this.#gone.signal });
        return this.#act(action.next ?? PASS, body);
      case 'freeze': {
        if (action.at === 'request') await this.#orGone(this.#deps.released());
        const answer = await this.#forward(body);
        if (action.at === 'answer') await this.#orGone(this.#deps.released());
        return this.#deliver(answer, answer);
      }
      case 'cut':
      case 'halfOpen': {
        if (typeof action.at === 'object') {
          const answer = await this.#forward(body);
          await this.#pipe(answer, first(answer, action.at.byte));
        } else if (action.at === 'answer') (await this.#forward(body)).resume();
        action.tell?.();
        if (action.do === 'cut') return this.#end(action.at);
        if (action.ms === undefined) return this.#hang();
        await sleep(action.ms, undefined, { signal: this.#gone.signal });
        return this.cut();
      }
      case 'status':
        if (action.forward === true) (await this.#forward(body)).resume();
        return this.#refuse(action.code, action.retryAfterSeconds);
      case 'throttle': {
        const answer = await this.#forward(body);
        return this.#deliver(answer, throttled(answer, action.bytesPerSecond, this.#gone.signal));
      }
      case 'spoilEvent': {
        const answer = await this.#forward(body);
        return this.#deliver(answer, this.request.isWatch ? spoilLine(answer, action.line, action.how) : answer);
      }
      case 'pass': {
        const answer = await this.#forward(body);
        await this.#deliver(answer, answer);
        action.tell?.();
      }
    }
  }

  /** Sends the request to the API server. A write that was sent is seen through even if the client is gone meanwhile. */
  async #forward(body: Buffer): Promise<IncomingMessage> {
    const signal = this.request.isWrite ? undefined : this.#gone.signal;
    const answer = await this.#deps.upstream.send(this.#req, body, this.request.isWatch, signal);
    this.#entry.status = answer.statusCode ?? 0;
    return answer;
  }

  async #deliver(answer: IncomingMessage, bytes: AsyncIterable<Buffer>): Promise<void> {
    await this.#pipe(answer, bytes);
    const finished = once(this.#res, 'finish', { signal: this.#gone.signal });
    this.#res.end();
    await finished;
  }

  async #pipe(answer: IncomingMessage, bytes: AsyncIterable<Buffer>): Promise<void> {
    if (this.#stalled) await this.#hang();
    this.#res.writeHead(answer.statusCode ?? 502, endToEnd(answer));
    this.#res.flushHeaders();
    for await (const chunk of bytes) {
      if (this.#stalled) await this.#hang();
      if (!this.#res.write(chunk)) await once(this.#res, 'drain', { signal: this.#gone.signal });
    }
    if (this.#stalled) await this.#hang();
  }

  async #end(at: 'request' | 'answer' | { readonly byte: number }): Promise<void> {
    if (typeof at === 'string') return this.cut();
    // A reset would also throw away what the client has not read yet. Without the end of TLS and HTTP it is as broken.
    await sleep(5);
    this.#socket.destroy();
  }

  #refuse(code: number, retryAfterSeconds: number | undefined): void {
    this.#entry.status = code;
    const reason = REASONS[code] ?? 'InternalError';
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code,
      reason,
      message: `${code} of the proxy`,
    };
    this.#res.writeHead(code, {
      'content-type': 'application/json',
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    });
    this.#res.end(JSON.stringify(status));
  }

  /** Until the client is gone. */
  #hang(): Promise<never> {
    return this.#orGone(new Promise<never>(() => {}));
  }

  async #orGone<T>(waiting: Promise<T>): Promise<T> {
    const { signal } = this.#gone;
    signal.throwIfAborted();
    let onGone = (): void => {};
    const gone = new Promise<never>((_, reject) => {
      onGone = () => reject(new Error('the client is gone'));
      signal.addEventListener('abort', onGone, { once: true });
    });
    return Promise.race([waiting, gone]).finally(() => signal.removeEventListener('abort', onGone));
  }
}

/** As the API server words them. */
const REASONS: Readonly<Record<number, string>> = {
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

function endToEnd({ rawHeaders }: IncomingMessage): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!['connection', 'keep-alive', 'transfer-encoding'].includes(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}
