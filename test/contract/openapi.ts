// An OpenAPI 3.1 document as something to check requests and answers against: every $ref, parameter, body and status.

import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

export type Json = Record<string, unknown>;

export interface Example {
  readonly where: string;
  readonly value: unknown;
  readonly errors: string | null;
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly responses: readonly string[];
}

export interface Exchange {
  readonly method: string;
  /** Below the base address, with the query. */
  readonly path: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string;
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'];

export class OpenApi {
  readonly document: Json;
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(file: string | URL) {
    this.document = parse(readFileSync(file, 'utf8')) as Json;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
    this.#ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
    this.#ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
    this.#ajv.addSchema(this.document, 'api');
  }

  /** What a pointer such as `#/paths/~1v1` leads to, `$ref`s on the way resolved; `undefined` if nowhere. */
  at(pointer: string): { readonly value: unknown; readonly pointer: string } | undefined {
    let value: unknown = this.document;
    let where = '#';
    for (const part of pointer.slice(2).split('/')) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const ref = object(value)['$ref'];
      if (typeof ref === 'string') {
        const target = this.at(ref);
        if (target === undefined) return undefined;
        ({ value, pointer: where } = target);
      }
      value = object(value)[key];
      where += `/${part}`;
    }
    const ref = object(value)['$ref'];
    if (typeof ref === 'string') return this.at(ref);
    return value === undefined ? undefined : { value, pointer: where };
  }

  /** Every `$ref` of the document. */
  refs(): string[] {
    const found: string[] = [];
    walk(this.document, (each) => typeof each['$ref'] === 'string' && found.push(each['$ref']));
    return found;
  }

  operations(): Operation[] {
    return Object.entries(object(this.document['paths'])).flatMap(([path, item]) =>
      Object.entries(object(item))
        .filter(([method]) => METHODS.includes(method))
        .map(([method, operation]) => ({
          id: String(object(operation)['operationId']),
          method,
          path,
          responses: Object.keys(object(object(operation)['responses'])),
        })),
    );
  }

  /** Problems of a value under the schema at this pointer; `null`: none. */
  check(pointer: string, value: unknown): string | null {
    let validate = this.#compiled.get(pointer);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `api${pointer}` });
      this.#compiled.set(pointer, validate);
    }
    return validate(value) ? null : this.#ajv.errorsText(validate.errors);
  }

  /** Every example of a request body, an answer or a parameter, with what its schema says of it. */
  examples(): Example[] {
    const found: Example[] = [];
    const visit = (value: unknown, pointer: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const { schema, examples, example } = value as Json;
      const add = (name: string, each: unknown): number =>
        found.push({ where: `${pointer} ${name}`, value: each, errors: this.check(`${pointer}/schema`, each) });
      if (schema !== undefined && example !== undefined) add('example', example);
      if (schema !== undefined && examples !== undefined) {
        for (const [name, each] of Object.entries(object(examples))) add(name, object(each)['value']);
      }
      for (const [key, each] of Object.entries(value)) {
        if (key !== 'example' && key !== 'examples') visit(each, `${pointer}/${escaped(key)}`);
      }
    };
    visit(this.document, '#');
    return found;
  }

  /** The operation of an exchange and everything in it that the document does not allow. */
  judge(exchange: Exchange): { readonly operation: string; readonly problems: string[] } {
    const problems: string[] = [];
    const url = new URL(exchange.path, 'http://contract');
    const method = exchange.method.toLowerCase();
    const operation = this.operations().find(
      (each) => each.method === method && match(each.path, url.pathname) !== null,
    );
    if (operation === undefined) return { operation: '', problems: [`${exchange.method} ${url.pathname} is unknown`] };
    const pathPointer = `#/paths/${escaped(operation.path)}`;
    const pointer = `${pathPointer}/${method}`;
    const inPath = match(operation.path, url.pathname) ?? {};
    const given = { path: inPath, query: Object.fromEntries(url.searchParams), header: exchange.requestHeaders };
    const known = new Set<string>();
    for (const list of [`${pathPointer}/parameters`, `${pointer}/parameters`]) {
      for (const index of Object.keys((this.at(list)?.value as unknown[] | undefined) ?? [])) {
        const at = this.at(`${list}/${index}`);
        const parameter = object(at?.value) as { name: string; in: 'path' | 'query' | 'header'; required?: boolean };
        const name = parameter.in === 'header' ? parameter.name.toLowerCase() : parameter.name;
        known.add(`${parameter.in} ${name}`);
        const value = given[parameter.in][name];
        if (value === undefined && parameter.required === true) problems.push(`${name} is missing`);
        const errors = value === undefined ? null : this.check(`${at?.pointer}/schema`, value);
        if (errors !== null) problems.push(`${name}: ${errors}`);
      }
    }
    for (const name of url.searchParams.keys()) {
      if (!known.has(`query ${name}`)) problems.push(`query parameter ${name} is unknown`);
    }
    if (!/^Bearer \S+$/.test(exchange.requestHeaders['authorization'] ?? '')) problems.push('no bearer token');
    const body = this.at(`${pointer}/requestBody/content/application~1json/schema`);
    if (body === undefined && exchange.requestBody !== '') problems.push('a body that is not in the document');
    if (body !== undefined) {
      const errors = this.check(body.pointer, json(exchange.requestBody));
      if (errors !== null) problems.push(`request body: ${errors}`);
    }
    const answer = this.at(`${pointer}/responses/${exchange.status}`);
    if (answer === undefined) problems.push(`status ${exchange.status} is not in the document`);
    else {
      const errors = this.check(`${answer.pointer}/content/application~1json/schema`, json(exchange.responseBody));
      if (errors !== null) problems.push(`answer ${exchange.status}: ${errors}`);
      for (const [name, header] of Object.entries(object(object(answer.value)['headers']))) {
        const value = exchange.responseHeaders[name.toLowerCase()];
        const errors = value === undefined ? null : this.check(`${answer.pointer}/headers/${name}/schema`, value);
        if (value === undefined && object(header)['required'] === true) problems.push(`header ${name} is missing`);
        if (errors !== null) problems.push(`header ${name}: ${errors}`);
      }
    }
    return { operation: operation.id, problems };
  }
}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function walk(value: unknown, visit: (each: Json) => unknown): void {
  if (typeof value !== 'object' || value === null) return;
  visit(value as Json);
  for (const each of Object.values(value)) walk(each, visit);
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The path parameters, or `null` if the path is another one. */
function match(template: string, path: string): Record<string, string> | null {
  const parts = template.split('/');
  const given = path.split('/');
  if (parts.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = decodeURIComponent(given[index] ?? '');
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined && part !== value) return null;
    if (name !== undefined) found[name] = value;
  }
  return found;
}
