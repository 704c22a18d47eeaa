// For the tests of the policies alone: a namespace where they are in force, no operator, objects whose status is as a test needs
// it, and the people (and programs) who may ask.

import { join } from 'node:path';
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from '../harness/operator.ts';
import { readKubeconfig, writeKubeconfig } from '../controlplane/kubeconfig.ts';
import { Server, type Answer, type Manifest } from '../api/server.ts';
import { installPolicies, type Policies } from './policies.ts';

export const FINALIZER = 'mspoperator.dev/creating-service';

/** admin: system:masters. clusterAdmin: a ServiceAccount with cluster-admin. editor: with what `edit` gives on our kind. */
export const WHO = ['admin', 'clusterAdmin', 'editor', 'operator'] as const;
export type Who = (typeof WHO)[number];

const EDIT = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const RBAC = 'rbac.authorization.k8s.io';

export interface Person {
  readonly token: string;
  /** A file, for kubectl. */
  readonly kubeconfig: string;
}

export class Stage {
  readonly server: Server;
  readonly people: Readonly<Record<Who, Person>>;
  readonly #policies: Policies;

  private constructor(server: Server, people: Readonly<Record<Who, Person>>, policies: Policies) {
    this.server = server;
    this.people = people;
    this.#policies = policies;
  }

  static async create(): Promise<Stage> {
    const server = await Server.create();
    try {
      const people = await peopleOf(server);
      return new Stage(server, people, await installPolicies(server.cluster, server.namespace));
    } catch (error) {
      await removePeople(server);
      await server.end();
      throw error;
    }
  }

  /** Creates it, with the operator's finalizer; `status` replaces all of its status, written as the operator does. */
  async object(
    name: string,
    spec: object,
    status?: object | null,
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<Manifest> {
    const created = await this.server.created('protectinstances', {
      apiVersion: 'mspoperator.dev/v1alpha1',
      kind: 'ProtectInstance',
      metadata: { name, annotations, finalizers: [FINALIZER] },
      spec: { accountRef: { name: 'acme' }, service: 'EMA2', displayName: 'Acme PROTECT', region: 'eu', ...spec },
    });
    if (status === undefined) return created;
    const patch = [
      { op: 'add', path: '/status', value: {} },
      status === null ? { op: 'remove', path: '/status' } : { op: 'replace', path: '/status', value: status },
    ];
    const { code, body } = await this.patch(`${name}/status`, patch, 'operator', 'json');
    if (code !== 200) throw new Error(`the status of ${name} was refused: ${body.message}`);
    return body;
  }

  /** Of type API, with an instance that EMA2 created. */
  active(name: string, spec: object = {}, status: object = {}): Promise<Manifest> {
    return this.object(
      name,
      { lifecycle: API, ...spec },
      { instanceID: `id-of-${name}`, state: 'Active', creatingService: 'EMA2', ...status },
    );
  }

  /** As kubectl asks for it: everything about the deletion is decided, nothing of it is stored. */
  tryDelete(name: string, who: Who = 'admin', query: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.remove(name, who, { dryRun: 'All', ...query });
  }

  remove(name: string, who: Who = 'admin', query: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.server.request('DELETE', `protectinstances/${name}`, undefined, {
      token: this.people[who].token,
      query,
    });
  }

  patch(name: string, body: object, who: Who = 'admin', type = 'merge'): Promise<Answer> {
    return this.server.request('PATCH', `protectinstances/${name}`, body, {
      token: this.people[who].token,
      contentType: `application/${type}-patch+json`,
    });
  }

  /** By the admin, who may still read in a namespace that has lost its Roles. */
  async read(name: string): Promise<Manifest> {
    return (await this.server.get('protectinstances', name, { token: this.people.admin.token })).body;
  }

  async end(): Promise<void> {
    const { server } = this;
    await this.#policies.remove();
    // No operator lets go of these: the way that the documentation shows.
    const { token } = this.people.admin;
    const { body } = await server.request('GET', 'protectinstances', undefined, { token });
    for (const { metadata } of body.items as Manifest[]) {
      const { name } = metadata;
      const annotations = { 'mspoperator.dev/break-glass': name };
      await this.patch(name, { metadata: { annotations }, spec: { deletionPolicy: 'Orphan' } });
      await this.remove(name);
      await this.patch(name, { metadata: { finalizers: null } });
    }
    await removePeople(server);
    await server.end();
  }
}

export const API = { type: 'API', endpoint: 'https://lifecycle.example', secretRef: { name: 'lifecycle' } } as const;
export const PORTAL = { type: 'Portal' } as const;

async function peopleOf(server: Server): Promise<Readonly<Record<Who, Person>>> {
  const { cluster, namespace } = server;
  const { cluster: part } = await readKubeconfig(cluster.kubeconfig);
  const person = async (name: string, token: string): Promise<Person> => {
    const kubeconfig = join(cluster.dir, `${namespace}.${name}.kubeconfig`);
    await writeKubeconfig(kubeconfig, { cluster: part, user: { token }, namespace });
    return { token, kubeconfig };
  };
  const editor = await server.user('editor', EDIT, ['protectinstances']);
  const clusterAdmin = await server.user('cluster-admin', EDIT, ['protectinstances']);
  const operator = await readKubeconfig(await cluster.serviceAccountKubeconfig(OPERATOR_NAMESPACE, OPERATOR_NAME));
  const items = [
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: `cluster-admin-${namespace}` },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'cluster-admin', namespace }],
    },
    // RBAC gives the operator no DELETE; here it may ask, so that the policy answers.
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'operator-may-edit', namespace },
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'editor' },
      subjects: [{ kind: 'ServiceAccount', name: OPERATOR_NAME, namespace: OPERATOR_NAMESPACE }],
    },
  ];
  await cluster.kubectlOk(['create', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
  return {
    // On a user's own cluster there may be no such token; the same rights by RBAC then.
    admin:
      cluster.adminToken === undefined
        ? await person('admin', clusterAdmin)
        : { token: cluster.adminToken, kubeconfig: cluster.kubeconfig },
    clusterAdmin: await person('cluster-admin', clusterAdmin),
    editor: await person('editor', editor),
    operator: await person('operator', operator.user.token ?? ''),
  };
}

async function removePeople({ cluster, namespace }: Server): Promise<void> {
  await cluster.kubectlOk(['delete', 'clusterrolebinding', '--ignore-not-found', `cluster-admin-${namespace}`]);
}
