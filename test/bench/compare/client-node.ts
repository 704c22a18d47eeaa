// @kubernetes/client-node as its README and its examples show it: a typed client, an informer that starts again after an error,
// a patch with the header that names its kind.

import {
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  makeInformer,
  setHeaderOptions,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import { markOf, type Contender, type Task } from './contender.ts';

const RESTART_MS = 5_000;

export function clientNode({ kubeconfig, namespace, onObject }: Task): Contender {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const list = (): ReturnType<typeof api.listNamespacedConfigMap> => api.listNamespacedConfigMap({ namespace });
  const informer = makeInformer<V1ConfigMap>(config, `/api/v1/namespaces/${namespace}/configmaps`, list);
  const take = ({ metadata, data }: V1ConfigMap): void => onObject(metadata?.name ?? '', markOf(data));
  let over = false;
  informer.on('add', take);
  informer.on('update', take);
  informer.on('error', () => {
    if (!over) setTimeout(() => void informer.start(), RESTART_MS);
  });
  const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  return {
    start: () => informer.start(),
    patch: async (name, mark) => {
      await api.patchNamespacedConfigMap({ name, namespace, body: { data: { mark } } }, mergePatch);
    },
    stop: () => {
      over = true;
      return informer.stop();
    },
  };
}
