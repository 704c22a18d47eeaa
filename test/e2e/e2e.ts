// make e2e: the image is built from the Dockerfile and run by a real kubelet, installed by Helm. See docs/e2e.md.

import { findHelm } from '../controlplane/helm.ts';
import { missing, thisHost, type ClusterKind } from './host.ts';
import { runOnKind } from './kind.ts';
import { runOnNode } from './on-node.ts';
import { Report, StepFailed } from './report.ts';

const report = new Report();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}; what it had started is gone`)));
}

const kind: ClusterKind = process.env['E2E_CLUSTER'] === 'kind' ? 'kind' : 'node';
const host = await thisHost();
const lacking = missing(kind, host);
if (lacking.length > 0) {
  for (const sentence of lacking) console.error(sentence);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
try {
  await report.step('Helm', () => findHelm(report.say));
  await (kind === 'kind' ? runOnKind(report, interrupted.signal) : runOnNode(report, host, interrupted.signal));
} catch (error) {
  if (!(error instanceof StepFailed)) {
    report.counts.failed++;
    console.error(error === interrupted.signal.reason ? String(error) : error);
  }
}
const { passed, failed } = report.counts;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
