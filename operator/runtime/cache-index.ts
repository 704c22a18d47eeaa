// Named indexes of a cache: value → keys of the items that have it.

export class Indexes<P> {
  readonly #functions: Readonly<Record<string, (item: P) => readonly string[]>>;
  readonly #maps = new Map<string, Map<string, Set<string>>>();

  constructor(functions: Readonly<Record<string, (item: P) => readonly string[]>>) {
    this.#functions = functions;
    for (const name of Object.keys(functions)) this.#maps.set(name, new Map());
  }

  keys(name: string, value: string): ReadonlySet<string> | undefined {
    const map = this.#maps.get(name);
    if (map === undefined) throw new Error(`no such index: ${name}`);
    return map.get(value);
  }

  update(key: string, before: P | undefined, after: P | undefined): void {
    for (const [name, values] of Object.entries(this.#functions)) {
      const map = this.#maps.get(name);
      if (map === undefined) continue;
      if (before !== undefined) for (const value of values(before)) remove(map, value, key);
      if (after !== undefined) for (const value of values(after)) insert(map, value, key);
    }
  }
}

function insert(map: Map<string, Set<string>>, value: string, key: string): void {
  const keys = map.get(value);
  if (keys === undefined) map.set(value, new Set([key]));
  else keys.add(key);
}

function remove(map: Map<string, Set<string>>, value: string, key: string): void {
  const keys = map.get(value);
  if (keys === undefined) return;
  keys.delete(key);
  if (keys.size === 0) map.delete(value);
}
