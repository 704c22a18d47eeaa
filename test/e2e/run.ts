// Runs a program whose failure ends the run, and says what it printed then.

import { runProgram, type ProgramOptions } from '../controlplane/run.ts';

/** @returns its standard output */
export async function must(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, args, options);
  if (code === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-30).join('\n');
  throw new Error(`${command} ${args.join(' ')} failed with ${code}:\n${said}`);
}
