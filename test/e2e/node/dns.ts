// The Service through which pods reach CoreDNS, which runs on the node itself.

import { DNS_SERVICE, NODE } from './addresses.ts';

export function clusterDNS(): string {
  const ports = (['UDP', 'TCP'] as const).map((protocol) => ({ name: protocol.toLowerCase(), port: 53, protocol }));
  const metadata = { name: 'kube-dns', namespace: 'kube-system' };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    // Without a selector: the endpoint below is its own.
    spec: { clusterIP: DNS_SERVICE, ports },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
    addressType: 'IPv4',
    ports,
    endpoints: [{ addresses: [NODE.address], conditions: { ready: true } }],
  };
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [service, slice] });
}
