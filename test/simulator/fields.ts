// Reads the fields of an admin request, and says plainly which one is wrong and what it should be.
import type { Account } from './account.ts';
import type { Simulator } from './simulator.ts';

export class AdminError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'AdminError';
    this.status = status;
  }
}

export function findAccount(simulator: Simulator, username: string): Account {
  if (!simulator.hasAccount(username)) throw new AdminError(404, `no account "${username}"`);
  return simulator.account(username);
}

interface FieldTypes {
  text: string;
  number: number;
  boolean: boolean;
  texts: string[];
  object: Record<string, unknown>;
  objects: Record<string, unknown>[];
  value: unknown;
}

export type FieldType = keyof FieldTypes;

/** A type with `!` is a field that must be there. */
type Spec = Readonly<Record<string, FieldType | `${FieldType}!`>>;

type Read<S extends Spec> = {
  [K in keyof S as S[K] extends `${string}!` ? K : never]: S[K] extends `${infer T extends FieldType}!`
    ? FieldTypes[T]
    : never;
} & {
  [K in keyof S as S[K] extends `${string}!` ? never : K]?: S[K] extends FieldType ? FieldTypes[S[K]] : never;
};

export function readFields<const S extends Spec>(body: Readonly<Record<string, unknown>>, spec: S): Read<S> {
  const known = Object.keys(spec);
  for (const name of Object.keys(body)) {
    if (!known.includes(name))
      throw new AdminError(400, `unknown field "${name}"; known: ${known.join(', ') || 'none'}`);
  }
  const out: Record<string, unknown> = {};
  for (const [name, wanted] of Object.entries(spec)) {
    const value = body[name];
    const type = wanted.replace('!', '') as FieldType;
    if (value === undefined || value === null) {
      if (wanted.endsWith('!')) throw new AdminError(400, `field "${name}" is missing: ${words[type]}`);
    } else if (!checks[type](value)) {
      throw new AdminError(400, `field "${name}" must be ${words[type]}`);
    } else out[name] = value;
  }
  return out as Read<S>;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

const checks: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0,
  boolean: (value) => typeof value === 'boolean',
  texts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  object: isObject,
  objects: (value) => Array.isArray(value) && value.every(isObject),
  value: () => true,
};

const words: Readonly<Record<FieldType, string>> = {
  text: 'a text',
  number: 'a whole number ≥ 0',
  boolean: 'true or false',
  texts: 'a list of texts',
  object: 'an object',
  objects: 'a list of objects',
  value: 'a value',
};
