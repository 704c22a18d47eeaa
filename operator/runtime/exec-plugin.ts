// Credentials from a program that the kubeconfig names (client.authentication.k8s.io), as client-go runs it: asked once, its
// answer kept until the time that it names. A program that hangs is ended; one that fails is named in the error, with what
// it wrote to its standard error, never with what it wrote to its standard output, which holds credentials.

import { spawn } from 'node:child_process';

export interface ExecPluginConfig {
  readonly command?: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly apiVersion?: string;
  /** What people are told when the program is not there. */
  readonly installHint?: string;
  readonly interactiveMode?: string;
  readonly provideClusterInfo?: boolean;
}

/** What the program is told of the cluster if it asks for it, in the words of its API. */
export type ClusterInfo = Readonly<Record<string, unknown>>;

export interface PluginCredentials {
  readonly token: string | null;
  readonly certificate: { readonly cert: string; readonly key: string } | null;
  /** Wall clock, ms; Infinity: until the API server refuses them. */
  readonly expiresAt: number;
}

const KNOWN_VERSION = /^client\.authentication\.k8s\.io\/(v1|v1beta1)$/;
const TIME_LIMIT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
const MAX_WORDS = 300;

export class ExecPlugin {
  readonly #config: ExecPluginConfig;
  readonly #cluster: ClusterInfo;
  readonly #timeLimitMs: number;
  #kept: PluginCredentials | null = null;

  /** Throws if it can never work here. */
  constructor(config: ExecPluginConfig, cluster: ClusterInfo, timeLimitMs = TIME_LIMIT_MS) {
    this.#config = config;
    this.#cluster = cluster;
    this.#timeLimitMs = timeLimitMs;
    if (!config.command) throw new Error('kubeconfig: exec names no command');
    if (!KNOWN_VERSION.test(config.apiVersion ?? '')) {
      throw new Error(
        `kubeconfig: exec of apiVersion "${config.apiVersion ?? ''}" is not supported; use v1 or v1beta1`,
      );
    }
    if (config.interactiveMode === 'Always') {
      throw this.#trouble('wants a terminal (interactiveMode: Always), and there is none');
    }
  }

  async credentials(): Promise<PluginCredentials> {
    if (this.#kept === null || this.#kept.expiresAt <= Date.now()) this.#kept = this.#read(await this.#run());
    return this.#kept;
  }

  #run(): Promise<string> {
    const { command = '', args, env } = this.#config;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const child = spawn(command, [...(args ?? [])], {
      // A program of its own: it gets the environment that a shell would give it.
      env: {
        ...process.env,
        ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
        KUBERNETES_EXEC_INFO: JSON.stringify(this.#request()),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: this.#timeLimitMs,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    let size = 0;
    let words = '';
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
      else out.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      // The end of it: that is where programs say why.
      words = (words + chunk.toString('utf8')).slice(-4 * MAX_WORDS);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const { installHint = '' } = this.#config;
      reject(
        error.code === 'ENOENT'
          ? this.#trouble(`is not there. Install it, or correct exec.command in the kubeconfig. ${installHint}`.trim())
          : this.#trouble(`could not be started: ${error.message}`),
      );
    });
    child.on('exit', (_, signal) => {
      if (signal === null) return;
      const why = size > MAX_OUTPUT_BYTES ? 'wrote too much' : `was ended (it has ${this.#timeLimitMs / 1000} s)`;
      reject(this.#trouble(why, words));
      // What it started itself may hold them open for ever.
      child.stdout.destroy();
      child.stderr.destroy();
    });
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString('utf8'));
      else reject(this.#trouble(`failed with exit code ${code}`, words));
    });
    return promise;
  }

  #request(): object {
    const cluster = this.#config.provideClusterInfo === true ? { cluster: this.#cluster } : {};
    return { apiVersion: this.#config.apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...cluster } };
  }

  #read(output: string): PluginCredentials {
    const answer = parse(output);
    if (answer === null || answer['kind'] !== 'ExecCredential' || answer['apiVersion'] !== this.#config.apiVersion) {
      throw this.#trouble(`did not answer with an ExecCredential of ${this.#config.apiVersion}`);
    }
    const status = (answer['status'] ?? {}) as Readonly<Record<string, unknown>>;
    const text = (field: string): string | null => {
      const value = status[field];
      return typeof value === 'string' && value !== '' ? value : null;
    };
    const [token, cert, key] = [text('token'), text('clientCertificateData'), text('clientKeyData')];
    if ((cert === null) !== (key === null)) throw this.#trouble('gave a certificate without its key, or a key alone');
    if (token === null && cert === null) throw this.#trouble('gave neither a token nor a certificate');
    const expires = text('expirationTimestamp');
    const expiresAt = expires === null ? Infinity : Date.parse(expires);
    if (Number.isNaN(expiresAt)) throw this.#trouble('gave an expirationTimestamp that is no time');
    return { token, certificate: cert === null || key === null ? null : { cert, key }, expiresAt };
  }

  #trouble(what: string, words = ''): Error {
    const said = words.replaceAll(/\s+/g, ' ').trim().slice(-MAX_WORDS);
    return new Error(`exec plugin "${this.#config.command}" ${what}${said === '' ? '' : `: ${said}`}`);
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
