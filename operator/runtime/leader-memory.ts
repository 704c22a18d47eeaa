// What the main thread and the thread of the lease tell each other without waiting for each other's event loop: until when
// this process leads, and when the main thread was last seen at work.

const UNTIL = 0;
const HEARTBEAT = 1;

export class LeaderMemory {
  /** To be handed to the other thread. */
  readonly buffer: SharedArrayBuffer;
  readonly #cells: BigInt64Array;

  constructor(buffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#cells = new BigInt64Array(buffer);
  }

  /**
   * The monotonic clock that all threads share, ms (performance.now() starts anew in each). It goes on while the process is
   * stopped, and stands while the machine sleeps.
   */
  now(): number {
    return Number(process.hrtime.bigint()) / 1e6;
  }

  /** 0: does not lead yet. */
  get until(): number {
    return Number(Atomics.load(this.#cells, UNTIL));
  }

  set until(ms: number) {
    Atomics.store(this.#cells, UNTIL, BigInt(Math.floor(ms)));
  }

  beat(): void {
    Atomics.store(this.#cells, HEARTBEAT, BigInt(Math.floor(this.now())));
  }

  /** ms since the last beat. */
  get silence(): number {
    return this.now() - Number(Atomics.load(this.#cells, HEARTBEAT));
  }
}
