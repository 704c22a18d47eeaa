// Counts a program's writes and kills it at one of them. Until the crash exactly the first k writes are carried out: a write
// that comes after the k-th, from a program that does not know yet that it is dead, is held and never forwarded.

import type { Action } from '../proxy/action.ts';

export type Variant =
  /** The write is done, and the program dies before it sees the answer. */
  | 'afterSend'
  /** The program has the answer and may act on it; it dies at its next write, or after a moment. */
  | 'afterAnswer';

export interface CrashAt {
  /** From 1. */
  readonly write: number;
  readonly variant: Variant;
}

/** What is to become of a write; `halfOpen` at `request`: it is neither carried out nor answered. */
export type Fate = Extract<Action, { do: 'pass' | 'halfOpen' }>;

/** Anything that takes writes of the program: the proxy, or a simulated upstream. */
export interface WriteSource {
  /** Asks before each write is carried out, and does as it is told. `write`: for people. */
  onWrite(decide: (write: string) => Fate): void;
}

/** Time for what an answer sets off in the program, in which it writes nothing. */
const AFTER_ANSWER_MS = 15;

export class CrashPoint {
  readonly #at: CrashAt | null;
  readonly #kill: () => void;
  readonly #writes: string[] = [];
  readonly #crashed = Promise.withResolvers<void>();
  #state: 'alive' | 'answered' | 'dead' | 'retired' = 'alive';

  /** @param at null: only counts */
  constructor(at: CrashAt | null, kill: () => void) {
    this.#at = at;
    this.#kill = kill;
  }

  /** The writes up to the crash, in the order in which they came. */
  get writes(): readonly string[] {
    return this.#writes;
  }

  /** Resolves when the program was killed. */
  get crashed(): Promise<void> {
    return this.#crashed.promise;
  }

  /** Killed, and its successor does not run yet: whatever still comes is late and must not pass. */
  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** From now on everything passes and nothing is counted: for the successor, and for the clean-up at the end. */
  retire(): void {
    this.#state = 'retired';
  }

  decide(write: string): Fate {
    if (this.#state === 'retired') return { do: 'pass' };
    if (this.#state === 'answered') this.#crash();
    const beyond = this.#at !== null && this.#writes.length >= this.#at.write;
    if (beyond || this.isDead) return { do: 'halfOpen', at: 'request' };
    this.#writes.push(write);
    if (this.#writes.length !== this.#at?.write) return { do: 'pass' };
    if (this.#at.variant === 'afterSend') return { do: 'halfOpen', at: 'answer', tell: () => this.#crash() };
    return { do: 'pass', tell: () => this.#answered() };
  }

  #answered(): void {
    this.#state = 'answered';
    setTimeout(() => this.#crash(), AFTER_ANSWER_MS);
  }

  #crash(): void {
    if (this.#state === 'dead' || this.#state === 'retired') return;
    this.#state = 'dead';
    this.#kill();
    this.#crashed.resolve();
  }
}
