// The real API server as a test of the API sees it: a namespace of its own and direct HTTPS calls (a kubectl each would take
// ten times as long). It calls as a ServiceAccount with every right on our kinds, which also works on a user's own cluster.

import { Client, Pool, type Dispatcher } from 'undici';
import { inject } from 'vitest';
import { connect, type Cluster } from '../controlplane/client.ts';
import { layout } from '../controlplane/components.ts';
import { readKubeconfig } from '../controlplane/kubeconfig.ts';
import type { Plural } from './schema.ts';

// The tests read and write deep into these; the API server is what validates them.
// oxlint-disable-next-line typescript/no-explicit-any
export type Manifest = any;

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface Answer {
  readonly code: number;
  /** The object, or a Status. */
  readonly body: Manifest;
}

export interface RequestOptions {
  /** Of a ServiceAccount made by `user`; default: one that may do everything with our kinds. */
  readonly token?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: string;
}

const GROUP_PATH = '/apis/mspoperator.dev/v1alpha1';
export const DRY_RUN = { dryRun: 'All', fieldValidation: 'Strict' } as const;

export class Server {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly #pool: Pool;
  #token = '';

  private constructor(cluster: Cluster, namespace: string) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.#pool = new Pool(cluster.url, {
      connections: 8,
      ...(cluster.ca === undefined ? {} : { connect: { ca: cluster.ca } }),
    });
  }

  static async create(): Promise<Server> {
    const cluster = connect(inject('controlPlane'));
    const server = new Server(cluster, await cluster.createNamespace('api'));
    try {
      server.#token = await server.user('everything', ['*'], ['*']);
      return server;
    } catch (error) {
      await server.end();
      throw error;
    }
  }

  /** A new user with these verbs on these resources of our group in the namespace; its token. */
  async user(name: string, verbs: readonly string[], resources: readonly string[]): Promise<string> {
    const rbac = 'rbac.authorization.k8s.io';
    const items = [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'Role',
        metadata: { name },
        rules: [{ apiGroups: ['mspoperator.dev'], resources, verbs }],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: { name },
        roleRef: { apiGroup: rbac, kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name }],
      },
    ];
    await this.cluster.kubectlOk(['create', '-f', '-'], {
      namespace: this.namespace,
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    });
    const { user } = await readKubeconfig(await this.cluster.serviceAccountKubeconfig(this.namespace, name));
    const { token } = user;
    if (token === undefined) throw new Error(`no token of ${name}`);
    return token;
  }

  async request(
    method: Dispatcher.HttpMethod,
    path: string,
    body?: object,
    options: RequestOptions = {},
  ): Promise<Answer> {
    const { token = this.#token, query = {}, contentType = 'application/json' } = options;
    const response = await this.#pool.request({
      method,
      path: `${GROUP_PATH}/namespaces/${this.namespace}/${path}`,
      query,
      headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { code: response.statusCode, body: await response.body.json() };
  }

  create(plural: Plural, manifest: object, options?: RequestOptions): Promise<Answer> {
    return this.request('POST', plural, manifest, options);
  }

  /** Creates it, or fails with what the server says. */
  async created(plural: Plural, manifest: object): Promise<Manifest> {
    const { code, body } = await this.create(plural, manifest, { query: { fieldValidation: 'Strict' } });
    if (code !== 201) throw new Error(`${plural} was refused: ${body.message}`);
    return body;
  }

  get(plural: Plural, name: string, options?: RequestOptions): Promise<Answer> {
    return this.request('GET', `${plural}/${name}`, undefined, options);
  }

  /** A merge patch. `name` may end in /status. */
  patch(plural: Plural, name: string, patch: object, options: RequestOptions = {}): Promise<Answer> {
    return this.request('PATCH', `${plural}/${name}`, patch, {
      contentType: 'application/merge-patch+json',
      ...options,
    });
  }

  kubectl(args: readonly string[], input?: string): ReturnType<Cluster['kubectl']> {
    return this.cluster.kubectl(args, { namespace: this.namespace, input });
  }

  kubectlOk(args: readonly string[], input?: string): Promise<string> {
    return this.cluster.kubectlOk(args, { namespace: this.namespace, input });
  }

  /** What etcd holds of an object; only where the harness started etcd itself (`cluster.owned`). */
  async stored(plural: Plural, name: string): Promise<Manifest> {
    const etcd = new Client('http://localhost', { socketPath: layout(this.cluster.dir).etcdSocket });
    try {
      const key = `/registry/mspoperator.dev/${plural}/${this.namespace}/${name}`;
      const { body } = await etcd.request({
        method: 'POST',
        path: '/v3/kv/range',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ key: Buffer.from(key).toString('base64') }),
      });
      const { kvs } = (await body.json()) as { kvs?: readonly { readonly value: string }[] };
      const value = kvs?.[0]?.value;
      if (value === undefined) throw new Error(`etcd holds no ${key}`);
      return JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
    } finally {
      await etcd.close();
    }
  }

  async end(): Promise<void> {
    await Promise.all([
      this.#pool.close(),
      this.cluster.deleteNamespace(this.namespace, { wait: !this.cluster.owned }),
    ]);
  }
}

/** Why an object was refused, without the API server's note that it then leaves out the CEL rules. */
export function causesOf({ body }: Answer): Cause[] {
  const causes = (body.details?.causes ?? []) as Cause[];
  return causes.filter(({ message }) => !message.includes('some validation rules were not checked'));
}
