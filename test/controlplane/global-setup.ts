// Vitest's global setup: one control plane for the whole run, with the project's CRDs and RBAC. Test files get it by
// `connect(inject('controlPlane'))` (client.ts) and work in namespaces of their own.
import type { TestProject } from 'vitest/node';
import { accessOf } from './cluster.ts';
import { startControlPlane } from './client.ts';
import { shipped } from '../harness/shipped.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const manifests = shipped('definitions', 'rights');
  const controlPlane = await startControlPlane({ auditLog: true, manifests, gogc: 300 });
  project.provide('controlPlane', accessOf(controlPlane));
  return () => controlPlane.stop();
}
