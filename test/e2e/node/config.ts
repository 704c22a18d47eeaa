// The configuration files of what runs on the node.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CLUSTER_DOMAIN, DNS_SERVICE, NODE, NODE_NAME, PODS } from './addresses.ts';

export const SOCKET = '/run/containerd/containerd.sock';

export interface ConfigFiles {
  readonly kubelet: string;
  readonly kubeProxy: string;
  readonly containerd: string;
  readonly coredns: string;
}

export interface ConfigOptions {
  readonly kubeconfig: string;
  readonly pauseImage: string;
  readonly cniPlugins: string;
  /** Names that lead to another one inside the cluster. */
  readonly aliases: Readonly<Record<string, string>>;
}

export async function writeConfigs(dir: string, options: ConfigOptions): Promise<ConfigFiles> {
  const at = (name: string): string => join(dir, name);
  const cni = at('cni');
  const resolvConf = at('resolv.conf');
  await mkdir(cni);
  await writeFile(join(cni, 'pods.conflist'), JSON.stringify(podNetwork));
  await writeFile(resolvConf, '');
  const files = {
    kubelet: at('kubelet.yaml'),
    kubeProxy: at('kube-proxy.yaml'),
    containerd: at('containerd.toml'),
    coredns: at('Corefile'),
  };
  await writeFile(files.kubelet, stringify(kubelet(at('volume-plugins'), resolvConf)));
  await writeFile(files.kubeProxy, stringify(kubeProxy(options.kubeconfig)));
  await writeFile(files.containerd, containerd(options, cni));
  await writeFile(files.coredns, corefile(options));
  return files;
}

const podNetwork = {
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'pods0',
      isGateway: true,
      // A pod may reach itself through its Service.
      hairpinMode: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: PODS }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
  ],
};

function kubelet(volumePluginDir: string, resolvConf: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${SOCKET}`,
    clusterDNS: [DNS_SERVICE],
    clusterDomain: CLUSTER_DOMAIN,
    resolvConf,
    volumePluginDir,
    // Nobody but the API server can reach this network.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    // The machine's cgroups are not ours to arrange.
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    localStorageCapacityIsolation: false,
    failSwapOn: false,
    // However little the machine has left, nothing is evicted: a run takes minutes.
    evictionHard: {
      'memory.available': '1Mi',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
    },
    imageGCHighThresholdPercent: 100,
  };
}

function kubeProxy(kubeconfig: string): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig },
    clusterCIDR: PODS,
    hostnameOverride: NODE_NAME,
    // Leaves the machine's table of connections as it is.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}

function containerd({ pauseImage, cniPlugins }: ConfigOptions, cniConfig: string): string {
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]

[grpc]
address = "${SOCKET}"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "${pauseImage}"

[plugins."io.containerd.cri.v1.runtime"]
# Lower scores than this process's own are not ours to give.
restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["${cniPlugins}"]
conf_dir = "${cniConfig}"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
SystemdCgroup = false
`;
}

/** Rewritten names are answered as the ones that were asked for. */
export function rewrites(aliases: Readonly<Record<string, string>>): string {
  return Object.entries(aliases)
    .map(([name, target]) => `    rewrite name exact ${name} ${target}\n`)
    .join('');
}

function corefile({ kubeconfig, aliases }: ConfigOptions): string {
  return `.:53 {
    bind ${NODE.address}
    errors
    ready ${NODE.address}:8181
${rewrites(aliases)}    kubernetes ${CLUSTER_DOMAIN} {
        kubeconfig ${kubeconfig} test
    }
}
`;
}
