// What every view keeps of an object's metadata.

import type { KubeObject } from '../runtime/object.ts';

export interface Meta {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** metadata.creationTimestamp, ms since the epoch. */
  readonly createdAt: number;
  /** A deletion has been asked for. */
  readonly deleting: boolean;
}

export function metaOf({ metadata }: KubeObject): Meta {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    createdAt: Date.parse(metadata.creationTimestamp ?? ''),
    deleting: metadata.deletionTimestamp !== undefined,
  };
}
