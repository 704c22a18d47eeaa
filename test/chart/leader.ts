// The operator with leader election, as the chart runs it. The Lease is held in the test's own namespace, with the rules of the
// installed Role: in the operator's own namespace another test may lead.

import { OPERATOR_NAME, OPERATOR_NAMESPACE } from '../harness/operator.ts';
import type { World } from '../harness/world.ts';
import { rulesOf } from './rules.ts';

export const electIn = ({ namespace }: World): string[] => ['--leader-elect', `--lease-namespace=${namespace}`];

/** @param world one without an operator */
export async function startLeader(world: World): Promise<void> {
  const name = 'leader-election';
  await world.apply(
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name },
      rules: rulesOf('Role', 'eset-msp-operator-leader-election'),
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: OPERATOR_NAME, namespace: OPERATOR_NAMESPACE }],
    },
  );
  await world.startOperator(electIn(world));
}
