// One pass over an instance of type API that is not being deleted: upstream is asked afresh, then it is decided, then acted.

import { decideCreate, type Creation } from '../../ownership/creation.ts';
import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import { jitter } from '../../runtime/deps.ts';
import { upstreamOf, withUpstream, type Asked } from './connect.ts';
import { create } from './create.ts';
import { BY_ACCOUNT, type InstanceDeps } from './deps.ts';
import { accountKey, siblingsOf, subjectOf, type InstanceView } from './instance.ts';
import { mirror } from './mirror.ts';
import { accountProblem, duplicateOf, wait, write } from './pass.ts';
import type { InstanceVerdict } from './verdict.ts';

export async function keepInstance(
  deps: InstanceDeps,
  view: InstanceView,
  context: ReconcileContext,
): Promise<Outcome> {
  const problem = accountProblem(deps, view);
  if (problem !== null) return write(deps, view, problem, {}, context, wait(deps, 'idle'));
  return withUpstream(deps, view, context.signal, async (asked) => {
    const siblings = siblingsOf(view, deps.instances.byIndex(BY_ACCOUNT, accountKey(view)));
    const creation = decideCreate(subjectOf(view), upstreamOf(asked), siblings, deps.now());
    return act(deps, view, asked, creation, context);
  });
}

async function act(
  deps: InstanceDeps,
  view: InstanceView,
  asked: Asked,
  creation: Creation,
  context: ReconcileContext,
): Promise<Outcome> {
  const poll = wait(deps, 'idle');
  const busy = wait(deps, 'busy');
  switch (creation.kind) {
    case 'duplicate':
      return write(deps, view, duplicateOf(view, creation.of), {}, context, poll);
    case 'gone': {
      const message = `Instance ${creation.instanceID} is gone. This object never creates another: delete it, and create a new one if you want a new instance.`;
      const found = {
        instanceID: creation.instanceID,
        state: 'Deleted',
        accessibleFrom: undefined,
        consoleURL: undefined,
        suspendAt: undefined,
        deleteAt: undefined,
      } as const;
      return write(deps, view, { ready: 'False', reason: 'InstanceGone', message }, found, context, poll);
    }
    case 'notFound': {
      const message = `There is no live instance ${creation.instanceID}. Correct the id in a new object, or leave spec.instanceID out to create one.`;
      return write(deps, view, { ready: 'False', reason: 'InstanceNotFound', message }, {}, context, poll);
    }
    case 'suspended': {
      const message = 'spec.suspend is true: no instance is created.';
      return write(deps, view, { ready: 'False', reason: 'CreationSuspended', message }, {}, context, poll);
    }
    case 'wait':
      return asked.kind === 'unknown'
        ? write(deps, view, unavailable(view, asked), {}, context, { kind: 'requeueAfter', ms: retryMs(deps, view) })
        : write(
            deps,
            view,
            { ready: 'False', reason: 'CreateUndecided', message: `No instance is created: ${creation.why}.` },
            {},
            context,
            busy,
          );
    case 'adopt':
    case 'mirror':
      if (asked.kind === 'unknown') return busy; // cannot be: both come from a list
      return mirror(deps, view, asked, creation, context);
    case 'create':
      if (asked.kind === 'unknown') return busy;
      return create(deps, view, asked, context);
  }
}

function unavailable(view: InstanceView, asked: Asked & { kind: 'unknown' }): InstanceVerdict {
  const known = view.status.instanceID !== undefined;
  return {
    ready: 'False',
    reason: asked.reason,
    message: asked.message,
    ...(known
      ? {
          ownership: {
            status: 'Unknown',
            reason: 'Unverified',
            message: `Upstream cannot be asked: ${asked.message}`,
          } as const,
        }
      : {}),
  };
}

/** Doubles with the time since Ready last flipped, from `busy` to `idle`. */
function retryMs(deps: InstanceDeps, { status }: InstanceView): number {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const failingMs = ready?.status === 'False' ? deps.now() - Date.parse(ready.lastTransitionTime) : 0;
  return jitter(Math.min(Math.max(failingMs, deps.poll.busy), deps.poll.idle), 0.2, deps.random);
}
