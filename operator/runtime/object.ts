// What every Kubernetes object has in common, where it lives in the API, and how its versions compare.

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  [field: string]: unknown;
}

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** metav1.Condition. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}

/** One kind of object and where the API serves it. `group` is empty for the core group. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Names one object of a kind. `namespace` is empty for a cluster-scoped one. */
export interface Key {
  readonly namespace: string;
  readonly name: string;
}

/** A key as one string, the form used in queues and caches: `namespace/name`. */
export function formatKey(key: Key): string {
  return `${key.namespace}/${key.name}`;
}

export function keyOf(object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Names hold no slash in the Kubernetes API, so the first one is the border. */
export function parseKey(key: string): Key {
  const slash = key.indexOf('/');
  if (slash < 0) throw new Error(`not a key (namespace/name): ${JSON.stringify(key)}`);
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** Path of a collection; `namespace: null` means all namespaces. */
export function collectionPath(resource: Resource, namespace: string | null): string {
  const root =
    resource.group === ''
      ? `/api/${encodeURIComponent(resource.version)}`
      : `/apis/${encodeURIComponent(resource.group)}/${encodeURIComponent(resource.version)}`;
  const scope =
    resource.namespaced && namespace !== null && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${encodeURIComponent(resource.plural)}`;
}

export function objectPath(resource: Resource, key: Key, subresource?: string): string {
  // An empty part would turn the path of one object into that of its whole collection: a DELETE there empties it.
  if (key.name === '' || key.name === '.' || key.name === '..') throw new Error(`not an object name: "${key.name}"`);
  if (resource.namespaced && key.namespace === '') throw new Error(`${resource.kind} ${key.name} has no namespace`);
  const path = `${collectionPath(resource, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource === undefined ? path : `${path}/${encodeURIComponent(subresource)}`;
}

/**
 * Orders two resource versions of the same resource: negative, 0 or positive; `null` where they cannot be compared (then
 * only equality says anything). They are whole numbers of any length, so they are compared as strings.
 */
export function compareResourceVersions(a: string, b: string): number | null {
  if (a === b) return 0;
  if (!isWholeNumber(a) || !isWholeNumber(b)) return null;
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  return a < b ? -1 : 1;
}

/** True only if `a` is known to be newer than `b`. */
export function isNewer(a: string, b: string): boolean {
  const order = compareResourceVersions(a, b);
  return order !== null && order > 0;
}

function isWholeNumber(text: string): boolean {
  return /^[1-9][0-9]*$/.test(text);
}
