// Log lines for a terminal: time, level, message, then what else the line carries. Production logs are JSON.

import type { DestinationStream } from 'pino';

const LEVELS: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO ',
  40: 'WARN ',
  50: 'ERROR',
  60: 'FATAL',
};

/** A destination for pino that writes readable lines. */
export function prettyStream(out: { write(text: string): unknown }): DestinationStream {
  return {
    write(line: string): void {
      const { level, time, msg, ...rest } = JSON.parse(line) as { level: number; time: string; msg?: string };
      const fields = Object.entries(rest).map(
        ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      out.write(
        `${time.slice(11, 23)} ${LEVELS[level] ?? level} ${msg ?? ''}${fields.length > 0 ? `  ${fields.join(' ')}` : ''}\n`,
      );
    },
  };
}
