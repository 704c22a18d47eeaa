// The simulator as a pod with a Service, in place of the hosts that the examples name: the cluster's DNS leads there, and its
// certificate is for those names. Its admin port is reached through the API server.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../run.ts';
import { SIMULATOR_IMAGE } from '../image/names.ts';
import { namesOf, type Needs } from './needs.ts';
import { kubectl, restrictedNamespace, type Stage } from './stage.ts';

const NAMESPACE = 'simulator';
const NAME = 'simulator';
export const SIMULATOR_NAME = `${NAME}.${NAMESPACE}.svc.cluster.local`;

/** Names that must lead to the simulator inside the cluster. */
export function aliasesOf(needs: Needs): Record<string, string> {
  return Object.fromEntries(namesOf(needs).map((name) => [name, SIMULATOR_NAME]));
}

/** @returns the certificate that the operator must trust */
export async function startSimulator(stage: Stage, needs: Needs): Promise<string> {
  const { certificate, key } = await makeCertificate(stage.dir, namesOf(needs));
  await restrictedNamespace(stage, NAMESPACE);
  const [first, ...others] = needs.logins;
  if (first === undefined) throw new Error('the examples have no account');
  await stage.cluster.apply(
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects(certificate, key, first) }),
  );
  await kubectl(stage, ['rollout', 'status', `deployment/${NAME}`, '--timeout=100s'], {
    namespace: NAMESPACE,
    timeoutMs: 110_000,
  });
  for (const { username, password, services, lifecycleToken } of others) {
    const login = { username, password, services, ...(lifecycleToken === undefined ? {} : { lifecycleToken }) };
    await post(stage, '/accounts', { ...login, shape: 'msp', companies: 9 });
  }
  return certificate;
}

/** What the cluster's DNS says, as pods hear it. */
export async function addressOf(stage: Stage, name: string): Promise<string> {
  const script = `require('node:dns').lookup(${JSON.stringify(name)}, (e, a) => console.log(e ? e.code : a))`;
  const exec = ['exec', `deployment/${NAME}`, '--container=simulator', '--', '/nodejs/bin/node', '--eval', script];
  return (await kubectl(stage, exec, { namespace: NAMESPACE })).trim();
}

export async function simulatorAddress(stage: Stage): Promise<string> {
  return kubectl(stage, ['get', 'service', NAME, '-o', 'jsonpath={.spec.clusterIP}'], { namespace: NAMESPACE });
}

/** A request to the admin port. */
export async function post(stage: Stage, path: string, body: object): Promise<void> {
  const raw = `/api/v1/namespaces/${NAMESPACE}/services/http:${NAME}:admin/proxy${path}`;
  await kubectl(stage, ['create', '--raw', raw, '-f', '-'], { input: JSON.stringify(body) });
}

async function makeCertificate(dir: string, names: readonly string[]): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [join(dir, 'simulator.crt'), join(dir, 'simulator.key')];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const about = ['-subj', '/CN=simulator', '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`];
  await must('openssl', [...kind, ...about, '-keyout', key, '-out', certificate]);
  return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
}

function objects(certificate: string, key: string, first: Needs['logins'][number]): object[] {
  const metadata = { name: NAME, namespace: NAMESPACE };
  const labels = { app: NAME };
  const securityContext = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  };
  const container = { image: SIMULATOR_IMAGE, imagePullPolicy: 'IfNotPresent', securityContext };
  const { username, password } = first;
  const mountPath = '/certificate';
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': certificate, 'tls.key': key },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        selector: labels,
        ports: [
          { name: 'https', port: 443, targetPort: 8443 },
          { name: 'admin', port: 8080, targetPort: 8080 },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        // Its state is in memory.
        strategy: { type: 'Recreate' },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                ...container,
                name: 'simulator',
                args: ['/app/simulator.js', '--shape=demo', `--username=${username}`, `--password=${password}`],
              },
              {
                ...container,
                name: 'front',
                args: ['/app/front.ts'],
                // Through the front: both containers answer.
                readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
                volumeMounts: [{ name: 'certificate', mountPath, readOnly: true }],
              },
            ],
            volumes: [{ name: 'certificate', secret: { secretName: NAME } }],
          },
        },
      },
    },
  ];
}
