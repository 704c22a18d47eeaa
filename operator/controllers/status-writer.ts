// Writes the status of an object that people watch: only where something differs, never over somebody else's newer status, with
// an event for each change of its verdict (promises 7 and 8).

import type { KubeClient } from '../runtime/client.ts';
import type { Cache, Projected } from '../runtime/cache.ts';
import { isConflict, isNotFound } from '../runtime/errors.ts';
import type { EventRef } from '../runtime/events.ts';
import type { KubeObject, Resource } from '../runtime/object.ts';
import { mergePatch } from '../runtime/patch.ts';

export interface StatusWriterDeps<S, V extends Projected & { readonly status: S }> {
  readonly client: KubeClient;
  readonly cache: Cache<V>;
  readonly resource: Resource;
  readonly view: (object: KubeObject) => V;
  /** Called after each write with what was and what is. */
  readonly announce: (view: V, after: S) => void;
}

const TRIES = 5;

export class StatusWriter<S extends object, V extends Projected & { readonly status: S }> {
  readonly #deps: StatusWriterDeps<S, V>;

  constructor(deps: StatusWriterDeps<S, V>) {
    this.#deps = deps;
  }

  /**
   * Writes `next(status)` and returns the object as it is then; as it was, where nothing differs.
   * Where the spec or an annotation changed meanwhile the status is written all the same: what was found stays true, and the
   * next pass sees the change. Where the status itself changed meanwhile nothing is written and `null` returned.
   */
  async write(view: V, next: (status: S) => S, signal: AbortSignal): Promise<V | null> {
    const { client, cache, resource } = this.#deps;
    const wanted = next(view.status);
    const patch = mergePatch(view.status, wanted);
    if (patch === undefined) return view;
    let { resourceVersion } = view;
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      try {
        const body = { metadata: { resourceVersion }, status: patch };
        const written = await client.patch(resource, view, body, { subresource: 'status', signal });
        cache.observe(written);
        this.#deps.announce(view, wanted);
        return this.#deps.view(written);
      } catch (error) {
        if (isNotFound(error)) return null;
        if (!isConflict(error)) throw error;
        const fresh = await this.#reread(view, signal);
        if (fresh === null || fresh.uid !== view.uid || mergePatch(view.status, fresh.status) !== undefined)
          return null;
        ({ resourceVersion } = fresh);
      }
    }
    return null;
  }

  async #reread(view: V, signal: AbortSignal): Promise<V | null> {
    try {
      const object = await this.#deps.client.get(this.#deps.resource, view, { signal });
      this.#deps.cache.observe(object);
      return this.#deps.view(object);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }
}

/** RFC 3339 with whole seconds, as Kubernetes writes times. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** What an event points at. */
export function referenceTo(
  resource: Resource,
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
): EventRef {
  return { apiVersion: `${resource.group}/${resource.version}`, kind: resource.kind, namespace, name, uid };
}
