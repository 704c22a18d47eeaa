// Makes every cell of the table happen: an account for each, all at once on one operator. Each is struck on request, and then left
// to itself where the operator is to come back on its own.

import { setTimeout as sleep } from 'node:timers/promises';
import { SECRETS } from '../../operator/controllers/secret.ts';
import { checkObjects } from '../harness/checker.ts';
import { MSP_ACCOUNTS, STATIC_GROUPS } from '../harness/fingerprint.ts';
import { PASSWORD, World, conditionOf, type Thing } from '../harness/world.ts';
import { Random } from '../simulator/random.ts';
import type { Account, AccountOptions } from '../simulator/simulator.ts';
import { COLUMNS, ROWS, comesBack, reasonOf, type Column, type Row } from './table.ts';

export interface Said {
  /** `status/reason` of Ready, and of Synchronized. */
  readonly ready: string;
  readonly synchronized: string;
  /** `status/reason` of Linked of the company that the listing leaves out; null: none is. */
  readonly linked: string | null;
  /** The group of every other company is there, and linked. */
  readonly whole: boolean;
}

export interface Outcome {
  readonly during: Said;
  /** When the operator is to try again, after the fault, s; null: it waits for a person. */
  readonly retrySeconds: number | null;
  /** Requests that the fault struck. */
  readonly hits: number;
  /** After the fault: by itself, or, where that is not to happen soon, on request. */
  readonly after: Said;
  /** What the checker of all tests finds in the objects, during and after. */
  readonly problems: readonly string[];
}

/** One fault on one call. */
export interface Cell {
  readonly row: Row;
  readonly column: Column;
  readonly name: string;
}

export const CELLS: readonly Cell[] = ROWS.flatMap((row, index) =>
  (Object.keys(COLUMNS) as Column[]).map((column) => ({ row, column, name: `cell-${index}-${column}` })),
);

/** A call that hangs is given up after 30 s, and made three times. */
const HANDLED_MS = 130_000;
/** The first retry follows after 8 to 12 s. */
const BACK_MS = 45_000;
const POLL_MS = 250;

export class Cells {
  readonly world: World;
  /** The accounts as last listed. */
  #accounts = new Map<string, Thing>();
  #stopped = false;
  readonly #listing: Promise<void>;

  private constructor(world: World) {
    this.world = world;
    this.#listing = this.#list();
  }

  static async start(): Promise<Cells> {
    const accounts = CELLS.map(accountOf);
    const world = await World.create({ accounts, operator: { args: ['--concurrency=100'] } });
    return new Cells(world);
  }

