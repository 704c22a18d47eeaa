// The verbs of the Kubernetes API on plain objects. Merge patch and POST only; every answer is checked for being what was
// asked for, so that no broken body is ever read as "nothing is there".

import { KubeError, UNREADABLE, errorFromAnswer, errorFromStatus, type Status } from './errors.ts';
import { readLines } from './lines.ts';
import {
  apiVersionOf,
  collectionPath,
  objectPath,
  type Key,
  type KubeObject,
  type ObjectMeta,
  type Resource,
} from './object.ts';
import { retryAfterOf, type Answer, type CallOptions, type Transport } from './transport.ts';

/** What a caller's own type must have at least. */
export interface HasMeta {
  metadata: ObjectMeta;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
}

export interface Selection {
  /** Default: all namespaces. */
  readonly namespace?: string | null;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends Selection, ReadOptions {
  /** Default: 500. */
  readonly pageSize?: number;
}

export interface Page<T> {
  readonly items: T[];
  /** That of the whole list: the same on every page. */
  readonly resourceVersion: string;
}

export interface PatchOptions extends ReadOptions {
  readonly subresource?: 'status';
}

export interface DeleteOptions extends ReadOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface Deleted {
  /** False if finalizers or a grace period still hold it. */
  readonly gone: boolean;
  /** As it is while it is still there (or was last); null where the server answered without it. */
  readonly object: KubeObject | null;
}

export interface WatchOptions extends Selection {
  /** Without: the current state comes first, as ADDED. */
  readonly resourceVersion?: string;
  readonly timeoutSeconds: number;
  readonly allowWatchBookmarks?: boolean;
  /**
   * WatchList: the whole collection comes first, as ADDED, and then a bookmark (`endsInitialEvents`). A server without the
   * feature refuses with 422.
   */
  readonly sendInitialEvents?: boolean;
  /** Called when the server has accepted the watch: from then on nothing is missed. */
  readonly onOpen?: () => void;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

/** The bookmark after the last initial event: what came before it is the whole collection. */
export function endsInitialEvents({ type, object }: WatchEvent): boolean {
  return type === 'BOOKMARK' && object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
}

export class KubeClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async get<T extends HasMeta = KubeObject>(resource: Resource, key: Key, options: ReadOptions = {}): Promise<T> {
    return this.#object<T>({ method: 'GET', path: objectPath(resource, key), ...withSignal(options) });
  }

  /** Pages of one consistent list. If it expires half way (410, isGone), it throws: what was read is then worth nothing. */
  async *list<T extends HasMeta = KubeObject>(resource: Resource, options: ListOptions = {}): AsyncGenerator<Page<T>> {
    const path = collectionPath(resource, options.namespace ?? null);
    const query: Record<string, string> = { ...selectors(options), limit: String(options.pageSize ?? 500) };
    do {
      const call: CallOptions = { method: 'GET', path, query, ...withSignal(options) };
      const list = asList(await this.#json(call), `LIST ${path}`);
      for (const item of list.items) {
        // Lists of built-in kinds leave both out; what reads an object need not care where it came from.
        item.apiVersion ??= apiVersionOf(resource);
        item.kind ??= resource.kind;
      }
      yield { items: list.items as unknown as T[], resourceVersion: list.resourceVersion };
      query['continue'] = list.next;
    } while (query['continue'] !== '');
  }

  async create<T extends HasMeta = KubeObject>(
    resource: Resource,
    namespace: string | null,
    object: object,
    options: ReadOptions = {},
  ): Promise<T> {
    const path = collectionPath(resource, namespace);
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
    return this.#object<T>({ method: 'POST', path, body, ...withSignal(options) });
  }

  /** RFC 7386. With `metadata.resourceVersion` in it, it is refused as a conflict if the object has changed since. */
  async patch<T extends HasMeta = KubeObject>(
    resource: Resource,
    key: Key,
    patch: object,
    options: PatchOptions = {},
  ): Promise<T> {
    const locked = (patch as { metadata?: { resourceVersion?: unknown } }).metadata?.resourceVersion !== undefined;
    return this.#object<T>({
      method: 'PATCH',
      path: objectPath(resource, key, options.subresource),
      body: patch,
      contentType: 'application/merge-patch+json',
      repeatable: locked,
      ...withSignal(options),
    });
  }

