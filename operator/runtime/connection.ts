// Where the API server is, how its certificate is verified, and who we are: from a kubeconfig or from inside the cluster.
// Credentials rotate (ServiceAccount tokens, exec plugins, client certificates), so they are asked for again and again.

import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';

export interface ConnectionOptions {
  /** Path of a kubeconfig. Default: inside the cluster its own ServiceAccount, elsewhere what kubectl would use. */
  readonly kubeconfig?: string;
  /** Context of the kubeconfig. Default: its current one. */
  readonly context?: string;
}

export interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Credentials {
  readonly tls: TlsOptions;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Connection {
  /** Origin of the API server and, behind some proxies, the path in front of `/api`. */
  readonly server: URL;
  /** Namespace of the context or the pod, if it names one. */
  readonly namespace: string | null;
  /** False only if the kubeconfig says insecure-skip-tls-verify: worth a warning. */
  readonly verifiesServer: boolean;
  credentials(): Promise<Credentials>;
  /**
   * The API server refused our credentials: forget them and load them afresh. False if that was done a moment ago, so that
   * wrong credentials do not double every call or start an exec plugin in a loop.
   */
  refresh(): boolean;
}

const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';
/** Reading files and asking the exec plugin's cache once per call would cost more than the call. */
const CREDENTIALS_MAX_AGE_MS = 10_000;
const REFRESH_AT_MOST_EVERY_MS = 30_000;

export function loadConnection(options: ConnectionOptions = {}): Connection {
  return new KubeConfigConnection(() => loadKubeConfig(options));
}

function loadKubeConfig(options: ConnectionOptions): KubeConfig {
  const config = new KubeConfig();
  if (options.kubeconfig !== undefined) config.loadFromFile(options.kubeconfig);
  else if (options.context === undefined && existsSync(TOKEN_FILE)) config.loadFromCluster();
  else config.loadFromDefault();
  if (options.context !== undefined) config.setCurrentContext(options.context);
  return config;
}

class KubeConfigConnection implements Connection {
  readonly server: URL;
  readonly namespace: string | null;
  readonly verifiesServer: boolean;
  readonly #load: () => KubeConfig;
  #config: KubeConfig;
  #cached: { readonly at: number; readonly credentials: Promise<Credentials> } | null = null;
  #refreshedAt = -Infinity;

  constructor(load: () => KubeConfig) {
    this.#load = load;
    this.#config = load();
    const context = this.#config.getCurrentContext();
    const cluster = this.#config.getCurrentCluster();
    if (cluster === null) throw new Error(`kubeconfig: context "${context}" names no cluster`);
    if (this.#config.getCurrentUser() === null) throw new Error(`kubeconfig: context "${context}" names no user`);
    if (cluster.proxyUrl) throw new Error(`kubeconfig: proxy-url of cluster "${cluster.name}" is not supported`);
    this.server = new URL(cluster.server);
    // Our token would go over the wire in the clear.
    if (this.server.protocol !== 'https:') throw new Error(`kubeconfig: ${cluster.server} is not https`);
    this.verifiesServer = !cluster.skipTLSVerify;
    this.namespace = this.#config.getContextObject(context)?.namespace ?? null;
  }

  credentials(): Promise<Credentials> {
    const now = performance.now();
    if (this.#cached === null || now - this.#cached.at > CREDENTIALS_MAX_AGE_MS) {
      const entry = { at: now, credentials: this.#read() };
      this.#cached = entry;
      // A failure is not kept: the next call asks again.
      entry.credentials.catch(() => {
        if (this.#cached === entry) this.#cached = null;
      });
    }
    return this.#cached.credentials;
  }

  refresh(): boolean {
    const now = performance.now();
    if (now - this.#refreshedAt < REFRESH_AT_MOST_EVERY_MS) return false;
    this.#refreshedAt = now;
    this.#config = this.#load();
    this.#cached = null;
    return true;
  }

  async #read(): Promise<Credentials> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
    }
    const tls: Record<string, unknown> = {};
    for (const name of ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const) {
      if (options[name] !== undefined) tls[name] = options[name];
    }
    return { headers, tls: tls };
  }
}
