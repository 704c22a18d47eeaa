// The simulator as a library: the accounts, trees, faults, counts and both ports of one process. Every method works without HTTP.
import { Account } from './account.ts';
import type { AccountSettings } from './account.ts';
import { adminHandler } from './admin.ts';
import { Api } from './api.ts';
import { FaultBook } from './faults.ts';
import type { Fault } from './faults.ts';
import { listen } from './http.ts';
import type { LoopbackServer } from './http.ts';
import { LifecycleApi, lifecyclePrefix } from './lifecycle-api.ts';
import { defaultQuirks, parseQuirks } from './quirks.ts';
import type { Quirks } from './quirks.ts';
import { RequestLog } from './request-log.ts';
import type { Counts, LogEntry } from './request-log.ts';
import { generateTree } from './shapes.ts';
import type { GenerateOptions } from './shapes.ts';
import { Tokens } from './tokens.ts';
import { Tree } from './tree.ts';
import type { CompanyInput } from './tree.ts';

export { Account } from './account.ts';
export { Company, companyTypes } from './company.ts';
export type { CompanyRecord, CompanyStatus, CompanyType, CompanyTypeName } from './company.ts';
export type { Fault, FaultBook, FaultEffect, FaultKind, FaultMatch, FaultState } from './faults.ts';
export type { Quirks } from './quirks.ts';
export type { LifecycleAccount } from './lifecycle-account.ts';
export type { InstanceState, LifecycleSettings, Pace, Region, SimulatedInstance } from './lifecycle-instance.ts';
export { violations } from './lifecycle-ledger.ts';
export type { LedgerAction, LedgerEntry, Service } from './lifecycle-ledger.ts';
export type { AccountCounts, Counts, LogEntry } from './request-log.ts';
export { generateTree, shapes } from './shapes.ts';
export type { GenerateOptions, Shape } from './shapes.ts';
export { Tree, TreeError } from './tree.ts';
export type { CompanyChange, CompanyInput, ForceOption } from './tree.ts';

/** The tree: a given one, a list (parents first), that of another account, or a generated one (seed: the username). */
export interface AccountOptions extends Omit<AccountSettings, 'tree' | 'now'>, Omit<GenerateOptions, 'now'> {
  tree?: Tree | readonly CompanyInput[];
  /** Username of an account whose tree this one looks into as well; `companyId` says where it stands there. */
  treeOf?: string;
}

export interface SimulatorOptions {
  /** 0, the default, is a free port. */
  port?: number;
  adminPort?: number;
  /** false: no admin port. */
  admin?: boolean;
  accounts?: readonly AccountOptions[];
  /** For every account that does not have its own. */
  quirks?: Partial<Quirks>;
  faults?: readonly Fault[];
  /** Requests kept in the log; default 10,000. */
  logSize?: number;
  /** For tokens and dates; default Date.now. */
  now?: () => number;
  seed?: string | number;
}

/** What the library and the admin port work on. */
export class SimulatorCore {
  readonly faults = new FaultBook();
  readonly requestLog: RequestLog;
  readonly tokens: Tokens;
  readonly api: Api;
  readonly lifecycleAPI: LifecycleApi;
  readonly now: () => number;
  readonly #accounts = new Map<string, Account>();
  readonly #byUserId = new Map<string, Account>();
  #quirks: Partial<Quirks> = {};

