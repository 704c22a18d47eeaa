// One company as the simulator keeps it, with the type codes of Enum/EntityTypes.

export const companyTypes = {
  Distributor: 1002,
  Division: 1003,
  MSPManager: 1004,
  MSP: 1005,
  ManagedMSP: 1006,
  Customer: 1007,
} as const;

export type CompanyTypeName = keyof typeof companyTypes;
export type CompanyType = (typeof companyTypes)[CompanyTypeName];
export type CompanyStatus = 'active' | 'suspended' | 'waiting';

/** Which types may stand directly under which (reference §12; customers also directly under an MSP Manager). */
export const allowedParents: Readonly<Record<CompanyType, readonly CompanyType[]>> = {
  1002: [],
  1003: [1002],
  1004: [1002, 1003],
  1005: [1002, 1003],
  1006: [1004],
  1007: [1004, 1005, 1006],
};

/** A code (1007, "1007") or a name ("Customer", "managed-msp", any case). */
export function parseCompanyType(value: unknown): CompanyType | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const wanted = String(value).toLowerCase().replaceAll(/[-_ ]/g, '');
  for (const [name, code] of Object.entries(companyTypes)) {
    if (name.toLowerCase() === wanted || String(code) === wanted) return code;
  }
  return undefined;
}

export function companyTypeName(type: CompanyType): CompanyTypeName {
  for (const [name, code] of Object.entries(companyTypes) as [CompanyTypeName, CompanyType][]) {
    if (code === type) return name;
  }
  throw new Error(`no company type ${String(type)}`);
}

/** A class, so that 100,000 of them share one shape in memory. Only Tree changes them. */
export class Company {
  /** Lower case; the case on the wire is a quirk. */
  readonly id: string;
  type: CompanyType;
  name: string;
  email: string | undefined;
  status: CompanyStatus;
  customIdentifier: string | undefined;
  description: string | undefined;
  vatId: string | undefined;
  /** Days since 1970: Search/Companies filters by date. */
  createdDay: number;
  modifiedDay: number;
  parent: Company | undefined;
  children: Company[] | undefined;

  constructor(id: string, type: CompanyType, name: string, day: number) {
    this.id = id;
    this.type = type;
    this.name = name;
    this.email = undefined;
    this.status = 'active';
    this.customIdentifier = undefined;
    this.description = undefined;
    this.vatId = undefined;
    this.createdDay = day;
    this.modifiedDay = day;
    this.parent = undefined;
    this.children = undefined;
  }

  get parentId(): string | undefined {
    return this.parent?.id;
  }

  toJSON(): CompanyRecord {
    return {
      id: this.id,
      parentId: this.parent?.id ?? null,
      type: this.type,
      name: this.name,
      email: this.email ?? null,
      status: this.status,
      customIdentifier: this.customIdentifier ?? null,
      description: this.description ?? null,
      vatId: this.vatId ?? null,
      children: this.children?.length ?? 0,
    };
  }
}

/** What the admin port shows of a company. */
export interface CompanyRecord {
  id: string;
  parentId: string | null;
  type: CompanyType;
  name: string;
  email: string | null;
  status: CompanyStatus;
  customIdentifier: string | null;
  description: string | null;
  vatId: string | null;
  children: number;
}