  async delete(resource: Resource, key: Key, options: DeleteOptions = {}): Promise<Deleted> {
    const preconditions = {
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.resourceVersion === undefined ? {} : { resourceVersion: options.resourceVersion }),
    };
    const answer = (await this.#json({
      method: 'DELETE',
      path: objectPath(resource, key),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions },
      // By uid only: without it the repetition could delete a namesake made in between.
      repeatable: options.uid !== undefined,
      ...withSignal(options),
    })) as KubeObject;
    if (answer.kind === 'Status') return { gone: true, object: null };
    const meta = answer.metadata;
    const held = (meta.finalizers?.length ?? 0) > 0 || Number(meta['deletionGracePeriodSeconds'] ?? 0) > 0;
    return { gone: !held, object: answer };
  }

  /** Events until the server ends the watch; then it returns. A broken one, or an ERROR event, throws a KubeError. */
  async *watch(resource: Resource, options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const path = collectionPath(resource, options.namespace ?? null);
    const what = `WATCH ${path}`;
    const query: Record<string, string> = {
      ...selectors(options),
      watch: '1',
      timeoutSeconds: String(options.timeoutSeconds),
      ...(options.resourceVersion === undefined ? {} : { resourceVersion: options.resourceVersion }),
      ...(options.allowWatchBookmarks === true ? { allowWatchBookmarks: 'true' } : {}),
      ...(options.sendInitialEvents === true
        ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' }
        : {}),
    };
    const answer = await this.#transport.stream({ path, query, signal });
    try {
      if (answer.status !== 200) {
        throw errorFromAnswer(answer.status, retryAfterOf(answer.headers), await firstBytes(answer.body), what);
      }
      options.onOpen?.();
      for await (const line of readLines(answer.body, what)) yield parseEvent(line, resource, what);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error instanceof KubeError
        ? error
        : new KubeError({ status: 0, reason: 'NoAnswer', message: `${what}: ${String(error)}`, cause: error });
    } finally {
      answer.body.destroy();
    }
  }

  async #json(call: CallOptions): Promise<unknown> {
    const answer = await this.#transport.request(call);
    const what = `${call.method} ${call.path}`;
    if (answer.status < 200 || answer.status > 299) {
      throw errorFromAnswer(answer.status, retryAfterOf(answer.headers), answer.body, what);
    }
    return parse(answer, what);
  }

  async #object<T extends HasMeta>(call: CallOptions): Promise<T> {
    const object = (await this.#json(call)) as T | null;
    if (typeof object?.metadata?.name !== 'string') throw unreadable(`${call.method} ${call.path}`, 'not an object');
    return object;
  }
}

function parse(answer: Answer, what: string): unknown {
  try {
    return JSON.parse(answer.body);
  } catch {
    throw unreadable(what, 'not JSON');
  }
}

function asList(body: unknown, what: string): { items: KubeObject[]; resourceVersion: string; next: string } {
  const list = body as {
    kind?: unknown;
    items?: unknown;
    metadata?: { resourceVersion?: unknown; continue?: unknown };
  } | null;
  const resourceVersion = list?.metadata?.resourceVersion;
  const named = typeof list?.kind === 'string' && list.kind.endsWith('List');
  if (!named || typeof resourceVersion !== 'string' || resourceVersion === '') throw unreadable(what, 'not a list');
  if (!Array.isArray(list?.items)) throw unreadable(what, 'a list without items');
  for (const item of list.items as KubeObject[]) {
    if (typeof item?.metadata?.name !== 'string') throw unreadable(what, 'a list with something that is no object');
  }
  const next = list.metadata?.continue;
  return { items: list.items as KubeObject[], resourceVersion, next: typeof next === 'string' ? next : '' };
}

function parseEvent(line: string, resource: Resource, what: string): WatchEvent {
  let event: { type?: unknown; object?: KubeObject | Status };
  try {
    event = JSON.parse(line) as typeof event;
  } catch {
    throw unreadable(what, 'an event is not JSON');
  }
  if (event.type === 'ERROR') throw errorFromStatus((event.object ?? {}) as Status, what);
  const { type } = event;
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED' && type !== 'BOOKMARK') {
    throw unreadable(what, 'an event of unknown type');
  }
  const object = event.object as KubeObject | undefined;
  if (typeof object?.metadata?.resourceVersion !== 'string') throw unreadable(what, 'an event without resourceVersion');
  if (type !== 'BOOKMARK' && typeof object.metadata.name !== 'string') throw unreadable(what, 'an event without name');
  object.apiVersion ??= apiVersionOf(resource);
  object.kind ??= resource.kind;
  return { type, object };
}

function selectors(selection: Selection): Record<string, string> {
  return {
    ...(selection.labelSelector === undefined ? {} : { labelSelector: selection.labelSelector }),
    ...(selection.fieldSelector === undefined ? {} : { fieldSelector: selection.fieldSelector }),
  };
}

function withSignal(options: ReadOptions): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

async function firstBytes(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes > 64 * 1024) break;
  }
  return Buffer.concat(parts).toString('utf8');
}

function unreadable(what: string, why: string): KubeError {
  return new KubeError({ status: 0, reason: UNREADABLE, message: `${what}: ${why}` });
}
