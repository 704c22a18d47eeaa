// Two tenants of one operator, each in a namespace of its own, both with the RoleBinding that lets the operator read their Secrets.
// `theirs` has an account, customers and an instance; `mine` tries to reach them. What the operator asks the API server for in the
// other namespace, and the simulator of the other login, is counted.

import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { readAuditLog, type AuditEvent } from '../controlplane/client.ts';
import { OPERATOR_USER } from '../harness/operator.ts';
import { World, conditionOf, PASSWORD, USERNAME, type Thing } from '../harness/world.ts';
import type { Account } from '../simulator/simulator.ts';

export const THEIRS = { username: USERNAME, password: PASSWORD, shape: 'msp', companies: 3, seed: 'theirs' } as const;
export const MINE = {
  username: 'mine@msp.example',
  password: 'another-Passw0rd',
  shape: 'msp',
  companies: 3,
  seed: 'mine',
  services: ['EMA2', 'EBA'],
} as const;

const THEIR_SECRETS: ReadonlySet<string> = new Set(['login', 'lifecycle']);

export class Tenants implements AsyncDisposable {
  readonly world: World;
  readonly mine: string;
  /** Listens on loopback, and is on no list. */
  readonly listener: Server;
  connections = 0;

  private constructor(world: World, mine: string, listener: Server) {
    this.world = world;
    this.mine = mine;
    this.listener = listener;
    listener.on('connection', (socket) => {
      this.connections++;
      socket.destroy();
    });
  }

  static async create(): Promise<Tenants> {
    const world = await World.create({ accounts: [THEIRS, MINE], operator: false });
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const tenants = new Tenants(world, await world.cluster.createNamespace('mine'), listener);
    try {
      await world.startOperator([
        `--watch-namespaces=${world.namespace},${tenants.mine}`,
        // No answer of upstream while a test counts.
        '--lifecycle-poll-seconds=3600',
      ]);
      await world.apply(world.lifecycleSecret(), world.instance('console', 'EMA2'));
      await tenants.apply(
        world.credentialsBinding(),
        world.secret('own', { username: MINE.username, password: MINE.password }),
        tenants.account('own', { sync: { unlinkLimit: { percent: 100 } } }),
      );
      await world.synchronized();
      await world.until('pi', 'console', (pi) => conditionOf(pi, 'Ready')?.reason === 'Active');
      await tenants.until('mspa', 'own', 'Synchronized');
      return tenants;
    } catch (error) {
      await tenants.end();
      throw error;
    }
  }

  get theirs(): string {
    return this.world.namespace;
  }

  upstream(whose: typeof THEIRS | typeof MINE): Account {
    const account = this.world.simulator.accounts().find(({ username }) => username === whose.username);
    if (account === undefined) throw new Error(`the simulator has no account ${whose.username}`);
    return account;
  }

  /** Of `mine`, with its own login unless `spec` says otherwise. */
  account(name: string, spec: object): object {
    return this.world.account(name, { credentials: { secretRef: { name: 'own' } }, ...spec });
  }

  get listenerURL(): string {
    const address = this.listener.address();
    if (address === null || typeof address === 'string') throw new Error('the listener does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  async apply(...items: readonly object[]): Promise<void> {
    await this.world.cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), { namespace: this.mine });
  }

  kubectl(args: readonly string[], input?: string): ReturnType<World['kubectl']> {
    return this.world.cluster.kubectl(args, { namespace: this.mine, input });
  }

  async get(kind: string, name: string): Promise<Thing> {
    return JSON.parse(
      await this.world.cluster.kubectlOk(['get', kind, name, '-o', 'json'], { namespace: this.mine }),
    ) as Thing;
  }

  /** Until Ready (of a child Linked) of one of mine has this reason. */
  async until(kind: string, name: string, reason: string): Promise<Thing> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const thing = await this.get(kind, name);
      const found = conditionOf(thing, kind === 'sg' || kind === 'cust' ? 'Linked' : 'Ready');
      if (found?.reason === reason) return thing;
      if (Date.now() > deadline) throw new Error(`${name} is not ${reason}:\n${JSON.stringify(thing.status, null, 1)}`);
      await sleep(100);
    }
  }

  /**
   * What the operator asked for in their namespace, from a point on, beside what it does there by itself: it follows our kinds, and
   * now and then looks at the Secrets that their own objects name.
   */
  async asked(since = 0): Promise<AuditEvent[]> {
    const all = await readAuditLog(this.world.cluster);
    return all
      .slice(since)
      .filter(
        ({ user, verb, objectRef }) =>
          user.username === OPERATOR_USER &&
          objectRef?.namespace === this.theirs &&
          !['watch', 'list'].includes(verb) &&
          !(verb === 'get' && objectRef.resource === 'secrets' && THEIR_SECRETS.has(objectRef.name ?? '')),
      );
  }

  async mark(): Promise<number> {
    return (await readAuditLog(this.world.cluster)).length;
  }

  async end(): Promise<void> {
    const { cluster } = this.world;
    this.listener.close();
    try {
      const orphan = '{"spec":{"deletionPolicy":"Orphan"}}';
      const { stdout } = await this.kubectl(['get', 'pi', '-o', 'name']);
      for (const name of stdout.split('\n').filter((each) => each !== '')) {
        await this.kubectl(['patch', name, '--type=merge', '-p', orphan]);
      }
      await this.kubectl(['delete', 'pi', '--all', '--timeout=30s']);
      await this.kubectl(['delete', 'mspa', '--all', '--timeout=30s']);
      await cluster.deleteNamespace(this.mine, { wait: false });
    } finally {
      await this.world.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
