// What is said on a machine that cannot run the end-to-end test.

import { expect, test } from 'vitest';
import { missing, type Host } from './host.ts';

const able: Host = { platform: 'linux', root: true, has: () => true, cniPlugins: '/usr/lib/cni', cgroups1: true };
const without = (...programs: string[]): Host => ({ ...able, has: (program) => !programs.includes(program) });

test('nothing where all is there', () => {
  expect(missing('node', able)).toEqual([]);
  expect(missing('kind', able)).toEqual([]);
});

test('the packages to install, each once, and the programs that they bring', () => {
  const host = { ...without('docker', 'runc', 'iptables', 'iptables-save', 'buildah'), cniPlugins: undefined };
  const [said = '', ...more] = missing('node', host);
  expect(more).toEqual([]);
  expect(said).toContain('Not found: iptables, iptables-save, runc, buildah, the CNI plugins');
  expect(said).toMatch(/apt-get install -y iptables runc buildah containernetworking-plugins$/);
});

test('docker builds the image where there is one', () => {
  expect(missing('node', without('buildah', 'mmdebstrap', 'npm'))).toEqual([]);
  expect(missing('node', without('docker', 'mmdebstrap'))).toEqual([expect.stringContaining('mmdebstrap')]);
});

test('root, and cgroups of version 1; kind takes neither', () => {
  const host = { ...able, root: false, cgroups1: false };
  expect(missing('node', host)).toEqual([expect.stringContaining('E2E_CLUSTER=kind'), expect.stringContaining('sudo')]);
  expect(missing('kind', { ...host, cniPlugins: undefined })).toEqual([]);
  expect(missing('kind', without('kind'))).toEqual([expect.stringContaining('Not found: kind.')]);
});
