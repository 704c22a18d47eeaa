// The turn of one sync among all: it waits for its place only when upstream has answered, lends it while upstream is silent, and ends
// a reading that gets nowhere. Promise kept here: isolated (9); a large account is never ended while its upstream answers.

import type { Place, Places } from '../../upstream/places.ts';

/** So long without any answer of upstream ends the reading. Longer than one request with all its repeats. */
const SILENCE_MS = 120_000;
/** So long may the reading take in all: 500,000 companies at 0.5 requests a second take 3 h. */
const READING_MS = 6 * 3_600_000;

export class Turn {
  /** For reading upstream: fires with the sync's own signal, and when the reading gets nowhere. */
  readonly reading: AbortSignal;
  readonly #places: Places;
  readonly #urgent: boolean;
  readonly #signal: AbortSignal;
  readonly #end = new AbortController();
  #place: Place | null = null;
  #silence: NodeJS.Timeout | null = null;
  #whole: NodeJS.Timeout | null = null;
  #ended: string | null = null;
  #waitedMs = 0;

  /** @param urgent a person waits for it */
  constructor(places: Places, urgent: boolean, signal: AbortSignal) {
    this.#places = places;
    this.#urgent = urgent;
    this.#signal = signal;
    this.reading = AbortSignal.any([signal, this.#end.signal]);
  }

  /** How long it waited for its place, ms. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Why the reading was ended, for people; null: it was not. */
  get ended(): string | null {
    return this.#ended;
  }

  /** Upstream has answered for the first time: waits for a place, once. */
  async begin(): Promise<void> {
    if (this.#place !== null) return;
    const since = performance.now();
    this.#place = await this.#places.take(this.#signal, { urgent: this.#urgent });
    this.#waitedMs = performance.now() - since;
    if (this.#place === null) return;
    const end = (why: string) => () => {
      this.#ended = why;
      this.#end.abort();
    };
    this.#silence = setTimeout(end(`Upstream answered nothing for ${SILENCE_MS / 60_000} minutes.`), SILENCE_MS);
    this.#whole = setTimeout(
      end(
        `The tree was not read within ${READING_MS / 3_600_000} hours. If it is as large as that, raise --upstream-requests-per-second.`,
      ),
      READING_MS,
    );
  }

  /** Upstream has answered a request, with whatever status. */
  heard(): void {
    this.#place?.heard();
    if (this.#silence !== null && this.#ended === null) this.#silence.refresh();
  }

  /** All is read: what follows is work, and does not wait for upstream. */
  work(): void {
    this.#disarm();
    this.#place?.keep();
  }

  end(): void {
    this.#disarm();
    this.#place?.release();
  }

  #disarm(): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    if (this.#whole !== null) clearTimeout(this.#whole);
    this.#silence = null;
    this.#whole = null;
  }
}
