// The smallest RFC 7386 merge patch from one value to another.

/**
 * `undefined` if nothing differs. `undefined` and `null` in `to` both mean "not there": a merge patch cannot store a null.
 * Lists are replaced whole, as RFC 7386 knows no other way.
 */
export function mergePatch(from: unknown, to: unknown): object | undefined {
  const target = isMap(to) ? to : {};
  const source = isMap(from) ? from : {};
  const changes: [string, unknown][] = [];
  for (const [key, value] of Object.entries(target)) {
    if (value === undefined || value === null) continue;
    const change = difference(own(source, key), value);
    if (change !== undefined) changes.push([key, change]);
  }
  for (const key of Object.keys(source)) {
    const there = own(source, key);
    const wanted = own(target, key);
    if (there !== undefined && there !== null && (wanted === undefined || wanted === null)) changes.push([key, null]);
  }
  // fromEntries defines properties, so a key "__proto__" stays a key.
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/** What has to be sent for one field to become `to`; `undefined` for nothing. */
function difference(from: unknown, to: unknown): unknown {
  if (!isMap(to)) return deepEqual(from, to) ? undefined : to;
  if (isMap(from)) return mergePatch(from, to);
  return mergePatch({}, to) ?? {};
}

/** Equality of JSON values; a field that is undefined is one that is not there. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, at) => deepEqual(each, b[at]));
  }
  if (!isMap(a) || !isMap(b)) return a === b;
  const keys = Object.keys(a).filter((key) => a[key] !== undefined);
  return (
    keys.length === Object.keys(b).filter((key) => b[key] !== undefined).length &&
    keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key]))
  );
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(map: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
