// Keys that are due later: a heap by time, at most one pending entry for each key, the earlier wins; one timer for all.

import type { Clock } from './clock.ts';

interface Entry {
  readonly key: string;
  readonly at: number;
}

export class Delays {
  readonly #clock: Clock;
  readonly #onDue: (key: string) => void;
  /** The time that counts for each key. A heap entry with another time was overtaken and is passed over. */
  readonly #dueAt = new Map<string, number>();
  #heap: Entry[] = [];
  #cancelTimer: (() => void) | null = null;
  #timerAt = Infinity;

  constructor(clock: Clock, onDue: (key: string) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#dueAt.size;
  }

  add(key: string, ms: number): void {
    const at = this.#clock.monotonic() + ms;
    const known = this.#dueAt.get(key);
    if (known !== undefined && known <= at) return;
    this.#dueAt.set(key, at);
    this.#push({ key, at });
    // Overtaken entries go when they come up; if they pile up, all at once.
    if (this.#heap.length > 2 * this.#dueAt.size + 64) this.#rebuild();
    this.#arm();
  }

  clear(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#timerAt = Infinity;
    this.#heap = [];
    this.#dueAt.clear();
  }

  #arm(): void {
    const next = this.#heap[0];
    if (next === undefined || next.at >= this.#timerAt) return;
    this.#cancelTimer?.();
    this.#timerAt = next.at;
    this.#cancelTimer = this.#clock.after(next.at - this.#clock.monotonic(), () => this.#fire());
  }

  #fire(): void {
    this.#cancelTimer = null;
    this.#timerAt = Infinity;
    const now = this.#clock.monotonic();
    for (let next = this.#heap[0]; next !== undefined && next.at <= now; next = this.#heap[0]) {
      this.#pop();
      if (this.#dueAt.get(next.key) !== next.at) continue;
      this.#dueAt.delete(next.key);
      this.#onDue(next.key);
    }
    this.#arm();
  }

  #rebuild(): void {
    const entries = [...this.#dueAt].map(([key, at]) => ({ key, at }));
    // A sorted list is a heap.
    this.#heap = entries.sort((a, b) => a.at - b.at);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.at <= entry.at) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (left === undefined) break;
      const child = right !== undefined && right.at < left.at ? right : left;
      if (child === right) below++;
      if (child.at >= last.at) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}
