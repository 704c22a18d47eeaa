// Which of several objects of one company is the one that counts.
// Promise kept here: one company, one object; the older wins, whatever it holds.

/** What tells objects of one company apart. */
export interface Aged {
  readonly companyID: string;
  /** metadata.creationTimestamp, ms since the epoch. */
  readonly createdAt: number;
  readonly uid: string;
}

export interface Kept<T> {
  /** The object that counts, by lower-case company GUID. */
  readonly kept: ReadonlyMap<string, T>;
  /** The others, each with the one that is kept instead. */
  readonly extra: readonly { readonly object: T; readonly keep: T }[];
}

/** Sorts objects of one kind into those that count and duplicates: the older by creation, then by uid, counts. */
export function keepOldest<T extends Aged>(objects: readonly T[]): Kept<T> {
  const kept = new Map<string, T>();
  const losers: T[] = [];
  for (const object of objects) {
    const id = object.companyID.toLowerCase();
    const other = kept.get(id);
    if (!other) {
      kept.set(id, object);
    } else if (isOlder(object, other)) {
      kept.set(id, object);
      losers.push(other);
    } else {
      losers.push(object);
    }
  }
  const extra = losers.flatMap((object) => {
    const keep = kept.get(object.companyID.toLowerCase());
    return keep ? [{ object, keep }] : [];
  });
  return { kept, extra };
}

function isOlder(a: Aged, b: Aged): boolean {
  return a.createdAt !== b.createdAt ? a.createdAt < b.createdAt : a.uid < b.uid;
}
