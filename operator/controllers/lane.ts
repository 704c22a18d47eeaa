// A narrow lane for objects whose upstream failed them last time: they share a few of the workers, and the rest is for the others.
// Promise kept here: isolated (9). Which objects those are is read from their status; the lane only counts who is in it.

/** Who finds the lane full comes again after about so long. */
export const LANE_PAUSE_MS = 5_000;

export class Lane {
  readonly #places: number;
  readonly #inside = new Set<string>();

  /** @param workers of the controller; a quarter of them, at least one, is the lane */
  constructor(workers: number) {
    this.#places = Math.max(1, Math.floor(workers / 4));
  }

  get size(): number {
    return this.#inside.size;
  }

  /** False if it is full. Who enters must leave. */
  enter(key: string): boolean {
    if (this.#inside.size >= this.#places) return false;
    this.#inside.add(key);
    return true;
  }

  leave(key: string): void {
    this.#inside.delete(key);
  }
}
