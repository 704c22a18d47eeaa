// Each way to delete of docs/deleting-an-instance.md: what is sent, and what came of it.

import type { RunResult } from '../controlplane/run.ts';
import { FINALIZER, OWN, type Bed } from './bed.ts';

export const OUTCOMES = ['refused', 'held', 'put back', 'let go'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Way {
  /** Sends it for one object (for all of them where it knows no other). */
  readonly send: (bed: Bed, name: string) => Promise<RunResult>;
  /** The object is not deleted by it. */
  readonly patches?: true;
  /** Several requests: once a person has confirmed, a plain deletion follows. */
  readonly steps?: true;
  /** On two objects of type Portal instead of API. */
  readonly portal?: true;
  /** Hurts everyone on the control plane. */
  readonly alone?: true;
}

const kubectlDelete =
  (...args: readonly string[]): Way['send'] =>
  (bed, name) =>
    bed.kubectl(['delete', 'pi', name, '--wait=false', ...args]);

/** A DELETE as a client library sends it. */
const request =
  (options: object, of: (name: string) => string = (name) => `/${name}`): Way['send'] =>
  (bed, name) => {
    const path = `/apis/mspoperator.dev/v1alpha1/namespaces/${bed.namespace}/protectinstances${of(name)}`;
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    return bed.kubectl(['delete', '--raw', path, '-f', '-'], JSON.stringify(body));
  };

/** Reads the object first, as the GitOps tools do. */
const afterReading =
  (options: (uid: string) => object): Way['send'] =>
  async (bed, name) => {
    const found = await bed.find(name);
    return request(options(found?.metadata.uid ?? ''))(bed, name);
  };

const dropFinalizers: Way['send'] = (bed, name) =>
  bed.kubectl(['patch', 'pi', name, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);

/** The second once the first was taken; each is sent by a person who sees what came of the last. */
const oneThenOther =
  (first: Way['send'], second: Way['send'], between: (bed: Bed, name: string) => Promise<unknown>): Way['send'] =>
  async (bed, name) => {
    const result = await first(bed, name);
    if (result.code !== 0) return result;
    await between(bed, name);
    return second(bed, name);
  };

/** Claims that the object's own service created the instance, and that the instance is gone. */
const forge: Way['send'] = async (bed, name) => {
  const status = { creatingService: name === OWN ? 'EMA2' : 'EBA', state: 'Deleted' };
  return bed.kubectl(['patch', 'pi', name, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]);
};

export const WAYS: Readonly<Record<string, Way>> = {
  'kubectl delete': { send: kubectlDelete() },
  'kubectl delete --cascade=orphan': { send: kubectlDelete('--cascade=orphan') },
  'kubectl delete --force --grace-period=0': { send: kubectlDelete('--force', '--grace-period=0') },
  'kubectl delete --all': { send: (bed) => bed.kubectl(['delete', 'pi', '--all', '--wait=false']) },
  deletecollection: { send: request({}, (name) => `?fieldSelector=metadata.name%3D${name}`) },
  'namespace deletion': {
    send: (bed) => bed.cluster.kubectl(['delete', 'namespace', bed.namespace, '--wait=false']),
  },
  'finalizer patch': { send: dropFinalizers, patches: true },
  'kubectl delete, then finalizer patch': {
    send: oneThenOther(kubectlDelete(), dropFinalizers, (bed, name) => bed.untilHeld(name)),
    steps: true,
  },
  'status patch, then kubectl delete': { send: oneThenOther(forge, kubectlDelete(), async () => {}), steps: true },
  'status patch, then kubectl delete (Portal)': {
    send: oneThenOther(forge, kubectlDelete(), async () => {}),
    steps: true,
    portal: true,
  },
  'helm uninstall': { send: request({ propagationPolicy: 'Background' }) },
  'Argo CD prune': { send: afterReading(() => ({ propagationPolicy: 'Foreground' })) },
  'Flux prune': { send: afterReading((uid) => ({ propagationPolicy: 'Background', preconditions: { uid } })) },
  'CRD deletion': {
    send: (bed) => bed.kubectl(['delete', 'crd', 'protectinstances.mspoperator.dev', '--wait=false']),
    alone: true,
  },
};

/** Sends it, and waits for what comes of it. */
export async function take(bed: Bed, way: Way, name: string): Promise<Outcome> {
  const before = await bed.find(name);
  const result = await way.send(bed, name);
  const refused = result.code !== 0 && result.stderr.includes('denied request');
  if (result.code !== 0 && !refused) throw new Error(result.stderr);
  if (refused) {
    const after = await bed.find(name);
    const same = after?.metadata.resourceVersion === before?.metadata.resourceVersion;
    // What was refused for one may have been done to another object, and its operator may write meanwhile.
    if (same || !isTerminating(after)) return 'refused';
  }
  if (way.patches) {
    await bed.until(name, 'put back', (thing) => thing?.metadata.finalizers?.includes(FINALIZER) === true);
    return 'put back';
  }
  const after = await bed.until(name, 'held or gone', (thing) => thing === null || isHeld(thing));
  return after === null ? 'let go' : 'held';
}

type Found = Awaited<ReturnType<Bed['find']>>;

function isTerminating(thing: Found): boolean {
  return thing !== null && 'deletionTimestamp' in thing.metadata;
}

function isHeld(thing: Found): boolean {
  const conditions = (thing?.status?.conditions ?? []) as { type: string }[];
  return isTerminating(thing) && conditions.some(({ type }) => type === 'Removal');
}
