// For test files: the cluster that the global setup started. `const cluster = connect(inject('controlPlane'));`
import type { ClusterAccess } from './cluster.ts';

export { connect, type Cluster, type ClusterAccess, type KubectlOptions } from './cluster.ts';
export { installManifests } from './manifests.ts';
export { readAuditLog, isWrite, type AuditEvent } from './audit.ts';
export { startControlPlane, type ControlPlane, type ControlPlaneOptions } from './controlplane.ts';

declare module 'vitest' {
  interface ProvidedContext {
    controlPlane: ClusterAccess;
  }
}
