// The last lines of a log file, for error messages.
import { open } from 'node:fs/promises';

export async function tail(path: string, lines = 20): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const length = Math.min(size, 64 * 1024);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.toString('utf8').trimEnd().split('\n').slice(-lines);
    // Go programs print their whole usage or a panic's stacks in very long lines: keep each readable.
    return text.map((line) => (line.length > 600 ? `${line.slice(0, 600)}…` : line)).join('\n');
  } catch {
    return '(no log)';
  }
}
