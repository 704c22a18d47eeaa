// The node's network, in a namespace of its own with no way out: one address on a pair of virtual devices.

import { writeFile } from 'node:fs/promises';
import { must } from '../run.ts';
import { NODE, SERVICES } from './addresses.ts';

export async function setUpNetwork(): Promise<void> {
  const ip = (...args: string[]): Promise<string> => must('ip', args);
  const { device, peer, address, bits } = NODE;
  await ip('link', 'set', 'lo', 'up');
  await ip('link', 'add', device, 'type', 'veth', 'peer', 'name', peer);
  await ip('link', 'set', peer, 'up');
  await ip('link', 'set', device, 'up');
  await ip('address', 'add', `${address}/${bits}`, 'dev', device);
  // kube-proxy rewrites what goes to a service, which takes a route first; there is no default one.
  await ip('route', 'add', SERVICES, 'dev', device);
  // Those of this network namespace, not the machine's.
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
}

/** Packets between two pods of the bridge pass kube-proxy's rules, too. After the first bridge has been made. */
export async function filterBridge(): Promise<void> {
  await writeFile('/proc/sys/net/bridge/bridge-nf-call-iptables', '1');
}
