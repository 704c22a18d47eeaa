// Runs a program to its end and returns what it printed. A non-zero exit is a result, not an exception.
import { spawn } from 'node:child_process';

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export interface ProgramOptions {
  readonly input?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number | undefined;
}

export function runProgram(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      stdio: 'pipe',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {}); // the program may not read its input
    child.stdin.end(options.input ?? '');
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal !== null) stderr.push(Buffer.from(`\n${command} was ended by ${signal}${late(options)}\n`));
      resolve({
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
        code: code ?? 128,
      });
    });
  });
}

function late(options: ProgramOptions): string {
  return options.timeoutMs === undefined ? '' : ` (it may take ${options.timeoutMs} ms)`;
}
