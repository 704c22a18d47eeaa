// The node runs the version of the control plane.

import { expect, test } from 'vitest';
import { availableMinors, findVersion } from '../../controlplane/versions.ts';
import { nodeModules } from './binaries.ts';

test('kubelet, kube-proxy and kube-scheduler are of the newest version that is built here', () => {
  const { kubernetes } = findVersion(availableMinors()[0]);
  expect(nodeModules.kubernetes.versions).toEqual({
    kubelet: kubernetes,
    'kube-proxy': kubernetes,
    'kube-scheduler': kubernetes,
  });
  expect(nodeModules.kubernetes.buildArgs.join(' ')).toContain(`gitVersion=${kubernetes}`);
});

test('containerd is built without what takes libraries of the machine, and knows its version', () => {
  const args = nodeModules.containerd.buildArgs.join(' ');
  expect(args).toContain('-tags no_btrfs,no_devmapper,no_zfs');
  expect(args).toContain(`version.Version=${nodeModules.containerd.versions.containerd}`);
});

test('each module has a place of its own in the cache', () => {
  const keys = Object.values(nodeModules).map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});
