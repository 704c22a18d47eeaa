// The operator: flags → configuration → parts → run.

import { hostname } from 'node:os';
import { pino } from 'pino';
import { parseConfig } from './config.ts';
import { prettyStream } from './log.ts';
import { runOperator } from './wire.ts';

declare const PROGRAM_VERSION: string | undefined;
const version = typeof PROGRAM_VERSION === 'undefined' ? 'dev' : PROGRAM_VERSION;

const config = parseConfig(process.argv, process.env, version);
const options = { level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime };
const log = config.logFormat === 'pretty' ? pino(options, prettyStream(process.stdout)) : pino(options);

const EXIT_GRACE_MS = 3_000;

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    log.info({ signal }, 'asked to stop');
    stopping.abort();
  });
}

try {
  await runOperator(config, { version, instance: hostname() }, log, stopping.signal);
} catch (error) {
  log.fatal({ err: error }, 'the operator ends');
  process.exitCode = 1;
  // Whatever still hangs must not keep the next one from starting.
  setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
}
