// One pass over an instance of type Portal that is not being deleted: the object records and protects what a person declared.

import { disagreeing } from '../../ownership/removal.ts';
import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import { BY_ACCOUNT, type InstanceDeps } from './deps.ts';
import { accountKey, siblingsOf, subjectOf, type InstanceView } from './instance.ts';
import { accountProblem, duplicateOf, write, type Found } from './pass.ts';
import type { InstanceVerdict } from './verdict.ts';

export async function keepDeclared(
  deps: InstanceDeps,
  view: InstanceView,
  context: ReconcileContext,
): Promise<Outcome> {
  const { spec } = view;
  const siblings = siblingsOf(view, deps.instances.byIndex(BY_ACCOUNT, accountKey(view)));
  const twin = siblings.find((other) => other.older && other.service === spec.service);
  const other = disagreeing(subjectOf(view), siblings);
  const found: Found = { instanceID: spec.instanceID, creatingService: spec.creatingService };
  const problem = accountProblem(deps, view);
  let verdict: InstanceVerdict;
  if (problem !== null) verdict = problem;
  else if (view.status.state === 'Deleted') {
    verdict = {
      ready: 'False',
      reason: 'InstanceGone',
      message: `Instance ${spec.instanceID} was removed in the portal. Delete this object.`,
    };
  } else if (twin !== undefined) verdict = duplicateOf(view, twin.name);
  else {
    const message = `Instance ${spec.instanceID}, created by ${spec.creatingService}, is recorded and protected; a person manages it in the portal.`;
    verdict = { ready: 'True', reason: 'Declared', message };
  }
  const ownership =
    other === null
      ? ({
          status: 'True',
          reason: 'Declared',
          message: `Declared in this object: ${spec.creatingService} created the instance.`,
        } as const)
      : ({
          status: 'False',
          reason: 'RecordsDisagree',
          message: `ProtectInstance ${other.name} says that ${other.creator} created the instance. Delete the wrong one with deletionPolicy Orphan.`,
        } as const);
  return write(deps, view, { ...verdict, ownership }, found, context, { kind: 'done' });
}