  constructor(options: SimulatorOptions) {
    this.now = options.now ?? Date.now;
    this.requestLog = new RequestLog(options.logSize ?? 10_000);
    this.tokens = new Tokens(this.now, (id) => this.#byUserId.get(id));
    this.api = new Api({
      account: (username) => this.#accounts.get(username),
      tokens: this.tokens,
      faults: this.faults,
      log: this.requestLog,
      quirks: () => this.quirks,
      now: this.now,
      seed: options.seed ?? 1,
    });
    this.lifecycleAPI = new LifecycleApi({
      accounts: () => this.#accounts.values(),
      faults: this.faults,
      log: this.requestLog,
      now: this.now,
    });
    this.setQuirks(options.quirks ?? {});
    for (const account of options.accounts ?? []) this.addAccount(account);
    for (const fault of options.faults ?? []) this.faults.add(fault);
  }

  get quirks(): Readonly<Quirks> {
    return { ...defaultQuirks, ...this.#quirks };
  }

  /** For every account that does not have its own; from the next request on. */
  setQuirks(quirks: Partial<Quirks>): void {
    this.#quirks = { ...this.#quirks, ...parseQuirks({ ...quirks }) };
    for (const account of this.#accounts.values()) account.inheritQuirks(this.#quirks);
  }

  addAccount(options: AccountOptions): Account {
    const { username, password, tree, treeOf, companyId, hidden, shown, quirks, ...others } = options;
    const { lifecycleToken, services, lifecycle, ...generate } = others;
    if (this.#accounts.has(username)) throw new RangeError(`account ${username} exists already`);
    const grown = (): Tree => {
      if (treeOf !== undefined) return this.account(treeOf).tree;
      if (tree instanceof Tree) return tree;
      if (tree) return Tree.from(tree, { now: this.now });
      return generateTree({ ...generate, seed: generate.seed ?? username, now: this.now });
    };
    const account = new Account({
      username,
      password,
      tree: grown(),
      ...(companyId !== undefined && { companyId }),
      ...(hidden && { hidden }),
      ...(shown && { shown }),
      quirks: parseQuirks({ ...quirks }),
      ...(lifecycleToken !== undefined && { lifecycleToken }),
      ...(services && { services }),
      ...(lifecycle && { lifecycle }),
      now: this.now,
    });
    account.inheritQuirks(this.#quirks);
    this.#accounts.set(username, account);
    this.#byUserId.set(account.userId, account);
    return account;
  }

  /** Its logins fail and its tokens are refused from now on. */
  removeAccount(username: string): void {
    const account = this.account(username);
    account.revokeTokens();
    this.#accounts.delete(username);
    this.#byUserId.delete(account.userId);
  }

  hasAccount(username: string): boolean {
    return this.#accounts.has(username);
  }

  account(username: string): Account {
    const account = this.#accounts.get(username);
    if (!account) throw new RangeError(`no account ${username}`);
    return account;
  }

  accounts(): Account[] {
    return [...this.#accounts.values()];
  }

  counts(): Counts {
    return this.requestLog.counts();
  }

  /** The last requests, oldest first. */
  log(): LogEntry[] {
    return this.requestLog.entries();
  }

  clearLog(): void {
    this.requestLog.clear();
  }
}

export class Simulator extends SimulatorCore {
  #api: LoopbackServer | undefined;
  #admin: LoopbackServer | undefined;

  /** The base to which a client appends /api/…: http://127.0.0.1:PORT */
  get url(): string {
    if (!this.#api) throw new Error('the simulator is not listening');
    return this.#api.url;
  }

  /** The base of the lifecycle service, to which a client appends /v1/… */
  get lifecycleURL(): string {
    return `${this.url}${lifecyclePrefix}`;
  }

  get adminURL(): string {
    if (!this.#admin) throw new Error('the admin port is not listening');
    return this.#admin.url;
  }

  async start(options: SimulatorOptions): Promise<void> {
    this.#api = await listen(options.port ?? 0, (req, res) => {
      const lifecycle = req.url?.startsWith(`${lifecyclePrefix}/`) === true;
      return lifecycle ? this.lifecycleAPI.handle(req, res) : this.api.handle(req, res);
    });
    if (options.admin === false) return;
    try {
      this.#admin = await listen(options.adminPort ?? 0, adminHandler(this));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Closes every socket at once, also those that hang. May be called twice. */
  async stop(): Promise<void> {
    const servers = [this.#api, this.#admin].filter((server) => server !== undefined);
    this.#api = undefined;
    this.#admin = undefined;
    this.lifecycleAPI.stop();
    await Promise.all(servers.map((server) => server.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new Simulator(options);
  await simulator.start(options);
  return simulator;
}
