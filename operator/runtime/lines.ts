// Splits a stream of bytes into lines of JSON text, with a cap on the length of one.

import { KubeError, UNREADABLE } from './errors.ts';

/** etcd takes objects up to 1.5 MB; JSON of a MODIFIED event is a few times that at the very most. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The last line must end in a newline too: text after the last one is an event that was cut off, and passing over it in
 * silence would lose it for good.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      held = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    if (start < chunk.length) {
      held += chunk.length - start;
      if (held > MAX_LINE_BYTES) throw unreadable(what, 'a line is too long');
      parts.push(chunk.subarray(start));
    }
  }
  if (held > 0) throw unreadable(what, 'cut off in the middle of an event');
}

function unreadable(what: string, why: string): KubeError {
  return new KubeError({ status: 0, reason: UNREADABLE, message: `${what}: ${why}` });
}
