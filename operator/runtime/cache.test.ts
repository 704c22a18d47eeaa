// The rules by which watch, list and own writes meet in the cache.
import { beforeEach, describe, expect, it } from 'vitest';
import { Cache, type Change, type Projected } from './cache.ts';
import type { KubeObject, Resource } from './object.ts';
import { ManualClock, testDeps } from './testing.ts';

interface Item extends Projected {
  readonly color: string;
}

const resource: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };

let clock: ManualClock;
let cache: Cache<Item>;
let changes: string[];

function make(namespaces: string[] | null): Cache<Item> {
  return new Cache<Item>({
    ...testDeps(clock),
    client: {
      list: () => Promise.reject(new Error('not used')) as never,
      watch: () => Promise.reject(new Error('not used')) as never,
    },
    resource,
    namespaces,
    project: (object) => ({
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name,
      uid: object.metadata.uid ?? '',
      resourceVersion: object.metadata.resourceVersion ?? '',
      color: (object['color'] as string | undefined) ?? '',
    }),
    indexes: { color: (item) => (item.color === '' ? [] : [item.color]) },
  });
}

function item(name: string, uid: string, resourceVersion: string, color = '', namespace = 'ns'): Item {
  return { namespace, name, uid, resourceVersion, color };
}

function object(name: string, uid: string, resourceVersion: string, color = ''): KubeObject {
  return { metadata: { namespace: 'ns', name, uid, resourceVersion }, color };
}

function list(resourceVersion: string, items: Item[], unreadable: string[] = []): void {
  cache.receive(null, { type: 'replaced', items, unreadable: new Set(unreadable), resourceVersion });
}

function event(type: 'added' | 'modified' | 'deleted', of: Item): void {
  cache.receive(null, { type, item: of });
}

function note({ key, before, after }: Change<Item>): void {
  changes.push(`${key} ${before?.resourceVersion ?? '-'}>${after?.resourceVersion ?? '-'}`);
}

beforeEach(() => {
  clock = new ManualClock();
  cache = make(null);
  changes = [];
  cache.onChange(note);
});

describe('the watch', () => {
  it('adds, modifies, deletes; indexes follow', () => {
    list('10', [item('a', 'A', '5', 'red')]);
    event('added', item('b', 'B', '11', 'red'));
    event('modified', item('a', 'A', '12', 'blue'));
    expect(cache.byIndex('color', 'red').map((each) => each.name)).toEqual(['b']);
    expect(cache.byIndex('color', 'blue').map((each) => each.name)).toEqual(['a']);
    event('deleted', item('b', 'B', '13', 'red'));
    expect(cache.byIndex('color', 'red')).toEqual([]);
    expect(cache.get('ns/b')).toBeUndefined();
    expect(changes).toEqual(['ns/a ->5', 'ns/b ->11', 'ns/a 5>12', 'ns/b 11>-']);
  });

  it('is synced after the first list, of every namespace', async () => {
    cache = make(['x', 'y']);
    const empty = { type: 'replaced', items: [], unreadable: new Set<string>(), resourceVersion: '3' } as const;
    cache.receive('x', empty);
    expect(cache.hasSynced).toBe(false);
    cache.receive('y', empty);
    expect(cache.hasSynced).toBe(true);
    await cache.synced;
  });
});

