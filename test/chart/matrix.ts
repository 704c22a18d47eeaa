// Sets of values that between them turn every switch of the chart.

export interface Row {
  readonly name: string;
  readonly values: object;
}

/** @param own the release's namespace @param watched namespaces that exist */
export function matrix(watched: readonly string[]): Row[] {
  const label = { team: 'platform' };
  return [
    { name: 'defaults', values: {} },
    { name: 'three replicas', values: { replicas: 3, priorityClassName: 'system-cluster-critical' } },
    { name: 'no leader election', values: { leaderElection: { enabled: false } } },
    { name: 'namespaces', values: { watchNamespaces: watched } },
    { name: 'credentials in namespaces', values: { credentials: { namespaces: watched } } },
    {
      name: 'credentials in one of the watched namespaces',
      values: { watchNamespaces: watched, credentials: { namespaces: watched.slice(0, 1) } },
    },
    { name: 'credentials everywhere', values: { credentials: { clusterWide: true } } },
    {
      name: 'what a tenant without rights on the cluster can install',
      values: {
        watchNamespaces: watched,
        crds: { enabled: false },
        admission: { enabled: false },
        rbac: { aggregateToUserRoles: false },
      },
    },
    {
      name: 'nothing but the workload',
      values: {
        crds: { enabled: false },
        admission: { enabled: false },
        rbac: { create: false },
        serviceAccount: { create: false, name: 'default' },
        metrics: { enabled: false },
      },
    },
    { name: 'service monitor', values: { metrics: { serviceMonitor: { enabled: true, labels: label } } } },
    {
      name: 'pod monitor',
      values: { metrics: { podMonitor: { enabled: true, relabelings: [{ action: 'labelmap' }] } } },
    },
    {
      name: 'alerts and dashboard',
      values: {
        metrics: {
          prometheusRule: { enabled: true, alertLabels: label },
          dashboard: { enabled: true, annotations: { folder: 'MSP' } },
        },
      },
    },
    {
      name: 'network policy',
      values: {
        networkPolicy: {
          enabled: true,
          metricsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
          extraEgress: [{ ports: [{ port: 3128, protocol: 'TCP' }] }],
        },
      },
    },
    { name: 'extra CA from a ConfigMap', values: { extraCA: { configMapName: 'corporate-ca' } } },
    {
      name: 'egress proxy',
      values: {
        proxy: { url: 'http://proxy.example:3128', noProxy: ['.corp.example', '10.0.0.0/8'] },
        networkPolicy: { enabled: true },
      },
    },
    {
      name: 'everything else',
      values: {
        nameOverride: 'msp',
        fullnameOverride: 'msp-mirror',
        commonLabels: label,
        crds: { keep: false },
        image: { repository: 'registry.example/msp', digest: `sha256:${'0'.repeat(64)}`, pullPolicy: 'Always' },
        imagePullSecrets: [{ name: 'registry' }],
        credentials: { createClusterRole: false },
        upstream: {
          hosts: ['a.example', 'b.example:8443'],
          requestsPerSecond: 2.5,
          maxInFlight: 16,
          companyStatusCodes: { '1': 'Active', '2': 'Suspended' },
        },
        lifecycle: { hosts: ['lifecycle.example:444'], pollSeconds: 60 },
        concurrency: 2,
        leaderElection: { leaseDuration: '30s', renewDeadline: '20s', retryPeriod: '4s' },
        log: { level: 'debug', format: 'pretty' },
        resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } },
        serviceAccount: { name: 'mirror', annotations: { note: 'x' } },
        topologySpreadConstraints: [
          {
            maxSkew: 2,
            topologyKey: 'zone',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: label },
          },
        ],
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
        affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
        deploymentAnnotations: { note: 'x' },
        podAnnotations: { note: 'x' },
        podLabels: label,
        extraArgs: ['--log-level=warn'],
        extraEnv: [{ name: 'TZ', value: 'UTC' }],
        extraVolumes: [{ name: 'more', emptyDir: {} }],
        extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
        extraCA: { secretName: 'corporate-ca', key: 'bundle.pem' },
        metrics: { port: 9000 },
        healthPort: 9001,
        service: { annotations: { note: 'x' } },
      },
    },
  ];
}