  /** All cells, by name. */
  async happen(): Promise<ReadonlyMap<string, Outcome>> {
    await this.world.apply(this.world.credentialsBinding());
    // What takes longest begins first.
    const slowFirst = [...CELLS].sort((a, b) => Number(isSlow(b)) - Number(isSlow(a)));
    return new Map(await Promise.all(slowFirst.map(async (cell) => [cell.name, await this.#happen(cell)] as const)));
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await this.#listing;
    // All at once; the world does it one by one.
    const { admin, namespace } = this.world;
    await Promise.allSettled(CELLS.map(({ name }) => admin.delete(MSP_ACCOUNTS, { namespace, name })));
    await this.world.end();
  }

  async #happen(cell: Cell): Promise<Outcome> {
    const { row, column, name } = cell;
    const { simulator } = this.world;
    const { faults } = simulator;
    const upstream = simulator.account(usernameOf(name));
    await this.#create(name);
    await this.#until(name, isReady, BACK_MS);
    const [, below, unlisted] = idsOf(name);
    const drop = { kind: 'drop-rows', rows: 1, operation: 'Company/Children', companyId: below } as const;
    const dropped = column === 'detail' ? faults.add({ ...drop, account: upstream.username }) : null;
    // The token is used for 30 s, longer than one request may take, and is then renewed for the last listing.
    const late = { kind: 'delay', ms: 15_500, account: upstream.username, times: 1 } as const;
    if (column === 'renew') {
      faults.add({ ...late, operation: 'User/Current' });
      faults.add({ ...late, operation: 'Company/Children' });
    }
    const companyId = { own: upstream.company.id, below, detail: unlisted }[column as string];
    const { operation } = COLUMNS[column];
    const account = upstream.username;
    const id = faults.add({ ...row.effect, operation, account, ...(companyId === undefined ? {} : { companyId }) });
    await this.#sync(name, 'during');
    const during = await this.#said(cell, upstream);
    const hits = faults.hits(id);
    faults.remove(id);
    if (dropped !== null) faults.remove(dropped);

    const waits = reasonOf(row, column) !== 'Synchronized' && comesBack(row, column) === 'soon';
    if (waits) await this.#until(name, isReady, BACK_MS);
    else await this.#sync(name, 'after');
    const after = await this.#said(cell, upstream);
    const problems = [...during.problems, ...after.problems];
    return { during: during.said, retrySeconds: during.retrySeconds, hits, after: after.said, problems };
  }

  async #create(name: string): Promise<void> {
    const { world } = this;
    const { admin, namespace } = world;
    const login = { username: usernameOf(name), password: PASSWORD };
    await admin.create(SECRETS, namespace, world.secret(name, login));
    await admin.create(MSP_ACCOUNTS, namespace, world.account(name, { credentials: { secretRef: { name } } }));
  }

  async #sync(name: string, value: string): Promise<void> {
    const { admin, namespace } = this.world;
    const patch = { metadata: { annotations: { 'mspoperator.dev/requestedAt': value } } };
    await admin.patch(MSP_ACCOUNTS, { namespace, name }, patch);
    await this.#until(name, ({ status }) => status?.lastHandledRequestedAt === value, HANDLED_MS);
  }

  async #until(name: string, wanted: (account: Thing) => boolean, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const account = this.#accounts.get(name);
      if (account !== undefined && wanted(account)) return;
      // What it is then is for the test to tell.
      if (Date.now() > deadline) return;
      await sleep(POLL_MS);
    }
  }

  async #said(
    { name, column }: Cell,
    upstream: Account,
  ): Promise<{ said: Said; retrySeconds: number | null; problems: string[] }> {
    const { admin, namespace } = this.world;
    const account = (await admin.get(MSP_ACCOUNTS, { namespace, name })) as unknown as Thing;
    const linked = new Map<string, string>();
    const objects = [account];
    const labelSelector = `mspoperator.dev/account=${name}`;
    for await (const { items } of admin.list(STATIC_GROUPS, { namespace, labelSelector })) {
      for (const group of items as unknown as Thing[])
        linked.set(group.spec.companyID as string, said(group, 'Linked'));
    }
    const nextAt = Date.parse((account.status.sync?.nextAt as string | undefined) ?? '');
    const unlisted = column === 'detail' ? idsOf(name)[2] : null;
    const others = [...upstream.tree.companies()].filter(({ id }) => id !== unlisted);
    return {
      said: {
        ready: said(account, 'Ready'),
        synchronized: said(account, 'Synchronized'),
        linked: unlisted === null ? null : (linked.get(unlisted) ?? 'no group'),
        whole: others.every(({ id }) => linked.get(id) === 'True/Present'),
      },
      retrySeconds: Number.isNaN(nextAt) ? null : (nextAt - Date.now()) / 1000,
      problems: checkObjects(objects),
    };
  }

  /** One list for all who wait. */
  async #list(): Promise<void> {
    const { admin, namespace } = this.world;
    while (!this.#stopped) {
      for await (const { items } of admin.list(MSP_ACCOUNTS, { namespace })) {
        for (const item of items as unknown as Thing[]) this.#accounts.set(item.metadata.name, item);
      }
      await sleep(POLL_MS);
    }
  }
}

function isSlow({ row }: Cell): boolean {
  return row.effect.kind === 'hang' || row.effect.kind === 'slow';
}

function isReady(account: Thing): boolean {
  return conditionOf(account, 'Ready')?.status === 'True';
}

function said(thing: Thing, type: string): string {
  const condition = conditionOf(thing, type);
  return condition === undefined ? 'nothing' : `${condition.status}/${condition.reason}`;
}

const usernameOf = (name: string): string => `${name}@msp.example`;

/** Own company, the Managed MSP below it, and one customer of that. */
function idsOf(name: string): readonly [own: string, below: string, unlisted: string] {
  const random = new Random(name);
  return [random.guid(), random.guid(), random.guid()];
}

function accountOf({ name, column }: Cell): AccountOptions {
  const [own, below, unlisted] = idsOf(name);
  return {
    username: usernameOf(name),
    password: PASSWORD,
    tree: [
      { id: own, name, type: 'MSPManager' },
      { id: below, name: 'Managed', type: 'ManagedMSP', parentId: own },
      { id: unlisted, name: 'Bakery', parentId: below },
    ],
    ...(column === 'renew' ? { quirks: { tokenLifetimeSeconds: 37 } } : {}),
  };
}
