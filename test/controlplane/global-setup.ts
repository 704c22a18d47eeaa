// Vitest's global setup: one control plane for the whole run, with the project's CRDs and RBAC. Test files get it by
// `connect(inject('controlPlane'))` (client.ts) and work in namespaces of their own.
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { accessOf } from './cluster.ts';
import { startControlPlane } from './client.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MANIFESTS = [join(ROOT, 'crds'), join(ROOT, 'charts', 'eset-msp-operator', 'files', 'rbac.yaml')];

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const controlPlane = await startControlPlane({ auditLog: true, manifests: MANIFESTS, gogc: 300 });
  project.provide('controlPlane', accessOf(controlPlane));
  return () => controlPlane.stop();
}
