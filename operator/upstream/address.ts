// Checks the address that a host name resolves to at the moment of connecting, so that a name on the allow-list cannot be
// pointed into the cluster or at a metadata service (engineering §5). An address written out in the allow-list itself was
// the administrator's own choice and needs no look-up.
// Promise kept here: a bad account stays isolated (9).

import { lookup as resolve } from 'node:dns';
import { BlockList, isIPv6, type LookupFunction } from 'node:net';

/** `code` of the error that a refused address raises inside the connection. */
export const ADDRESS_REFUSED = 'ERR_ADDRESS_REFUSED';

function privateRanges(): BlockList {
  const list = new BlockList();
  for (const [net, bits] of [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ] as const) {
    list.addSubnet(net, bits, 'ipv4');
  }
  for (const [net, bits] of [
    ['::', 127],
    ['fc00::', 7],
    ['fe80::', 10],
    ['ff00::', 8],
  ] as const) {
    list.addSubnet(net, bits, 'ipv6');
  }
  return list;
}

const PRIVATE = privateRanges();

/** True for loopback, private, link-local, shared, multicast and unspecified addresses, IPv4-mapped ones included. */
export function isPrivateAddress(address: string): boolean {
  return PRIVATE.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** A `lookup` for `net.connect` that refuses a name as soon as one of its addresses is private. */
export function publicOnlyLookup(resolver: typeof resolve = resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolver(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const first = addresses[0];
      if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address))) {
        callback(Object.assign(new Error('address refused'), { code: ADDRESS_REFUSED }), []);
        return;
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
