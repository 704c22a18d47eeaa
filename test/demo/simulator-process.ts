// The simulator as a program of its own, changed over its admin port as a user of it would.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervised, Supervisor } from '../controlplane/supervised.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'simulator.js');

export class SimulatorProcess {
  readonly url: string;
  readonly adminURL: string;

  private constructor(url: string, adminURL: string) {
    this.url = url;
    this.adminURL = adminURL;
  }

  /** With one account, whose tree is the hand-made MSP Manager. */
  static async start(supervisor: Supervisor, username: string, password: string): Promise<SimulatorProcess> {
    const args = ['--port=0', '--admin-port=0', '--shape=demo', `--username=${username}`, `--password=${password}`];
    const running = await supervisor.run({ name: 'simulator', command: process.execPath, args: [PROGRAM, ...args] });
    const [url, adminURL] = await readyLine(running);
    return new SimulatorProcess(url, adminURL);
  }

  get host(): string {
    return new URL(this.url).host;
  }

  async addAccount(account: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#call('POST', '/accounts', account);
  }

  /** The id of the company with this name in the tree of an account. */
  async company(username: string, name: string): Promise<string> {
    const path = `/accounts/${encodeURIComponent(username)}/companies?name=${encodeURIComponent(name)}`;
    const { companies } = (await this.#call('GET', path)) as { companies: { id: string; name: string }[] };
    const found = companies.find((company) => company.name === name);
    if (found === undefined) throw new Error(`the simulator has no company ${name}`);
    return found.id;
  }

  /** Changes the tree of an account; returns the id of the company. */
  async change(
    username: string,
    what: 'add' | 'rename' | 'suspend' | 'remove',
    body: Readonly<Record<string, unknown>>,
  ): Promise<string> {
    const answer = (await this.#call('POST', `/tree/${what}`, { account: username, ...body })) as { id?: string };
    return answer.id ?? '';
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.adminURL}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`simulator: ${method} ${path}: ${text}`);
    return JSON.parse(text === '' ? '{}' : text) as unknown;
  }
}

async function readyLine(running: Supervised): Promise<[url: string, adminURL: string]> {
  for (let waited = 0; waited < 20_000; waited += 30) {
    const text = await readFile(running.log, 'utf8').catch(() => '');
    const found = /ready: api (\S+) admin (\S+)/.exec(text);
    if (found !== null) return [found[1] ?? '', found[2] ?? ''];
    if (running.exit() !== undefined) throw new Error(`the simulator ended: ${text}`);
    await sleep(30);
  }
  throw new Error('the simulator was not ready in 20 s');
}
