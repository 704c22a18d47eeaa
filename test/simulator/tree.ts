// A tree of companies and the ways it may change. Children are kept as one array per parent, so that a page deep inside
// 100,000 siblings is one slice. Removed companies are remembered, so that they can return under the same id.
import { allowedParents, Company, parseCompanyType } from './company.ts';
import type { CompanyStatus, CompanyType, CompanyTypeName } from './company.ts';
import { Random } from './random.ts';

export interface CompanyInput {
  /** Default: a new GUID. Compared without regard to case. */
  id?: string;
  /** Default: the root of the tree. */
  parentId?: string;
  /** A code or a name; default Customer. */
  type?: CompanyType | CompanyTypeName;
  name: string;
  email?: string;
  status?: CompanyStatus;
  customIdentifier?: string;
  description?: string;
  vatId?: string;
}

export type CompanyChange = Partial<Omit<CompanyInput, 'id' | 'parentId'>>;

export interface ForceOption {
  /** Do it even where EMA 2 would refuse: the same name among siblings, a type in the wrong place. */
  force?: boolean;
}

/** A change that the tree refuses. The admin port answers it as `status`. */
export class TreeError extends Error {
  readonly status: 400 | 404 | 409;
  constructor(status: 400 | 404 | 409, message: string) {
    super(message);
    this.name = 'TreeError';
    this.status = status;
  }
}

const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function parseGuid(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const id = value.toLowerCase();
  return guidPattern.test(id) ? id : undefined;
}

export interface TreeOptions {
  seed?: string | number;
  now?: () => number;
}

export class Tree {
  readonly root: Company;
  /** The company above the root, which no account of this tree sees: Detail of the root names it. */
  readonly outerParentId: string;
  readonly #byId = new Map<string, Company>();
  readonly #removed = new Map<string, { company: Company; top: Company }>();
  readonly #random: Random;
  readonly #now: () => number;
  #version = 0;

  constructor(root: CompanyInput, options: TreeOptions = {}) {
    this.#random = new Random(options.seed ?? root.id ?? root.name);
    this.#now = options.now ?? Date.now;
    this.outerParentId = this.#random.guid();
    this.root = this.#create(root);
    this.#byId.set(this.root.id, this.root);
  }

