// This repository's runtime, as the operator uses it. It holds of each object what its user asks for: the few fields that a
// controller decides by, or, for the comparison of memory, all but the managed fields.

import { Cache, type Projected } from '../../../operator/runtime/cache.ts';
import { KubeClient } from '../../../operator/runtime/client.ts';
import { CONFIG_MAPS } from '../../../operator/runtime/cluster-testing.ts';
import { loadConnection } from '../../../operator/runtime/connection.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { realDeps } from '../../../operator/runtime/testing.ts';
import { Transport } from '../../../operator/runtime/transport.ts';
import { markOf, type Contender, type Task } from './contender.ts';

interface Item extends Projected {
  readonly mark: string;
  readonly whole?: KubeObject;
}

export function runtime({ kubeconfig, namespace, onObject }: Task, keepsWhole: boolean): Contender {
  const deps = realDeps();
  const transport = new Transport({ ...deps, connection: loadConnection({ kubeconfig }) });
  const client = new KubeClient(transport);
  const cache = new Cache<Item>({
    ...deps,
    client,
    resource: CONFIG_MAPS,
    namespaces: [namespace],
    indexes: {},
    project: (object) => {
      const { name, uid = '', resourceVersion = '' } = object.metadata;
      const { managedFields: _, ...metadata } = object.metadata;
      const whole = keepsWhole ? { whole: { ...object, metadata } } : {};
      return { namespace, name, uid, resourceVersion, mark: markOf(object['data']), ...whole };
    },
  });
  cache.onChange(({ after }) => {
    if (after !== undefined) onObject(after.name, after.mark);
  });
  const stopping = new AbortController();
  let running = Promise.resolve();
  return {
    start: () => {
      running = cache.start(stopping.signal);
      return cache.synced;
    },
    patch: async (name, mark) => {
      await client.patch(CONFIG_MAPS, { namespace, name }, { data: { mark } });
    },
    stop: async () => {
      stopping.abort(new Error('over'));
      await running;
      await transport.close();
    },
  };
}
