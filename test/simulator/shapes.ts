// Generated trees: N companies in total, the root included, in the shapes that accounts have. The same seed, the same tree.
import { companyTypes } from './company.ts';
import type { Company, CompanyType } from './company.ts';
import { demoTree } from './demo.ts';
import { hostileName } from './hostile-names.ts';
import { commonNames, mailDomain, nameSource } from './names.ts';
import type { NameSource } from './names.ts';
import { Random } from './random.ts';
import { Tree } from './tree.ts';
import type { TreeOptions } from './tree.ts';

export const shapes = ['msp-manager', 'msp', 'managed-msp', 'distributor', 'flat', 'demo'] as const;
export type Shape = (typeof shapes)[number];

export interface GenerateOptions extends TreeOptions {
  /** In total, the root included. Default 60. `demo` has a size of its own. */
  companies?: number;
  /** Default msp-manager. */
  shape?: Shape;
  seed?: string | number;
  /** Mix in names that break careless code: about one in twenty, at least one of each once there are 720 companies. */
  hostileNames?: boolean;
}

export function generateTree(options: GenerateOptions = {}): Tree {
  const shape = options.shape ?? 'msp-manager';
  if (shape === 'demo') return demoTree(options);
  return new Grower(shape, options).grow();
}

const rootTypes: Readonly<Record<Exclude<Shape, 'demo'>, CompanyType>> = {
  'msp-manager': companyTypes.MSPManager,
  msp: companyTypes.MSP,
  'managed-msp': companyTypes.ManagedMSP,
  distributor: companyTypes.Distributor,
  flat: companyTypes.MSPManager,
};

class Grower {
  readonly #shape: Exclude<Shape, 'demo'>;
  readonly #total: number;
  readonly #random: Random;
  readonly #names: NameSource;
  readonly #hostile: boolean;
  readonly #tree: Tree;
  #customers = 0;
  #hostiles = 0;

  constructor(shape: Exclude<Shape, 'demo'>, options: GenerateOptions) {
    const seed = options.seed ?? 1;
    this.#shape = shape;
    this.#total = options.companies ?? 60;
    if (!Number.isInteger(this.#total) || this.#total < 1) throw new RangeError('companies must be a whole number ≥ 1');
    this.#random = new Random(`shape ${seed}`);
    this.#names = nameSource(seed);
    this.#hostile = options.hostileNames === true;
    const name = this.#names.provider();
    const root = { name, type: rootTypes[shape], email: `office@${mailDomain(name)}` };
    this.#tree = new Tree(root, { seed: `tree ${seed}`, ...(options.now && { now: options.now }) });
  }

  grow(): Tree {
    const { root } = this.#tree;
    switch (this.#shape) {
      case 'msp':
      case 'managed-msp':
      case 'flat':
        this.#fill([root]);
        break;
      case 'msp-manager':
        this.#fill([root, ...this.#providers([root], companyTypes.ManagedMSP, this.#share(60, 3))]);
        break;
      case 'distributor': {
        const divisions = this.#providers([root], companyTypes.Division, this.#share(1000, 2));
        const above = [root, ...divisions];
        const managers = this.#providers(above, companyTypes.MSPManager, this.#share(400, 2));
        const msps = this.#providers(above, companyTypes.MSP, this.#share(80, 3));
        const managed = this.#providers(managers, companyTypes.ManagedMSP, this.#share(60, 3));
        const parents = [...managers, ...msps, ...managed];
        if (parents.length > 0) this.#fill(parents);
        break;
      }
    }
    return this.#tree;
  }

  get #left(): number {
    return this.#total - this.#tree.size;
  }

  /** One per `every` companies, at least `least`, as far as there is room. */
  #share(every: number, least: number): number {
    return Math.min(Math.max(least, Math.round(this.#total / every)), Math.max(0, this.#left));
  }

  #providers(parents: readonly Company[], type: CompanyType, count: number): Company[] {
    const made: Company[] = [];
    for (let i = 0; i < count && parents.length > 0; i++) {
      const name = this.#names.provider();
      const parent = this.#random.pick(parents);
      const company = this.#tree.add(
        { name, type, parentId: parent.id, email: `office@${mailDomain(name)}` },
        { force: true },
      );
      if (this.#random.chance(0.05)) company.status = 'waiting';
      made.push(company);
    }
    return made;
  }

  /** Customers under the parents until the tree is full: a few parents have many, most have some. */
  #fill(parents: readonly Company[]): void {
    const repeated = new Map<string, Set<string>>();
    while (this.#left > 0) {
      const parent = parents[Math.floor(this.#random.float() ** 1.6 * parents.length)] ?? this.#tree.root;
      this.#customer(parent, this.#customerName(parent, parents.length > 1, repeated));
    }
  }

  #customerName(parent: Company, mayRepeat: boolean, repeated: Map<string, Set<string>>): string {
    if (this.#hostile && this.#random.chance(0.05)) return hostileName(this.#hostiles++);
    if (mayRepeat && this.#random.chance(0.04)) {
      const name = this.#random.pick(commonNames);
      let used = repeated.get(name);
      if (!used) repeated.set(name, (used = new Set()));
      if (!used.has(parent.id)) {
        used.add(parent.id);
        return name;
      }
    }
    return this.#names.customer();
  }

  #customer(parent: Company, name: string): void {
    const company = this.#tree.add({ name, parentId: parent.id }, { force: true });
    const n = ++this.#customers;
    // Set-once fields keep the same order for every company, so that all share one hidden class.
    if (this.#random.chance(0.3)) company.email = `it@${mailDomain(name)}`;
    if (this.#random.chance(0.6)) company.customIdentifier = `CRM-${String(100_000 + n)}`;
    if (this.#random.chance(0.02)) company.status = 'suspended';
    const age = this.#random.below(1500);
    company.createdDay -= age;
    company.modifiedDay -= Math.floor(age / 3);
  }
}
