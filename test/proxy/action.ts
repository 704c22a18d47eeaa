// What can be done to one request. `tell` is called synchronously at the moment that it names: the crash harness kills there.

export type Action =
  /** `tell`: the last byte of the answer was handed to the client's socket. */
  | { readonly do: 'pass'; readonly tell?: () => void }
  | { readonly do: 'delay'; readonly ms: number; readonly next?: Action }
  /** Held until `proxy.release()`: before it is forwarded, or with the answer in hand. */
  | { readonly do: 'freeze'; readonly at: 'request' | 'answer' }
  /**
   * The connection is reset: before anything was forwarded; after the API server has answered and before the client sees any
   * of it; or once it has seen that many bytes of the answer's body.
   */
  | { readonly do: 'cut'; readonly at: 'request' | 'answer' | { readonly byte: number }; readonly tell?: () => void }
  /** Nothing more comes, and the connection stays open, or for so long until it is reset: the same moments as of `cut`. */
  | {
      readonly do: 'halfOpen';
      readonly at: 'request' | 'answer' | { readonly byte: number };
      readonly ms?: number;
      readonly tell?: () => void;
    }
  /** The proxy answers itself. `forward`: only after the API server has done it, as a gateway does on a time-out. */
  | {
      readonly do: 'status';
      readonly code: 429 | 500 | 502 | 503 | 504;
      readonly retryAfterSeconds?: number;
      readonly forward?: boolean;
    }
  /** The answer is read from the API server only this fast. */
  | { readonly do: 'throttle'; readonly bytesPerSecond: number }
  /** The n-th line (from 1) of a watch is left out, or loses its second half, newline kept. */
  | { readonly do: 'spoilEvent'; readonly line: number; readonly how: 'drop' | 'truncate' };

export const PASS: Action = { do: 'pass' };

/** For the log. */
export function nameOf(action: Action): string {
  switch (action.do) {
    case 'pass':
      return 'pass';
    case 'delay':
      return `delay ${action.ms} ms, ${nameOf(action.next ?? PASS)}`;
    case 'freeze':
      return `freeze at ${action.at}`;
    case 'cut':
    case 'halfOpen':
      return `${action.do} at ${typeof action.at === 'string' ? action.at : `byte ${action.at.byte}`}`;
    case 'status':
      return `status ${action.code}${action.forward === true ? ' after forwarding' : ''}`;
    case 'throttle':
      return `throttle ${action.bytesPerSecond} B/s`;
    case 'spoilEvent':
      return `${action.how} event ${action.line}`;
  }
}
