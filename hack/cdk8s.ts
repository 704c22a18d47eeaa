// The constructs of examples/cdk8s: for each kind that people write, a class and the type of its spec, from the same source as the
// CRDs.

import type { KindDefinition } from '../operator/api/schema/crd.ts';
import type { Schema } from './docs/fields.ts';

export const CONSTRUCTS = 'examples/cdk8s/mspoperator.ts';

const HEAD = `// Generated from operator/api by \`make generate\`; do not edit.

import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { Construct } from 'constructs';
`;

export function constructs(kinds: readonly KindDefinition[]): string {
  return [HEAD, ...kinds.map(construct)].join('\n');
}

function construct({ group, version, kind, description, spec }: KindDefinition): string {
  return `${comment(description, '')}export class ${kind} extends ApiObject {
  constructor(scope: Construct, id: string, props: ${kind}Props) {
    super(scope, id, { apiVersion: '${group}/${version}', kind: '${kind}', ...props });
  }
}

export interface ${kind}Props {
  readonly metadata?: ApiObjectMetadata;
  readonly spec: ${kind}Spec;
}

export interface ${kind}Spec ${typeOf(spec, '')}
`;
}

function typeOf(schema: Schema, indent: string): string {
  const { type, properties = {}, required = [], items } = schema;
  if (schema.enum !== undefined) return schema.enum.map((value) => `'${value}'`).join(' | ');
  switch (type) {
    case 'object': {
      const inner = `${indent}  `;
      const fields = Object.entries(properties).map(([name, field]) => {
        const mark = required.includes(name) ? '' : '?';
        return `${comment(field.description ?? '', inner)}${inner}readonly ${name}${mark}: ${typeOf(field, inner)};\n`;
      });
      return `{\n${fields.join('')}${indent}}`;
    }
    case 'array':
      return `readonly (${typeOf(items ?? {}, indent)})[]`;
    case 'string':
    case 'boolean':
      return type;
    case 'integer':
      return 'number';
    case undefined:
    default:
      throw new Error(`no type of TypeScript for a field of type ${String(type)}`);
  }
}

/** In lines that prettier leaves alone. */
function comment(text: string, indent: string): string {
  const width = 120 - indent.length - 3;
  const one = `${indent}/** ${text} */\n`;
  if (one.length <= 121) return one;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (`${line} ${word}`.length > width && line !== '') {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return `${indent}/**\n${lines.map((each) => `${indent} * ${each}\n`).join('')}${indent} */\n`;
}
