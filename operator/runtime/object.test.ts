// Paths, keys and the order of resource versions.
import { describe, expect, it } from 'vitest';
import {
  collectionPath,
  compareResourceVersions,
  isNewer,
  keyOf,
  objectPath,
  parseKey,
  type Resource,
} from './object.ts';

const configMaps: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
const things: Resource = { group: 'example.com', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };

describe('paths', () => {
  it('are those of the API', () => {
    expect(collectionPath(configMaps, null)).toBe('/api/v1/configmaps');
    expect(collectionPath(things, 'a')).toBe('/apis/example.com/v1/namespaces/a/things');
    expect(objectPath(things, { namespace: 'a', name: 'b' }, 'status')).toBe(
      '/apis/example.com/v1/namespaces/a/things/b/status',
    );
  });

  it('cannot be led elsewhere by a name', () => {
    expect(objectPath(configMaps, { namespace: 'a', name: 'b/../c?x' })).toBe(
      '/api/v1/namespaces/a/configmaps/b%2F..%2Fc%3Fx',
    );
    for (const name of ['', '.', '..']) expect(() => objectPath(configMaps, { namespace: 'a', name })).toThrow('name');
    expect(() => objectPath(configMaps, { namespace: '', name: 'b' })).toThrow('no namespace');
  });
});

it('keys go there and back', () => {
  expect(keyOf({ metadata: { namespace: 'a', name: 'b' } })).toBe('a/b');
  expect(parseKey('a/b')).toEqual({ namespace: 'a', name: 'b' });
  expect(parseKey('/b')).toEqual({ namespace: '', name: 'b' });
  expect(() => parseKey('b')).toThrow('not a key');
});

it('resource versions compare as numbers of any length, or not at all', () => {
  expect(compareResourceVersions('9', '10')).toBe(-1);
  expect(compareResourceVersions('18446744073709551617', '18446744073709551616')).toBe(1);
  expect(compareResourceVersions('x', 'x')).toBe(0);
  for (const odd of ['x', '', '-1', '01', '1.5']) expect(compareResourceVersions('5', odd)).toBeNull();
  expect(isNewer('5', 'x')).toBe(false);
});
