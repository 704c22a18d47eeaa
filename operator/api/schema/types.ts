// Helpers over TypeBox that can only say what a structural CRD schema can say: one definition gives the CRD's YAML, the
// TypeScript type and the validator. (TypeBox alone is not structural: Record, unions of literals, numeric exclusiveMinimum.)

import { Type, type Static, type TSchema } from 'typebox';

export type { Static, TSchema };

/** A CEL rule of a CRD (`x-kubernetes-validations`). `message` says what to write instead. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
}

interface Common {
  readonly description: string;
  readonly rules?: readonly Rule[];
  readonly default?: unknown;
}

function common({ rules, ...rest }: Common): Record<string, unknown> {
  return rules === undefined ? rest : { ...rest, 'x-kubernetes-validations': rules };
}

/** A string; `maxLength` is a must, so that the cost of every rule over it is bounded. */
export function text(options: Common & { maxLength: number; minLength?: number; pattern?: string; format?: string }) {
  const { rules, description, default: value, ...limits } = options;
  return Type.String({ ...limits, ...common(given({ description, rules, default: value })) });
}

/** One of the given words. */
export function oneOf<const T extends readonly string[]>(values: T, options: Common) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...common(options) });
}

/** A 64-bit integer within bounds. */
export function integer(options: Common & { minimum?: number; maximum?: number }) {
  const { minimum, maximum, ...rest } = options;
  return Type.Integer({ format: 'int64', ...given({ minimum, maximum }), ...common(rest) });
}

/** true or false. */
export function flag(options: Common) {
  return Type.Boolean(common(options));
}

/** An RFC 3339 time. */
export function time(options: Common) {
  return Type.String({ format: 'date-time', ...common(options) });
}

/** An object with these fields and no others (the API server drops unknown ones). */
export function object<const P extends Record<string, TSchema>>(properties: P, options: Common) {
  return Type.Object(properties, common(options));
}

/** A list; `maxItems` is a must. `set`: no value twice; `key`: a map keyed by that field. */
export function list<T extends TSchema>(
  items: T,
  options: Common & { maxItems: number; minItems?: number; kind: 'atomic' | 'set' | { readonly key: string } },
) {
  const { kind, maxItems, minItems, ...rest } = options;
  const listType =
    typeof kind === 'string'
      ? { 'x-kubernetes-list-type': kind }
      : { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [kind.key] };
  return Type.Array(items, { maxItems, ...given({ minItems }), ...listType, ...common(rest) });
}

/** A field that may be left out. */
export function optional<T extends TSchema>(schema: T) {
  return Type.Optional(schema);
}

/**
 * Rules on `spec` that keep these fields as they were first set. On `spec` and not on the field, since a rule on an optional
 * field alone can be passed by removing the field and adding it again.
 */
export function setOnce(
  fields: readonly string[],
  advice = 'delete this object and create another with the new value',
): Rule[] {
  return fields.map((field) => ({
    rule: `!has(oldSelf.${field}) || (has(self.${field}) && self.${field} == oldSelf.${field})`,
    message: `${field} cannot be changed or removed once set: ${advice}`,
    fieldPath: `.${field}`,
    reason: 'FieldValueForbidden',
  }));
}

function given<T extends Record<string, unknown>>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
