// Waits until an API server is ready; fails as soon as one of the programs it needs has ended.
import { get } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import type { Supervised } from './supervised.ts';
import { tail } from './tail.ts';

export class StartError extends Error {
  override name = 'StartError';
}

/** Returns the CA: the API server writes it while it starts. */
export async function waitReady(
  url: string,
  token: string,
  certificatePath: string,
  programs: readonly Supervised[],
  timeoutMs: number,
): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  let last = 'it does not listen yet';
  for (;;) {
    for (const program of programs) {
      const exit = program.exit();
      if (exit === undefined) continue;
      const how = exit.signal ?? `exit code ${exit.code}`;
      throw new StartError(`${program.name} ended (${how}). The end of its log:\n${await tail(program.log)}`);
    }
    const ca = await readFile(certificatePath, 'utf8').catch(() => undefined);
    if (ca !== undefined) {
      const answer = await ask(`${url}/readyz`, token, ca);
      if (answer === 'ready') return ca;
      last = answer;
    }
    if (Date.now() > deadline) {
      const logs = await Promise.all(
        programs.map(async (program) => `--- ${program.name}\n${await tail(program.log)}`),
      );
      throw new StartError(`the API server is not ready after ${timeoutMs} ms: ${last}\n${logs.join('\n')}`);
    }
    await sleep(25);
  }
}

function ask(url: string, token: string, ca: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get(
      url,
      { ca, agent: false, timeout: 2_000, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200 ? 'ready' : `/readyz answers ${response.statusCode}`);
      },
    );
    request.once('timeout', () => request.destroy(new Error('no answer within 2 s')));
    request.once('error', (error) => resolve(error.message));
  });
}
