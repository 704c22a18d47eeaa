// Rules of RBAC, and requests of the audit log, as sets of "verb group/resource" that can be compared.

import type { AuditEvent } from '../controlplane/client.ts';
import { shipped } from '../harness/shipped.ts';

export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Of an installed ClusterRole or Role. */
export function rulesOf(kind: 'ClusterRole' | 'Role', name: string): Rule[] {
  return shipped('rights')
    .filter((object) => object.kind === kind && object.metadata.name === name)
    .flatMap((object) => object['rules'] as Rule[]);
}

/** "patch mspoperator.dev/mspaccounts/status" */
export function grants(rules: readonly Rule[]): Set<string> {
  return new Set(
    rules.flatMap(({ apiGroups = [], resources = [], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    ),
  );
}

export function used(events: readonly AuditEvent[]): Set<string> {
  return new Set(
    events.flatMap(({ verb, objectRef }) => {
      if (objectRef?.resource === undefined) return [];
      const { apiGroup = '', resource, subresource } = objectRef;
      return [`${verb} ${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`];
    }),
  );
}

export function without(all: ReadonlySet<string>, some: ReadonlySet<string>): string[] {
  return [...all].filter((each) => !some.has(each)).sort();
}