  /** A tree of a list in which parents come before their children; the first one is the root. */
  static from(companies: readonly CompanyInput[], options: TreeOptions & ForceOption = {}): Tree {
    const [root, ...others] = companies;
    if (!root) throw new TreeError(400, 'a tree needs at least one company, the root');
    const tree = new Tree(root, options);
    for (const company of others) tree.add(company, options);
    return tree;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Grows with every change of which companies a list holds. */
  get version(): number {
    return this.#version;
  }

  get(id: string): Company | undefined {
    return this.#byId.get(id) ?? this.#byId.get(id.toLowerCase());
  }

  require(id: string): Company {
    const company = this.get(id);
    if (!company) throw new TreeError(404, `no company ${id}${this.wasRemoved(id) ? ' (it was removed)' : ''}`);
    return company;
  }

  wasRemoved(id: string): boolean {
    return this.#removed.has(id.toLowerCase());
  }

  /** The first company of this name, in tree order. */
  byName(name: string): Company | undefined {
    for (const company of this.companies()) if (company.name === name) return company;
    return undefined;
  }

  /** Parents before children. */
  *companies(from: Company = this.root): Generator<Company, void, undefined> {
    const stack = [from];
    for (let company = stack.pop(); company; company = stack.pop()) {
      yield company;
      const children = company.children;
      if (children) for (let i = children.length - 1; i >= 0; i--) stack.push(children[i] as Company);
    }
  }

  add(input: CompanyInput, options: ForceOption = {}): Company {
    const parent = input.parentId === undefined ? this.root : this.require(input.parentId);
    const company = this.#create(input);
    if (this.#byId.has(company.id)) throw new TreeError(409, `company ${company.id} exists already`);
    if (this.#removed.has(company.id))
      throw new TreeError(409, `company ${company.id} was removed: restore it instead`);
    if (options.force !== true) this.#check(company, company.name, company.type, parent);
    this.#attach(company, parent);
    this.#byId.set(company.id, company);
    return company;
  }

  rename(id: string, name: string, options: ForceOption = {}): Company {
    return this.update(id, { name }, options);
  }

  suspend(id: string): Company {
    return this.update(id, { status: 'suspended' });
  }

  unsuspend(id: string): Company {
    return this.update(id, { status: 'active' });
  }

  /** Changes fields; an empty text erases. */
  update(id: string, change: CompanyChange, options: ForceOption = {}): Company {
    const company = this.require(id);
    const name = change.name ?? company.name;
    const type = change.type === undefined ? company.type : requireType(change.type);
    if (name === '') throw new TreeError(400, 'a company needs a name');
    const moved = name !== company.name || type !== company.type;
    if (moved && options.force !== true) this.#check(company, name, type, company.parent);
    const status = change.status ?? company.status;
    if (type !== company.type || status !== company.status) this.#version++;
    company.name = name;
    company.type = type;
    company.status = status;
    if (change.email !== undefined) company.email = change.email || undefined;
    if (change.customIdentifier !== undefined) company.customIdentifier = change.customIdentifier || undefined;
    if (change.description !== undefined) company.description = change.description || undefined;
    if (change.vatId !== undefined) company.vatId = change.vatId || undefined;
    company.modifiedDay = this.#today();
    return company;
  }

  /** Moves a company, with everything below it, to the end of the children of another one. */
  move(id: string, parentId: string, options: ForceOption = {}): Company {
    const company = this.require(id);
    const parent = this.require(parentId);
    if (company === this.root) throw new TreeError(409, 'the root cannot move');
    for (let above: Company | undefined = parent; above; above = above.parent) {
      if (above === company) throw new TreeError(409, 'a company cannot move below itself');
    }
    if (options.force !== true) this.#check(company, company.name, company.type, parent);
    this.#detach(company);
    this.#attach(company, parent);
    company.modifiedDay = this.#today();
    return company;
  }

  /** Removes a company and everything below it; answers how many. */
  remove(id: string): number {
    const top = this.require(id);
    if (top === this.root) throw new TreeError(409, 'the root cannot be removed');
    const gone = [...this.companies(top)];
    this.#detach(top);
    for (const company of gone) {
      this.#byId.delete(company.id);
      this.#removed.set(company.id, { company, top });
    }
    return gone.length;
  }

  /** Brings a removed company back, under its own id, with everything that was removed along with it. */
  restore(id: string, options: ForceOption = {}): Company {
    const entry = this.#removed.get(id.toLowerCase());
    if (!entry) throw new TreeError(404, `company ${id} was not removed`);
    const { company, top } = entry;
    if (company !== top) throw new TreeError(409, `company ${id} was removed with ${top.id}: restore that one`);
    const parent = top.parent && this.get(top.parent.id);
    if (!parent) throw new TreeError(409, `its parent ${top.parent?.id ?? '?'} is not there: restore that one first`);
    if (options.force !== true) this.#check(top, top.name, top.type, parent);
    this.#attach(top, parent);
    for (const back of this.companies(top)) {
      this.#removed.delete(back.id);
      this.#byId.set(back.id, back);
    }
    return top;
  }

  #create(input: CompanyInput): Company {
    if (typeof input.name !== 'string' || input.name === '') throw new TreeError(400, 'a company needs a name');
    const id = input.id === undefined ? this.#random.guid() : parseGuid(input.id);
    if (id === undefined) throw new TreeError(400, `not a GUID: ${String(input.id)}`);
    const company = new Company(id, requireType(input.type ?? 1007), input.name, this.#today());
    company.email = input.email;
    company.status = input.status ?? 'active';
    company.customIdentifier = input.customIdentifier;
    company.description = input.description;
    company.vatId = input.vatId;
    return company;
  }

  #check(company: Company, name: string, type: CompanyType, parent: Company | undefined): void {
    if (!parent) return;
    if (!allowedParents[type].includes(parent.type)) {
      throw new TreeError(409, `a company of type ${type} cannot stand under one of type ${parent.type}`);
    }
    if (parent.children?.some((sibling) => sibling.name === name && sibling !== company)) {
      throw new TreeError(409, `"${parent.name}" already has a company named "${name}"`);
    }
  }

  #attach(company: Company, parent: Company): void {
    company.parent = parent;
    (parent.children ??= []).push(company);
    this.#version++;
  }

  /** Leaves `company.parent`, which is where `restore` puts it. */
  #detach(company: Company): void {
    const siblings = company.parent?.children;
    const at = siblings?.indexOf(company) ?? -1;
    if (at >= 0) siblings?.splice(at, 1);
    this.#version++;
  }

  #today(): number {
    return Math.floor(this.#now() / 86_400_000);
  }
}

function requireType(value: unknown): CompanyType {
  const type = parseCompanyType(value);
  if (type === undefined) throw new TreeError(400, `not a company type: ${String(value)}`);
  return type;
}
