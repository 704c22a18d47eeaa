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
    ['168.63.129.16', 32], // Azure's own services, from every machine there
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
    ['::', 96], // and IPv4 in the old notation
    ['64:ff9b:1::', 48], // translation to IPv4 inside a network
    ['2002::', 16], // the same, by anybody
    ['fc00::', 7],
    ['fe80::', 10],
    ['fec0::', 10],
    ['ff00::', 8],
  ] as const) {
    list.addSubnet(net, bits, 'ipv6');
  }
  return list;
}

const PRIVATE = privateRanges();

/** Where a network has IPv6 only, its DNS gives IPv4 hosts addresses in here, with the IPv4 address at the end (NAT64). */
const TRANSLATED = new BlockList();
TRANSLATED.addSubnet('64:ff9b::', 96, 'ipv6');

/** True for loopback, private, link-local, shared, multicast and unspecified addresses, also inside IPv6 ones. */
export function isPrivateAddress(address: string): boolean {
  if (!isIPv6(address)) return PRIVATE.check(address, 'ipv4');
  if (!TRANSLATED.check(address, 'ipv6')) return PRIVATE.check(address, 'ipv6');
  return PRIVATE.check(lastFourBytes(address), 'ipv4');
}

function lastFourBytes(address: string): string {
  // The URL parser writes each address in one form only: hexadecimal, in groups.
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`);
  const [high = '', low = ''] = `0:0:${hostname.slice(1, -1)}`.replace('::', ':0:0:').split(':').slice(-2);
  const [first, second] = [Number.parseInt(high || '0', 16), Number.parseInt(low || '0', 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join('.');
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
