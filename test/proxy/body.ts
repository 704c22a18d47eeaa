// The ways in which an answer's bytes can be spoilt on their way to the client.

import { setTimeout as sleep } from 'node:timers/promises';

type Bytes = AsyncIterable<Buffer>;

/** Only this fast: small pieces with pauses, and the source is read no faster. */
export async function* throttled(source: Bytes, bytesPerSecond: number, signal: AbortSignal): Bytes {
  const piece = Math.max(1, Math.floor(bytesPerSecond / 20));
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += piece) {
      const part = chunk.subarray(at, at + piece);
      yield part;
      await sleep((part.length / bytesPerSecond) * 1000, undefined, { signal });
    }
  }
}

/** The first so many bytes, then it returns though the source goes on. */
export async function* first(source: Bytes, bytes: number): Bytes {
  let left = bytes;
  if (left === 0) return;
  for await (const chunk of source) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/** Line `n`, from 1, is left out or loses its second half; the others pass as they are. */
export async function* spoilLine(source: Bytes, n: number, how: 'drop' | 'truncate'): Bytes {
  let line = 1;
  let held: Buffer[] = [];
  for await (const chunk of source) {
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf(0x0a, start);
      const end = newline === -1 ? chunk.length : newline + 1;
      const part = chunk.subarray(start, end);
      start = end;
      if (line !== n) yield part;
      else held.push(part);
      if (newline === -1) continue;
      if (line === n && how === 'truncate') {
        const whole = Buffer.concat(held);
        yield Buffer.concat([whole.subarray(0, Math.floor(whole.length / 2)), Buffer.from('\n')]);
      }
      held = [];
      line++;
    }
  }
}
