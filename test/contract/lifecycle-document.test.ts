// docs/lifecycle-api.yaml by itself: OpenAPI 3.1, without loose ends, with examples that are valid.

import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { OpenApi, object } from './openapi.ts';

const api = new OpenApi(new URL('../../docs/lifecycle-api.yaml', import.meta.url));
const EXAMPLES = api.examples();

describe('the document', () => {
  test('has the structure of OpenAPI 3.1', () => {
    const parameter = {
      anyOf: [
        { required: ['$ref'] },
        {
          required: ['name', 'in', 'description', 'schema'],
          properties: { in: { enum: ['path', 'query', 'header', 'cookie'] } },
          if: { properties: { in: { const: 'path' } } },
          // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
          then: { required: ['required'], properties: { required: { const: true } } },
        },
      ],
    };
    const content = {
      type: 'object',
      minProperties: 1,
      additionalProperties: { type: 'object', required: ['schema', 'examples'] },
    };
    const response = {
      anyOf: [{ required: ['$ref'] }, { required: ['description', 'content'], properties: { content } }],
    };
    const operation = {
      type: 'object',
      required: ['operationId', 'summary', 'description', 'responses'],
      properties: {
        parameters: { type: 'array', items: parameter },
        requestBody: { required: ['content'], properties: { content } },
        responses: {
          minProperties: 2,
          propertyNames: { pattern: '^[1-5]\\d\\d$' },
          additionalProperties: response,
        },
      },
    };
    const validate = new Ajv2020({ strict: false, allErrors: true }).compile({
      required: ['openapi', 'info', 'paths', 'components', 'security', 'servers'],
      propertyNames: { enum: ['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components'] },
      properties: {
        openapi: { const: '3.1.0' },
        info: { required: ['title', 'version', 'description'] },
        paths: {
          minProperties: 3,
          propertyNames: { pattern: '^/' },
          additionalProperties: {
            propertyNames: { enum: ['parameters', 'get', 'put', 'post', 'delete'] },
            properties: {
              parameters: { type: 'array', items: parameter },
              get: operation,
              put: operation,
              post: operation,
              delete: operation,
            },
          },
        },
        components: {
          properties: {
            parameters: { additionalProperties: parameter },
            responses: { additionalProperties: response },
            securitySchemes: { additionalProperties: { required: ['type', 'scheme'] } },
          },
        },
      },
    });
    validate(api.document);
    expect(validate.errors ?? []).toEqual([]);
    const ids = api.operations().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.sort()).toEqual(['createInstance', 'getInstance', 'grantAccess', 'listInstances', 'removeInstance']);
  });

  test('every $ref leads somewhere, every component is used', () => {
    const refs = api.refs();
    expect(refs.filter((ref) => api.at(ref) === undefined)).toEqual([]);
    const components = Object.entries(object(api.document['components']))
      .filter(([kind]) => kind !== 'securitySchemes')
      .flatMap(([kind, all]) => Object.keys(object(all)).map((name) => `#/components/${kind}/${name}`));
    expect(components.filter((pointer) => !refs.includes(pointer))).toEqual([]);
  });

  test('every path parameter of a template is declared', () => {
    for (const { path, method } of api.operations()) {
      const item = `#/paths/${path.replaceAll('/', '~1')}`;
      const declared = [`${item}/parameters`, `${item}/${method}/parameters`].flatMap((list) =>
        Object.keys((api.at(list)?.value as unknown[] | undefined) ?? []).map(
          (index) => object(api.at(`${list}/${index}`)?.value)['name'],
        ),
      );
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(declared).toEqual(expect.arrayContaining(wanted));
    }
  });

  test('every schema is one of JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: false });
    const schemas = Object.entries(object(object(api.document['components'])['schemas']));
    expect(schemas.filter(([, schema]) => ajv.validateSchema(object(schema)) !== true)).toEqual([]);
  });

  test('every example is valid under its schema', () => {
    expect(EXAMPLES.length).toBeGreaterThan(15);
    expect(EXAMPLES.filter(({ errors }) => errors !== null)).toEqual([]);
  });

  test('says in its first paragraph that ESET has no such API', () => {
    expect(object(api.document['info'])['description']).toMatch(/^\*\*ESET publishes no such API\.\*\*/);
  });
});
