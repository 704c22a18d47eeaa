// The addresses of the node, its pods and its services. Nothing leads out of the node's network, so any would do; those of the
// services and the node are from the ranges for documentation (RFC 5737): the operator takes them for public ones, and so refuses
// to follow a name on its list that leads anywhere else.

export const NODE_NAME = 'e2e';
export const NODE = { device: 'node0', peer: 'node1', address: '198.51.100.2', bits: 24 } as const;
export const PODS = '10.244.0.0/24';
export const SERVICES = '203.0.113.0/24';
export const DNS_SERVICE = '203.0.113.10';
export const CLUSTER_DOMAIN = 'cluster.local';
