// One login: its password, its own company in a tree, and what of the tree it may see.
import { randomUUID } from 'node:crypto';
import type { Company } from './company.ts';
import { LifecycleAccount } from './lifecycle-account.ts';
import type { LifecycleSettings } from './lifecycle-instance.ts';
import type { Service } from './lifecycle-ledger.ts';
import { defaultQuirks } from './quirks.ts';
import type { Quirks } from './quirks.ts';
import { hash32, Random } from './random.ts';
import type { CompanyChange, CompanyInput, ForceOption, Tree } from './tree.ts';

export interface AccountSettings {
  username: string;
  password: string;
  tree: Tree;
  /** The account's own company; default: the root of the tree. */
  companyId?: string;
  /** Companies that this login may not see, each with everything below it. */
  hidden?: readonly string[];
  /** Exceptions below hidden ones, each with everything below it; the nearest mark decides. */
  shown?: readonly string[];
  quirks?: Partial<Quirks>;
  /** Of the lifecycle service; default `lifecycle-<username>`. */
  lifecycleToken?: string;
  /** The portals of this account; default EMA2. */
  services?: readonly Service[];
  lifecycle?: LifecycleSettings;
  now?: () => number;
}

export class Account {
  readonly username: string;
  /** The public id of the user: `sub` of its tokens. */
  readonly userId: string;
  password: string;
  /** The instances of its own company. */
  readonly lifecycle: LifecycleAccount;
  /** Tokens that carry another stamp are refused: see `revokeTokens`. */
  tokenStamp = randomUUID();
  #tree: Tree;
  #own: Company;
  readonly #marks = new Map<string, 'hidden' | 'shown'>();
  readonly #quirkOverrides: Partial<Quirks>;
  #quirkDefaults: Readonly<Partial<Quirks>> = {};
  #quirks: Readonly<Quirks> | undefined;
  readonly #lists = new Map<string, readonly Company[]>();
  #listsVersion = -1;

  constructor(settings: AccountSettings) {
    this.username = settings.username;
    this.userId = new Random(`user ${settings.username}`).guid();
    this.password = settings.password;
    this.#tree = settings.tree;
    this.#own = settings.companyId === undefined ? settings.tree.root : settings.tree.require(settings.companyId);
    this.lifecycle = new LifecycleAccount({
      ...settings.lifecycle,
      ...(settings.lifecycleToken !== undefined && { token: settings.lifecycleToken }),
      ...(settings.services && { services: settings.services }),
      username: settings.username,
      companyID: () => this.#own.id,
      now: settings.now ?? Date.now,
    });
    this.#quirkOverrides = { ...settings.quirks };
    this.hide(settings.hidden ?? []);
    this.show(settings.shown ?? []);
  }

  get tree(): Tree {
    return this.#tree;
  }

  /** The account's own company, still known after it was removed from the tree. */
  get company(): Company {
    return this.#own;
  }

  get hidden(): string[] {
    return [...this.#marks].filter(([, mark]) => mark === 'hidden').map(([id]) => id);
  }

  get shown(): string[] {
    return [...this.#marks].filter(([, mark]) => mark === 'shown').map(([id]) => id);
  }

  setPassword(password: string): void {
    this.password = password;
  }

  /** Gives the login another company of its own, also of another tree. */
  setCompany(companyId: string | undefined, tree: Tree = this.#tree): void {
    this.#own = companyId === undefined ? tree.root : tree.require(companyId);
    this.#tree = tree;
    this.#forget();
  }

  hide(companyIds: readonly string[]): void {
    for (const id of companyIds) this.#marks.set(id.toLowerCase(), 'hidden');
    this.#forget();
  }

  show(companyIds: readonly string[]): void {
    for (const id of companyIds) this.#marks.set(id.toLowerCase(), 'shown');
    this.#forget();
  }

  /** Back to seeing everything below its own company. */
  showAll(): void {
    this.#marks.clear();
    this.#forget();
  }

  /** Every access and refresh token given out so far is refused. */
  revokeTokens(): void {
    this.tokenStamp = randomUUID();
  }

  get quirks(): Readonly<Quirks> {
    return (this.#quirks ??= { ...defaultQuirks, ...this.#quirkDefaults, ...this.#quirkOverrides });
  }

  setQuirks(quirks: Partial<Quirks>): void {
    Object.assign(this.#quirkOverrides, quirks);
    this.#quirks = undefined;
  }

  /** The simulator's own quirks, under those of this account. */
  inheritQuirks(defaults: Readonly<Partial<Quirks>>): void {
    this.#quirkDefaults = { ...defaults };
    this.#quirks = undefined;
  }

  sees(company: Company): boolean {
    if (this.#tree.get(company.id) !== company) return false;
    let mark: 'hidden' | 'shown' | undefined;
    for (let at: Company | undefined = company; at; at = at.parent) {
      if (this.#marks.size > 0) mark ??= this.#marks.get(at.id);
      if (at === this.#own) return mark !== 'hidden';
    }
    return false;
  }

  /** The visible first-level children. Without marks it is the tree's own array: never change it. */
  children(company: Company): readonly Company[] {
    const children = company.children ?? [];
    if (this.#marks.size === 0) return children;
    return this.#list(`children ${company.id}`, () => children.filter((child) => this.sees(child)));
  }

  /** Everything visible of a company and what lies below it; `key` names the filter for the cache. */
  within(company: Company, key: string, filter: (company: Company) => boolean): readonly Company[] {
    return this.#list(`within ${key} ${company.id}`, () => {
      const found: Company[] = [];
      if (this.#tree.get(company.id) !== company) return found;
      for (const each of this.#tree.companies(company)) {
        if (filter(each) && (this.#marks.size === 0 || this.sees(each))) found.push(each);
      }
      return found;
    });
  }

  #list(key: string, make: () => readonly Company[]): readonly Company[] {
    if (this.#listsVersion !== this.#tree.version || this.#lists.size > 1000) {
      this.#lists.clear();
      this.#listsVersion = this.#tree.version;
    }
    let list = this.#lists.get(key);
    if (!list) this.#lists.set(key, (list = make()));
    return list;
  }

  #forget(): void {
    this.#lists.clear();
  }

  // The tree's own operations, so that a test says account.rename(id, …).
  add = (input: CompanyInput, options?: ForceOption): Company =>
    this.#tree.add({ parentId: this.#own.id, ...input }, options);
  rename = (id: string, name: string, options?: ForceOption): Company => this.#tree.rename(id, name, options);
  update = (id: string, change: CompanyChange, options?: ForceOption): Company =>
    this.#tree.update(id, change, options);
  move = (id: string, parentId: string, options?: ForceOption): Company => this.#tree.move(id, parentId, options);
  suspend = (id: string): Company => this.#tree.suspend(id);
  unsuspend = (id: string): Company => this.#tree.unsuspend(id);
  remove = (id: string): number => this.#tree.remove(id);
  restore = (id: string, options?: ForceOption): Company => this.#tree.restore(id, options);
  find = (name: string): Company | undefined => this.#tree.byName(name);
}

/** One id in one call: upper or lower case, the same each time. */
export function wireGuid(id: string, style: Quirks['guidCase'], call: string): string {
  if (style === 'lower') return id;
  if (style === 'upper') return id.toUpperCase();
  return ((Math.imul(hash32(id) ^ hash32(call), 0x9e3779b1) >>> 20) & 1) === 1 ? id.toUpperCase() : id;
}
