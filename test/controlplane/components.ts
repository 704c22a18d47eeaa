// The command lines of etcd, kube-apiserver and kube-controller-manager, and the files that they read.
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where everything of one control plane is, below its temporary directory. */
export interface Layout {
  readonly dir: string;
  readonly etcdData: string;
  readonly etcdSocket: string;
  readonly etcdPeerSocket: string;
  readonly certs: string;
  /** The serving certificate followed by the CA that signed it; the API server writes it. */
  readonly servingCertificate: string;
  readonly tokens: string;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
  readonly kubeconfig: string;
}

export function layout(dir: string): Layout {
  return {
    dir,
    etcdData: join(dir, 'etcd'),
    etcdSocket: join(dir, 'etcd.sock'),
    etcdPeerSocket: join(dir, 'peer.sock'),
    certs: join(dir, 'certs'),
    servingCertificate: join(dir, 'certs', 'apiserver.crt'),
    tokens: join(dir, 'tokens.csv'),
    serviceAccountKey: join(dir, 'service-account.key'),
    serviceAccountPublicKey: join(dir, 'service-account.pub'),
    auditPolicy: join(dir, 'audit-policy.yaml'),
    auditLog: join(dir, 'audit.log'),
    kubeconfig: join(dir, 'admin.kubeconfig'),
  };
}

const AUDIT_POLICY =
  'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{ level: Metadata }]\n';

/** What the kernels take as a socket's path, with room to spare. */
const SOCKET_PATH_MAX = 100;

export async function writeFiles(at: Layout, adminToken: string): Promise<void> {
  if (at.etcdPeerSocket.length > SOCKET_PATH_MAX) {
    throw new Error(`the temporary directory's path is too long for etcd's sockets: ${at.dir}; set a shorter TMPDIR`);
  }
  await mkdir(at.certs, { mode: 0o700 });
  const keys = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const files: [string, string][] = [
    [at.tokens, `${adminToken},test-admin,test-admin,"system:masters"\n`],
    [at.serviceAccountKey, keys.privateKey],
    [at.serviceAccountPublicKey, keys.publicKey],
    [at.auditPolicy, AUDIT_POLICY],
  ];
  await Promise.all(files.map(([path, text]) => writeFile(path, text, { mode: 0o600 })));
}

/** etcd listens on sockets inside the private directory: it has no authentication of its own. */
export function etcdArgs(at: Layout): string[] {
  // For others, of which there are none. etcd before 3.7 wants a host and a port here.
  const advertised = 'http://localhost:1';
  return [
    '--name=test',
    `--data-dir=${at.etcdData}`,
    `--listen-client-urls=unix://${at.etcdSocket}`,
    `--advertise-client-urls=${advertised}`,
    `--listen-peer-urls=unix://${at.etcdPeerSocket}`,
    `--initial-advertise-peer-urls=${advertised}`,
    `--initial-cluster=test=${advertised}`,
    // The data does not outlive the run.
    '--unsafe-no-fsync',
    // Room for the 200,000 objects of the largest benchmark.
    `--quota-backend-bytes=${8 * 1024 ** 3}`,
    '--log-level=warn',
  ];
}

export interface APIServerOptions {
  readonly port: number;
  readonly auditLog: boolean;
  readonly extraArgs: readonly string[];
}

export function apiServerArgs(at: Layout, options: APIServerOptions): string[] {
  const audit = [
    `--audit-policy-file=${at.auditPolicy}`,
    `--audit-log-path=${at.auditLog}`,
    // Never rotated: tests read the whole file.
    '--audit-log-maxsize=100000',
  ];
  return [
    `--etcd-servers=unix://${at.etcdSocket}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${options.port}`,
    // It makes its certificate and the CA here, once; a restart finds them again.
    `--cert-dir=${at.certs}`,
    `--token-auth-file=${at.tokens}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${at.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${at.serviceAccountKey}`,
    // A loopback address may not be an endpoint of the `kubernetes` Service.
    '--endpoint-reconciler-type=none',
    // Several test files share one server: its limits are not what they test.
    '--max-requests-inflight=2000',
    '--max-mutating-requests-inflight=1000',
    ...(options.auditLog ? audit : []),
    ...options.extraArgs,
  ];
}

/** What makes a cluster without nodes behave as one: namespaces, service accounts, garbage collection, policies. */
const CONTROLLERS = [
  'clusterrole-aggregation-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'resourcequota-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'validatingadmissionpolicy-status-controller',
];

export function controllerManagerArgs(at: Layout, controllers: readonly string[] = CONTROLLERS): string[] {
  return [
    `--kubeconfig=${at.kubeconfig}`,
    `--authentication-kubeconfig=${at.kubeconfig}`,
    `--authorization-kubeconfig=${at.kubeconfig}`,
    `--controllers=${controllers.join(',')}`,
    '--use-service-account-credentials',
    `--service-account-private-key-file=${at.serviceAccountKey}`,
    `--root-ca-file=${at.servingCertificate}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=200',
    '--kube-api-burst=300',
    '--concurrent-namespace-syncs=20',
  ];
}
