// Where the API server is, how its certificate is verified, and who we are: from a kubeconfig or from inside the cluster.
// Credentials rotate (ServiceAccount tokens, exec plugins, client certificates), so they are asked for again and again.

import { existsSync, readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { KubeConfig, type Cluster } from '@kubernetes/client-node';
import { ExecPlugin, type ClusterInfo, type ExecPluginConfig } from './exec-plugin.ts';

export interface ConnectionOptions {
  /** Path of a kubeconfig. Default: inside the cluster its own ServiceAccount, elsewhere what kubectl would use. */
  readonly kubeconfig?: string;
  /** Context of the kubeconfig. Default: its current one. */
  readonly context?: string;
  /** Stands before the paths of the ServiceAccount's files, for tests. Default: none. */
  readonly serviceAccountRoot?: string;
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
   * The API server refused these credentials, or its certificate cannot be verified by them: have others. False if there
   * are none to be had now, so that wrong ones do not double every call or start an exec plugin in a loop.
   */
  refresh(refused: Credentials): boolean;
}

const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';
/** Reading files once per call would cost more than the call. */
const GOOD_FOR_MS = 10_000;
/** A file that is not there or a plugin that fails: asked again no sooner, however many calls wait for it. */
const BAD_FOR_MS = 5_000;
const REFRESH_AT_MOST_EVERY_MS = 30_000;

export function loadConnection(options: ConnectionOptions = {}): Connection {
  return new KubeConfigConnection(options);
}

/** The same as far as the API server can tell, and the same trust in it. */
export function sameCredentials(a: Credentials, b: Credentials): boolean {
  return a.headers['authorization'] === b.headers['authorization'] && sameTls(a.tls, b.tls);
}

export function sameTls(a: TlsOptions, b: TlsOptions): boolean {
  if (a === b) return true;
  return (
    a.servername === b.servername &&
    a.rejectUnauthorized === b.rejectUnauthorized &&
    sameBytes(a.ca, b.ca) &&
    sameBytes(a.cert, b.cert) &&
    sameBytes(a.key, b.key)
  );
}

function sameBytes(a: string | Buffer | undefined, b: string | Buffer | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.from(a).equals(Buffer.from(b));
}

function loadKubeConfig({ kubeconfig, context, serviceAccountRoot = '' }: ConnectionOptions): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
  else if (context === undefined && existsSync(`${serviceAccountRoot}${TOKEN_FILE}`)) {
    config.loadFromCluster(serviceAccountRoot);
  } else config.loadFromDefault();
  if (context !== undefined) config.setCurrentContext(context);
  return config;
}

interface Held {
  readonly promise: Promise<Credentials>;
  /** Once it is settled. */
  value: Credentials | null;
  /** Monotonic, ms. */
  until: number;
}

class KubeConfigConnection implements Connection {
  readonly server: URL;
  readonly namespace: string | null;
  readonly verifiesServer: boolean;
  readonly #options: ConnectionOptions;
  #config: KubeConfig;
  #plugin: ExecPlugin | null;
  #held: Held | null = null;
  /** What was last seen to make a TLS connection. */
  #usable: TlsOptions | null = null;
  #refreshedAt = -Infinity;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#config = loadKubeConfig(options);
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
    this.#plugin = this.#pluginOf();
  }

  credentials(): Promise<Credentials> {
    if (this.#held === null || performance.now() >= this.#held.until) this.#held = this.#hold();
    return this.#held.promise;
  }

  refresh(refused: Credentials): boolean {
    const held = this.#held;
    // Somebody else was refused before us and had them renewed; or they are being renewed.
    if (held?.until === Infinity || (held?.value && !sameCredentials(held.value, refused))) return true;
    const now = performance.now();
    if (now - this.#refreshedAt < REFRESH_AT_MOST_EVERY_MS) return false;
    this.#refreshedAt = now;
    this.#usable = null;
    try {
      this.#config = loadKubeConfig(this.#options);
      this.#plugin = this.#pluginOf();
    } catch {
      // Being replaced, perhaps; what we have stays until it can be read.
      return false;
    }
    this.#held = this.#hold();
    return true;
  }

  /** Asks once, however many wait for the answer. */
  #hold(): Held {
    const read = this.#read();
    const promise = read.then(({ credentials }) => credentials);
    const held: Held = { promise, value: null, until: Infinity };
    read.then(
      ({ credentials, goodForMs }) => {
        held.value = credentials;
        held.until = performance.now() + Math.min(goodForMs, GOOD_FOR_MS);
      },
      () => {
        held.until = performance.now() + BAD_FOR_MS;
      },
    );
    return held;
  }

  async #read(): Promise<{ readonly credentials: Credentials; readonly goodForMs: number }> {
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
    let goodForMs = Infinity;
    if (this.#plugin !== null) {
      const { token, certificate, expiresAt } = await this.#plugin.credentials();
      if (token !== null) headers['authorization'] = `Bearer ${token}`;
      if (certificate !== null) Object.assign(tls, certificate);
      goodForMs = expiresAt - Date.now();
    }
    const usable = this.#checked(tls);
    return { credentials: { headers, tls: usable }, goodForMs: usable === tls ? goodForMs : BAD_FOR_MS };
  }

  /**
   * Files that are being replaced may not fit together: a certificate with another one's key. What fitted before then goes on,
   * unless the API server has refused it.
   */
  #checked(tls: TlsOptions): TlsOptions {
    if (this.#usable !== null && sameTls(this.#usable, tls)) return tls;
    try {
      createSecureContext(tls);
    } catch (error) {
      if (this.#usable !== null) return this.#usable;
      throw new Error('the certificates and keys for the API server cannot be used', { cause: error });
    }
    this.#usable = tls;
    return tls;
  }

  /** Takes the plugin out of the configuration, so that we run it and not the library. */
  #pluginOf(): ExecPlugin | null {
    const user = this.#config.getCurrentUser();
    const cluster = this.#config.getCurrentCluster();
    if (!user?.exec || cluster === null) return null;
    const { exec, ...rest } = user;
    this.#config.users = this.#config.users.map((each) => (each === user ? rest : each));
    const config = exec as ExecPluginConfig;
    const { kubeconfig } = this.#options;
    // A path in a kubeconfig begins where the file is.
    const relative = kubeconfig !== undefined && config.command?.includes('/') === true;
    return new ExecPlugin(
      relative ? { ...config, command: resolve(dirname(kubeconfig), config.command) } : config,
      clusterInfo(cluster),
    );
  }
}

function clusterInfo({ server, tlsServerName, skipTLSVerify, caData, caFile }: Cluster): ClusterInfo {
  const ca = caFile === undefined ? caData : readFileSync(caFile).toString('base64');
  return {
    server,
    ...(tlsServerName ? { 'tls-server-name': tlsServerName } : {}),
    ...(skipTLSVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(ca ? { 'certificate-authority-data': ca } : {}),
  };
}
