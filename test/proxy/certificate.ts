// The proxy's certificate. On a control plane of our own it is the API server's: loopback is in it whatever the port, and every
// kubeconfig trusts its CA already. On a user's cluster one is made for the occasion.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterAccess } from '../controlplane/client.ts';
import { layout } from '../controlplane/components.ts';
import { runProgram } from '../controlplane/run.ts';

export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
  /** What the proxy's clients must trust instead of the cluster's CA; null: that CA. */
  readonly ca: string | null;
}

export async function servingCertificate(cluster: ClusterAccess): Promise<ServingCertificate> {
  if (!cluster.owned) return makeCertificate(cluster.dir);
  const { servingCertificate: path } = layout(cluster.dir);
  const [cert, key] = await Promise.all([readFile(path, 'utf8'), readFile(path.replace(/\.crt$/, '.key'), 'utf8')]);
  return { cert, key, ca: null };
}

async function makeCertificate(dir: string): Promise<ServingCertificate> {
  const [certPath, keyPath] = [join(dir, 'proxy.crt'), join(dir, 'proxy.key')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=test-proxy', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = await runProgram('openssl', [...args, ...names, '-keyout', keyPath, '-out', certPath]);
  if (made.code !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
  const [cert, key] = await Promise.all([readFile(certPath, 'utf8'), readFile(keyPath, 'utf8')]);
  return { cert, key, ca: cert };
}