describe('own writes', () => {
  beforeEach(() => list('10', [item('a', 'A', '5')]));

  it('are read at once, and the event of the watch is then no change', () => {
    cache.observe(object('a', 'A', '11'));
    cache.observe(object('b', 'B', '12'));
    expect(cache.get('ns/a')?.resourceVersion).toBe('11');
    expect(cache.get('ns/b')?.resourceVersion).toBe('12');
    event('modified', item('a', 'A', '11'));
    event('added', item('b', 'B', '12'));
    expect(changes).toEqual(['ns/a ->5', 'ns/a 5>11', 'ns/b ->12']);
  });

  it('are not undone by older events', () => {
    cache.observe(object('a', 'A', '20'));
    event('modified', item('a', 'A', '15'));
    expect(cache.get('ns/a')?.resourceVersion).toBe('20');
  });

  it('that come late do not undo newer events', () => {
    event('modified', item('a', 'A', '15'));
    cache.observe(object('a', 'A', '12'));
    expect(cache.get('ns/a')?.resourceVersion).toBe('15');
  });

  it('that come after the deletion do not resurrect', () => {
    event('added', item('b', 'B', '11'));
    event('deleted', item('b', 'B', '13'));
    cache.observe(object('b', 'B', '11'));
    expect(cache.get('ns/b')).toBeUndefined();
  });

  it('deleting: older events do not resurrect, a namesake does live', () => {
    cache.observe(object('a', 'A', '11'));
    cache.observeDeleted('ns/a', 'A');
    expect(cache.get('ns/a')).toBeUndefined();
    event('modified', item('a', 'A', '11'));
    cache.observe(object('a', 'A', '11'));
    expect(cache.get('ns/a')).toBeUndefined();
    cache.observe(object('a', 'A2', '13'));
    expect(cache.get('ns/a')?.uid).toBe('A2');
    event('deleted', item('a', 'A', '12'));
    expect(cache.get('ns/a')?.uid).toBe('A2');
  });

  it('deleting leaves a namesake alone', () => {
    event('deleted', item('a', 'A', '11'));
    event('added', item('a', 'A2', '12'));
    cache.observeDeleted('ns/a', 'A', '11');
    expect(cache.get('ns/a')?.uid).toBe('A2');
    event('modified', item('a', 'A2', '14'));
    expect(cache.get('ns/a')?.resourceVersion).toBe('14');
  });

  it('deleting is forgotten after a while', async () => {
    cache.observeDeleted('ns/a', 'A');
    await clock.advance(11 * 60_000);
    event('modified', item('a', 'A', '11'));
    expect(cache.get('ns/a')?.resourceVersion).toBe('11');
  });
});

describe('a new list', () => {
  beforeEach(() => {
    list('10', [item('a', 'A', '5', 'red'), item('b', 'B', '6')]);
    changes = [];
  });

  it('is no change where nothing differs', () => {
    list('20', [item('a', 'A', '5', 'red'), item('b', 'B', '6')]);
    expect(changes).toEqual([]);
  });

  it('deletes what vanished, changes what differs', () => {
    list('20', [item('a', 'A', '15', 'blue')]);
    expect(changes).toEqual(['ns/a 5>15', 'ns/b 6>-']);
    expect(cache.byIndex('color', 'red')).toEqual([]);
  });

  it('is complete when its first change is told', () => {
    const seen: number[] = [];
    cache.onChange(() => seen.push(cache.size));
    list('20', [item('c', 'C', '11'), item('d', 'D', '12')]);
    expect(seen).toEqual([2, 2, 2, 2]);
  });

  it('does not drop what was written while it was read', () => {
    cache.observe(object('c', 'C', '25'));
    cache.observe(object('a', 'A', '26'));
    list('20', [item('a', 'A', '5', 'red')]);
    expect(cache.get('ns/c')?.resourceVersion).toBe('25');
    expect(cache.get('ns/a')?.resourceVersion).toBe('26');
    expect(cache.get('ns/b')).toBeUndefined();
  });

  it('does not resurrect what was deleted while it was read', () => {
    cache.observeDeleted('ns/a', 'A');
    list('20', [item('a', 'A', '5', 'red'), item('b', 'B', '6')]);
    expect(cache.get('ns/a')).toBeUndefined();
  });

  it('keeps what could not be read', () => {
    list('20', [item('a', 'A', '5', 'red')], ['ns/b']);
    expect(cache.get('ns/b')?.resourceVersion).toBe('6');
  });

  it('of a history that was reset replaces all', () => {
    event('modified', item('a', 'A', '500'));
    cache.observe(object('c', 'C', '600'));
    list('100', [item('a', 'A', '90')]);
    expect(cache.list().map((each) => each.resourceVersion)).toEqual(['90']);
  });

  it('of one namespace leaves the others alone', () => {
    cache = make(['x', 'y']);
    const replaced = (namespace: string, resourceVersion: string, items: Item[]): void =>
      cache.receive(namespace, { type: 'replaced', items, unreadable: new Set(), resourceVersion });
    replaced('x', '10', [item('a', 'A', '5', '', 'x')]);
    replaced('y', '10', [item('a', 'B', '6', '', 'y')]);
    replaced('x', '20', []);
    expect(cache.list().map((each) => each.uid)).toEqual(['B']);
  });
});

it('a listener that throws harms nobody', () => {
  const seen: string[] = [];
  cache.onChange(() => {
    throw new Error('broken listener');
  });
  cache.onChange(({ key }) => seen.push(key));
  list('10', [item('a', 'A', '5')]);
  expect(seen).toEqual(['ns/a']);
});
