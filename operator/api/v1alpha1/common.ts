// Schemas that more than one kind uses: conditions and references.

import { integer, list, object, oneOf, optional, text, time } from '../schema/types.ts';
import { GUID_PATTERN } from './group.ts';

/** Served where no time was recorded yet: the schema's default status costs no write and knows no time. */
export const NEVER = '1970-01-01T00:00:00Z';

export const condition = object(
  {
    type: text({ description: 'Name of the condition, CamelCase.', maxLength: 63, minLength: 1 }),
    status: oneOf(['True', 'False', 'Unknown'], { description: 'True, False or Unknown.' }),
    reason: text({
      description: 'Why, in one CamelCase word; documented per kind.',
      maxLength: 63,
      minLength: 1,
      pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
    }),
    message: text({ description: 'What happened and what to do, for people.', maxLength: 4096 }),
    lastTransitionTime: time({ description: 'When status last changed.' }),
    observedGeneration: optional(
      integer({ description: 'metadata.generation that this condition was computed from.', minimum: 0 }),
    ),
  },
  { description: 'One aspect of the observed state.' },
);

/** `status.conditions`. */
export function conditions(description: string) {
  return list(condition, { description, maxItems: 32, kind: { key: 'type' } });
}

/** The name of an MSPAccount in the same namespace. */
export const accountRef = object(
  { name: text({ description: 'Name of the MSPAccount.', minLength: 1, maxLength: 63 }) },
  { description: 'The MSPAccount that this object belongs to; same namespace.' },
);

export const companyID = text({
  description: 'Public id (GUID) of the company in EMA 2; upper and lower case mean the same.',
  maxLength: 64,
  rules: [
    {
      rule: `self.matches('${GUID_PATTERN}')`,
      message: 'write the public id of the company in EMA 2, a GUID such as 0f8fad5b-d9cb-469f-a165-70867728950e',
    },
  ],
});

/** The name of an object in the same namespace. */
export function objectName(description: string) {
  return text({ description, minLength: 1, maxLength: 253 });
}

/** The name of a Secret in the same namespace. */
export function secretName(description: string) {
  return text({
    description,
    maxLength: 253,
    rules: [
      {
        rule: "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
        message:
          "write the name of a Secret in this namespace: lower-case letters, digits, '-' and '.' only, such as acme-login",
      },
    ],
  });
}

const HOST_AND_PORT = '^[A-Za-z]+://([A-Za-z0-9._-]*[A-Za-z0-9]|\\\\[[0-9A-Fa-f:.]+\\\\])(:[1-9][0-9]{0,4})?';

/** The address of an HTTP service: https, or http on the loopback address; with or without a path. */
export function endpoint(description: string, path: 'with path' | 'without path') {
  const allowed =
    path === 'with path'
      ? {
          pattern: '(/[A-Za-z0-9._~-]+)*/?$',
          forms: 'https://host, https://host:port or https://host/path, without user, query or fragment',
        }
      : { pattern: '/?$', forms: 'https://host or https://host:port, without user, path, query or fragment' };
  return text({
    description,
    maxLength: 512,
    rules: [
      {
        rule: `self.matches('${HOST_AND_PORT}${allowed.pattern}') && isURL(self) && (url(self).getPort() == '' || int(url(self).getPort()) <= 65535)`,
        message: `write ${allowed.forms}`,
      },
      {
        rule: "!isURL(self) || url(self).getScheme() in ['', 'https'] || (url(self).getScheme() == 'http' && url(self).getHostname() in ['127.0.0.1', 'localhost', '::1'])",
        message: 'use https:// (http:// is for a simulator on the loopback address only)',
      },
    ],
  });
}

/** What the status of every kind with a verdict says of the operator's own work. */
export const observed = {
  observedGeneration: optional(
    integer({ description: 'metadata.generation that the operator last acted on; -1: not seen yet.', minimum: -1 }),
  ),
  lastHandledRequestedAt: optional(
    text({
      description: 'The value of the annotation mspoperator.dev/requestedAt that was last handled.',
      maxLength: 256,
    }),
  ),
};

/** The status that is served before the operator has written one. */
export const PENDING_STATUS = {
  observedGeneration: -1,
  conditions: [
    {
      type: 'Ready',
      status: 'Unknown',
      reason: 'Pending',
      message: 'Waiting for the operator.',
      lastTransitionTime: NEVER,
    },
  ],
};

/** JSON path of a field of a condition, for printer columns. */
export function conditionPath(type: string, field: string): string {
  return `.status.conditions[?(@.type=="${type}")].${field}`;
}
