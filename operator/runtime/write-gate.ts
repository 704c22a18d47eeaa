// Stands between an HTTP pool and the socket, and lets a request pass only while this process may write: leader election's
// last word. It is asked when the request is about to be written to the socket, after all waiting for a connection, so that
// what was queued before a process stood still is not sent when it goes on.

import type { Dispatcher } from 'undici';
import { KubeError, NOT_LEADING } from './errors.ts';

/** Synchronous, cheap, and true only if this process leads at this moment. */
export type MayWrite = () => boolean;

/** For `pool.compose`: a request at a closed gate fails as never sent, with a KubeError of reason NotLeading. */
export function writeGate(mayWrite: MayWrite): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => dispatch(options, new Gated(handler, mayWrite));
}

class Gated implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #mayWrite: MayWrite;

  constructor(handler: Dispatcher.DispatchHandler, mayWrite: MayWrite) {
    this.#handler = handler;
    this.#mayWrite = mayWrite;
  }

  /** undici calls it right before it writes the request line; after a throw it writes nothing and keeps the connection. */
  onRequestStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestStart']>>): void {
    if (!this.#mayWrite()) {
      throw new KubeError({
        status: 0,
        reason: NOT_LEADING,
        message: 'not sent: this process does not lead, or not any more',
      });
    }
    this.#handler.onRequestStart?.(...args);
  }

  onResponseStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>): void {
    this.#handler.onResponseStart?.(...args);
  }

  onResponseData(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseData']>>): void {
    this.#handler.onResponseData?.(...args);
  }

  onResponseEnd(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>): void {
    this.#handler.onResponseEnd?.(...args);
  }

  onResponseError(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseError']>>): void {
    this.#handler.onResponseError?.(...args);
  }
}
