// Every version of every ProtectInstance of a namespace, by a watch of the test's own that is never delayed or cut on purpose.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  PROTECT_INSTANCES,
  viewInstance,
  type InstanceView,
} from '../../../operator/controllers/protectinstance/instance.ts';
import type { KubeClient } from '../../../operator/runtime/client.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';

export interface Version {
  /** When the test heard of it: a little later than it was. */
  readonly at: number;
  readonly gone: boolean;
  readonly object: KubeObject;
  readonly view: InstanceView;
}

export class History {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #byUID = new Map<string, Version[]>();
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  #seen = '';

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
    this.#ended = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the history is over'));
    await this.#ended;
  }

  versions(uid: string): readonly Version[] {
    return this.#byUID.get(uid) ?? [];
  }

  /** All that ever were of an account, by uid. */
  everyOf(account: string): ReadonlyMap<string, readonly Version[]> {
    const ofAccount = [...this.#byUID].filter(([, [first]]) => first?.view.spec.accountRef.name === account);
    return new Map(ofAccount);
  }

  /** Those that are there, as they are now. */
  currentOf(account: string): Version[] {
    const last = [...this.everyOf(account).values()].map((versions) => versions.at(-1));
    return last.filter((version) => version !== undefined && !version.gone) as Version[];
  }

  /** Waits a moment for an object that the operator has heard of first. */
  async known(uid: string, withinMs = 1_000): Promise<void> {
    for (const deadline = Date.now() + withinMs; !this.#byUID.has(uid) && Date.now() < deadline;) await sleep(10);
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        const from = this.#seen === '' ? {} : { resourceVersion: this.#seen };
        const options = { namespace: this.#namespace, timeoutSeconds: 600, ...from };
        for await (const { type, object } of this.#client.watch(PROTECT_INSTANCES, options, signal)) {
          this.#seen = object.metadata.resourceVersion ?? '';
          if (type !== 'BOOKMARK') this.#add(object, type === 'DELETED');
        }
      } catch (error) {
        if (signal.aborted) return;
        console.error(`the history's watch broke off and goes on: ${String(error)}`);
        await sleep(50);
      }
    }
  }

  #add(object: KubeObject, gone: boolean): void {
    const uid = object.metadata.uid ?? '';
    const versions = this.#byUID.get(uid) ?? [];
    this.#byUID.set(uid, versions);
    versions.push({ at: Date.now(), gone, object, view: viewInstance(object) });
  }
}
