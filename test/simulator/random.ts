// Seeded randomness: the same seed gives the same tree, GUIDs and shuffles on every machine. sfc32 with 128 bits of state,
// so that the thousand trees of one process do not run into each other's GUIDs.

/** FNV-1a over the UTF-16 units of a text. */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  return h >>> 0;
}

const hexDigits = Buffer.from('0123456789abcdef', 'latin1');

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;
  readonly #guid = Buffer.alloc(36, '-');

  constructor(seed: string | number) {
    const text = String(seed);
    this.#a = hash32(`a${text}`) | 0;
    this.#b = hash32(`${text}b`) | 0;
    this.#c = hash32(`c${text}c`) | 0;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** 0 ≤ x < 1 */
  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** An integer, 0 ≤ x < n. */
  below(n: number): number {
    return Math.floor(this.float() * n);
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('pick from an empty list');
    return item;
  }

  /** A version 4 GUID in lower case. */
  guid(): string {
    const out = this.#guid;
    let word = 0;
    let nibbles = 0;
    for (let i = 0; i < 36; i++) {
      if (i === 8 || i === 13 || i === 18 || i === 23) continue;
      if (nibbles === 0) {
        word = this.uint32();
        nibbles = 8;
      }
      let nibble = word & 15;
      word >>>= 4;
      nibbles--;
      if (i === 14) nibble = 4;
      if (i === 19) nibble = 8 | (nibble & 3);
      out[i] = hexDigits[nibble] ?? 0;
    }
    return out.toString('latin1');
  }

  /** An order of 0…n-1 that costs nothing to set up: i → (i·step + start) mod n, step prime to n. */
  permutation(n: number): (i: number) => number {
    if (n < 2) return (i) => i;
    const start = this.below(n);
    let step = 1 + this.below(n - 1);
    while (greatestCommonDivisor(step, n) !== 1) step = (step % (n - 1)) + 1;
    return (i) => (i * step + start) % n;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
