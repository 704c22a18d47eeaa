// The simulator as a program of its own, with one large account, changed over its admin port.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervised, Supervisor } from '../controlplane/supervised.ts';
import { companyTypes, type CompanyRecord } from '../simulator/company.ts';
import { inFlight } from './raw-client.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'simulator.js');
const START_TIMEOUT_MS = 60_000;
export const LOGIN = { username: 'bench@msp.example', password: 'bench' };

export interface Changes {
  readonly renamed: number;
  readonly added: number;
  readonly suspended: number;
}

export class Upstream {
  readonly pid: number;
  readonly url: string;
  readonly companies: readonly CompanyRecord[];
  readonly #adminURL: string;

  private constructor(pid: number, url: string, adminURL: string, companies: readonly CompanyRecord[]) {
    this.pid = pid;
    this.url = url;
    this.#adminURL = adminURL;
    this.companies = companies;
  }

  static async start(supervisor: Supervisor, companies: number): Promise<Upstream> {
    const args = [
      '--port=0',
      '--admin-port=0',
      '--shape=msp-manager',
      `--companies=${companies}`,
      `--username=${LOGIN.username}`,
      `--password=${LOGIN.password}`,
    ];
    const running = await supervisor.run({ name: 'simulator', command: process.execPath, args: [PROGRAM, ...args] });
    const [url, adminURL] = await addresses(running);
    const list = `/accounts/${encodeURIComponent(LOGIN.username)}/companies?take=${companies}`;
    const answer = (await call(`${adminURL}${list}`)) as { companies: CompanyRecord[] };
    return new Upstream(running.pid, url, adminURL, answer.companies);
  }

  get host(): string {
    return new URL(this.url).host;
  }

  /** As it was at the start. */
  get customers(): readonly CompanyRecord[] {
    return this.companies.filter(({ type }) => type === companyTypes.Customer);
  }

  /** What may happen upstream in a day: some customers get another name, some are new, some are suspended. */
  async change({ renamed, added, suspended }: Changes): Promise<void> {
    const active = this.customers.filter(({ status }) => status === 'active');
    const parents = this.companies.filter(({ type }) => type === companyTypes.ManagedMSP);
    // Spread over the tree, and no customer twice.
    const step = Math.max(1, Math.floor(active.length / (renamed + suspended)));
    const chosen = active.filter((_, index) => index % step === 0);
    const requests: [what: string, body: object][] = [
      ...chosen.slice(0, renamed).map(({ id, name }): [string, object] => ['rename', { id, name: `${name} Group` }]),
      ...chosen.slice(renamed, renamed + suspended).map(({ id }): [string, object] => ['suspend', { id }]),
      ...Array.from({ length: added }, (_, index): [string, object] => {
        const parentId = parents[index % Math.max(1, parents.length)]?.id;
        return ['add', { name: `New Customer ${index + 1} Limited`, ...(parentId === undefined ? {} : { parentId }) }];
      }),
    ];
    await inFlight(requests, 8, async ([what, body]) => {
      await call(`${this.#adminURL}/tree/${what}`, { account: LOGIN.username, ...body });
    });
  }
}

async function call(url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`simulator: ${url}: ${text}`);
  return JSON.parse(text) as unknown;
}

async function addresses(running: Supervised): Promise<[url: string, adminURL: string]> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const text = await readFile(running.log, 'utf8').catch(() => '');
    const found = /ready: api (\S+) admin (\S+)/.exec(text);
    if (found !== null) return [found[1] ?? '', found[2] ?? ''];
    if (running.exit() !== undefined) throw new Error(`the simulator ended: ${text}`);
    if (Date.now() > deadline) throw new Error(`the simulator was not ready in ${START_TIMEOUT_MS / 1000} s`);
    await sleep(30);
  }
}
