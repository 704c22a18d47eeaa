// Creates an instance. The one place that does; whether it may was decided in ownership/creation.ts on a fresh list.

import { CREATE_SETTLES_MS } from '../../ownership/removal.ts';
import type { Outcome, ReconcileContext } from '../../runtime/controller.ts';
import { timestamp } from '../status-writer.ts';
import type { Asked } from './connect.ts';
import type { InstanceDeps } from './deps.ts';
import type { InstanceView } from './instance.ts';
import { mirror } from './mirror.ts';
import { CHANGED, wait, write } from './pass.ts';
import { afterPass, type InstanceVerdict } from './verdict.ts';

export async function create(
  deps: InstanceDeps,
  view: InstanceView,
  asked: Asked & { kind: 'listed' },
  context: ReconcileContext,
): Promise<Outcome> {
  // Recorded before upstream is asked: after a crash or a lost answer from here on, the next pass knows that something may
  // have come of it, and asks no second time until that is certain.
  const verdict: InstanceVerdict = { ready: 'False', reason: 'Creating', message: 'An instance is being asked for.' };
  const startedAt = deps.now();
  const begun = { createStartedAt: timestamp(startedAt), companyID: asked.companyID };
  const recorded = await deps.status.write(view, () => afterPass(view, verdict, begun, deps.now()), context.signal);
  if (recorded === null) return CHANGED;
  // Written, but under a spec or a deletion that came meanwhile: decide again on that.
  if (recorded.deleting || recorded.generation !== view.generation) return CHANGED;

  // A process that was stopped here for long (a frozen node) must not send a create that counts as settled by now.
  if (deps.now() - startedAt > CREATE_SETTLES_MS / 2) return CHANGED;

  const { service, displayName, region } = view.spec;
  const result = await asked.client.create({ service, displayName, region, key: view.uid }, context.signal);
  switch (result.kind) {
    case 'ok':
      context.log.info({ instanceID: result.value.id }, 'instance created');
      return mirror(deps, recorded, asked, { instance: result.value, grant: null }, context);
    case 'refused': {
      // A definite no: nothing came of it, so nothing has to be waited for.
      if (result.code === 'InstanceExists') {
        const exists: InstanceVerdict = {
          ready: 'False',
          reason: 'Creating',
          message: 'An instance lives already; it is being adopted.',
        };
        return write(deps, recorded, exists, { createStartedAt: undefined }, context, { kind: 'requeueAfter', ms: 1 });
      }
      const message = `The lifecycle service refuses to create the instance: ${result.message}`;
      return write(
        deps,
        recorded,
        { ready: 'False', reason: 'CreateRefused', message },
        { createStartedAt: undefined },
        context,
        wait(deps, 'idle'),
      );
    }
    case 'failed': {
      const message = `The answer to a create was lost: ${result.failure.message} It is found out before another is tried.`;
      return write(
        deps,
        recorded,
        { ready: 'False', reason: 'CreateUndecided', message },
        {},
        context,
        wait(deps, 'busy'),
      );
    }
  }
}
