// The companies seen so far during a crawl, each under the parent where it was last seen. No I/O.
// Promises kept here: one company, one object (1): an id occurs once; absence is not deletion (2): contradictions become
// gaps, never a guess; isolated (9): bounded in companies, and cycles cannot loop.

import type { Company } from '../hierarchy/snapshot.ts';

/** No documented tree is deeper than 5 levels (domain: ema-api §12). */
const MAX_DEPTH = 64;

export type Placed = 'new' | 'known' | 'cycle' | 'full';

export class Tree {
  readonly #nodes = new Map<string, Company>();
  readonly #max: number;

  constructor(root: Company, max: number) {
    this.#nodes.set(root.id, root);
    this.#max = max;
  }

  get size(): number {
    return this.#nodes.size;
  }

  has(id: string): boolean {
    return this.#nodes.has(id);
  }

  /**
   * Puts a company under its parent. One that is known already moves there (it was moved upstream while we read, and the
   * later read is the truer one), but never below itself: `cycle`. `full`: the limit is reached, it was left out.
   */
  place(company: Company): Placed {
    const known = this.#nodes.has(company.id);
    if (!known && this.#nodes.size >= this.#max) return 'full';
    if (this.#leadsTo(company.parentID, company.id)) return 'cycle';
    this.#nodes.set(company.id, company);
    return known ? 'known' : 'new';
  }

  /** Is `id` the company `from` or one above it? Also true where the way up is longer than any real one. */
  #leadsTo(from: string | null, id: string): boolean {
    let at = from;
    for (let step = 0; step < MAX_DEPTH; step++) {
      if (at === null) return false;
      if (at === id) return true;
      at = this.#nodes.get(at)?.parentID ?? null;
    }
    return true;
  }

  /** Root first, parents before children, the children of one parent by id. */
  ordered(): Company[] {
    const children = new Map<string, Company[]>();
    const out: Company[] = [];
    for (const company of this.#nodes.values()) {
      if (company.parentID === null) out.push(company);
      else {
        const siblings = children.get(company.parentID);
        if (siblings === undefined) children.set(company.parentID, [company]);
        else siblings.push(company);
      }
    }
    for (const company of out) {
      const below = children.get(company.id) ?? [];
      below.sort((a, b) => (a.id < b.id ? -1 : 1));
      for (const child of below) out.push(child); // `out` grows while it is walked: breadth first
    }
    return out;
  }
}
