// The cheapest HTTP client for the API server that we know: a pool of kept-alive connections, bodies that were made before,
// nothing parsed, nothing retried. What it reaches is taken for the API server's own speed.

import { Pool } from 'undici';

export interface RawClientOptions {
  readonly url: string;
  readonly ca: string | undefined;
  readonly token: string;
  readonly connections: number;
}

export class RawClient {
  readonly #pool: Pool;
  readonly #authorization: string;

  constructor({ url, ca, token, connections }: RawClientOptions) {
    const connect = { ...(ca === undefined ? {} : { ca }), allowH2: false };
    this.#pool = new Pool(url, { connections, pipelining: 1, connect });
    this.#authorization = `Bearer ${token}`;
  }

  /** The text of the answer; an error status is an exception with its beginning. */
  async call(method: 'GET' | 'POST' | 'PATCH', path: string, body: string | null = null): Promise<string> {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const response = await this.#pool.request({
      method,
      path,
      headers: { authorization: this.#authorization, 'content-type': contentType },
      body,
    });
    const text = await response.body.text();
    if (response.statusCode < 300) return text;
    throw new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 500)}`);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** Runs `work` over the items, at most `concurrency` at a time. */
export async function inFlight<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) await work(item, index);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
