// The admin port: JSON over HTTP to look at the simulator, change trees and accounts, and inject faults. GET / lists the routes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from './account.ts';
import { parseCompanyType } from './company.ts';
import type { CompanyType } from './company.ts';
import { AdminError, findAccount, readFields } from './fields.ts';
import { checkFault } from './faults.ts';
import { parseObject, readBody } from './http.ts';
import { lifecycleRoutes, readService } from './lifecycle-admin.ts';
import { parseQuirks } from './quirks.ts';
import { shapes } from './shapes.ts';
import type { Shape } from './shapes.ts';
import type { Simulator } from './simulator.ts';
import { TreeError } from './tree.ts';
import type { CompanyChange, CompanyInput } from './tree.ts';

const maxBodyBytes = 256 << 20;

type Body = Readonly<Record<string, unknown>>;
type Route = (simulator: Simulator, body: Body, query: URLSearchParams, name: string) => unknown;

/** `*` stands for a username. */
const routes: Readonly<Record<string, Route>> = {
  'GET /': () => ({ routes: Object.keys(routes) }),
  'GET /state': (simulator) => ({
    url: simulator.url,
    adminURL: simulator.adminURL,
    lifecycleURL: simulator.lifecycleURL,
    accounts: simulator.accounts().map(accountState),
    quirks: simulator.quirks,
    faults: simulator.faults.list(),
  }),
  'GET /counts': (simulator) => simulator.counts(),
  'GET /log': (simulator, _, query) => {
    const entries = simulator.log();
    return { requests: query.has('last') ? entries.slice(-readCount(query, 'last', 100)) : entries };
  },
  'DELETE /log': (simulator) => {
    simulator.clearLog();
    return { cleared: true };
  },
  'POST /accounts': (simulator, body) => accountState(addAccount(simulator, body)),
  'GET /accounts/*': (simulator, _, __, name) => accountState(findAccount(simulator, name)),
  'POST /accounts/*': (simulator, body, _, name) => accountState(changeAccount(simulator, name, body)),
  'DELETE /accounts/*': (simulator, _, __, name) => {
    simulator.removeAccount(findAccount(simulator, name).username);
    return { removed: name };
  },
  'GET /accounts/*/companies': (simulator, _, query, name) => {
    const account = findAccount(simulator, name);
    const skip = readCount(query, 'skip', 0);
    const take = readCount(query, 'take', 1000);
    const wanted = query.get('name')?.toLowerCase();
    const found = account.tree
      .companies()
      .filter((company) => wanted === undefined || company.name.toLowerCase().includes(wanted));
    return { companies: found.drop(skip).take(take).toArray() };
  },
  'POST /tree/add': (simulator, body) => {
    const spec = {
      account: 'text!',
      force: 'boolean',
      id: 'text',
      parentId: 'text',
      ...changeSpec,
      name: 'text!',
    } as const;
    const { account, force, ...input } = readFields(body, spec);
    return findAccount(simulator, account).add(companyInput(input), { force: force === true });
  },
  'POST /tree/update': (simulator, body) => {
    const { account, id, force, ...change } = readFields(body, {
      account: 'text!',
      id: 'text!',
      force: 'boolean',
      ...changeSpec,
    });
    return findAccount(simulator, account).update(id, companyChange(change), { force: force === true });
  },
  'POST /tree/rename': (simulator, body) => {
    const { account, id, name, force } = readFields(body, { ...idSpec, name: 'text!', force: 'boolean' });
    return findAccount(simulator, account).rename(id, name, { force: force === true });
  },
  'POST /tree/move': (simulator, body) => {
    const { account, id, parentId, force } = readFields(body, { ...idSpec, parentId: 'text!', force: 'boolean' });
    return findAccount(simulator, account).move(id, parentId, { force: force === true });
  },
  'POST /tree/suspend': (simulator, body) => {
    const { account, id } = readFields(body, idSpec);
    return findAccount(simulator, account).suspend(id);
  },
  'POST /tree/unsuspend': (simulator, body) => {
    const { account, id } = readFields(body, idSpec);
    return findAccount(simulator, account).unsuspend(id);
  },
  'POST /tree/remove': (simulator, body) => {
    const { account, id } = readFields(body, idSpec);
    return { removed: findAccount(simulator, account).remove(id) };
  },
  'POST /tree/restore': (simulator, body) => {
    const { account, id, force } = readFields(body, { ...idSpec, force: 'boolean' });
    return findAccount(simulator, account).restore(id, { force: force === true });
  },
  'GET /faults': (simulator) => ({ faults: simulator.faults.list() }),
  'POST /faults': (simulator, body) => ({ id: simulator.faults.add(checkFault(body)) }),
  'DELETE /faults': (simulator, _, query) => {
    if (!query.has('id')) simulator.faults.clear();
    else if (!simulator.faults.remove(readCount(query, 'id', 0))) throw new AdminError(404, 'no fault of this id');
    return { faults: simulator.faults.list() };
  },
  'GET /quirks': (simulator) => simulator.quirks,
  'POST /quirks': (simulator, body) => {
    simulator.setQuirks(parseQuirks(body));
    return simulator.quirks;
  },
  ...lifecycleRoutes,
};

const idSpec = { account: 'text!', id: 'text!' } as const;

const changeSpec = {
  name: 'text',
  type: 'value',
  email: 'text',
  status: 'text',
  customIdentifier: 'text',
  description: 'text',
  vatId: 'text',
} as const;

export function adminHandler(simulator: Simulator): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  return async (req, res) => {
    const text = await readBody(req, maxBodyBytes);
    const { status, body } = respond(simulator, req, text);
    const json = JSON.stringify(body);
    res.writeHead(status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(json),
    });
    res.end(json);
  };
}

function respond(
  simulator: Simulator,
  req: IncomingMessage,
  text: string | undefined,
): { status: number; body: unknown } {
  try {
    if (text === undefined) throw new AdminError(413, 'the request is too large');
    const url = new URL(req.url ?? '/', 'http://127.0.0.1');
    const [, name] = /^\/accounts\/([^/]+)/.exec(url.pathname) ?? [];
    const path = name === undefined ? url.pathname : url.pathname.replace(`/accounts/${name}`, '/accounts/*');
    const route = `${req.method ?? ''} ${path}`;
    if (!Object.hasOwn(routes, route)) {
      const methods = Object.keys(routes).filter((each) => each.endsWith(` ${path}`));
      if (methods.length > 0) throw new AdminError(405, `not this method; there is: ${methods.join(', ')}`);
      throw new AdminError(404, `no such page; there are: ${Object.keys(routes).join(', ')}`);
    }
    const body = parseObject(text);
    if (!body) throw new AdminError(400, 'the body must be one JSON object');
    return { status: 200, body: routes[route]?.(simulator, body, url.searchParams, decodeURIComponent(name ?? '')) };
  } catch (error) {
    if (error instanceof AdminError || error instanceof TreeError)
      return { status: error.status, body: { error: error.message } };
    if (error instanceof RangeError || error instanceof URIError)
      return { status: 400, body: { error: error.message } };
    throw error;
  }
}

function accountState(account: Account): unknown {
  const { company, hidden, shown, quirks } = account;
  const seen = { username: account.username, company, companies: account.tree.size };
  return { ...seen, hidden, shown, quirks };
}

function addAccount(simulator: Simulator, body: Body): Account {
  const { tree, shape, quirks, seed, services, ...fields } = readFields(body, {
    username: 'text!',
    password: 'text!',
    companies: 'number',
    shape: 'text',
    seed: 'value',
    hostileNames: 'boolean',
    tree: 'objects',
    treeOf: 'text',
    companyId: 'text',
    hidden: 'texts',
    shown: 'texts',
    quirks: 'object',
    lifecycleToken: 'text',
    services: 'texts',
  });
  if (simulator.hasAccount(fields.username)) throw new AdminError(409, `account "${fields.username}" exists already`);
  if (fields.treeOf !== undefined) findAccount(simulator, fields.treeOf);
  if (shape !== undefined && !isShape(shape))
    throw new AdminError(400, `no shape "${shape}"; there are: ${shapes.join(', ')}`);
  const inputs = tree?.map((company) =>
    companyInput(readFields(company, { id: 'text', parentId: 'text', ...changeSpec, name: 'text!' })),
  );
  return simulator.addAccount({
    ...fields,
    ...(shape !== undefined && { shape }),
    ...(seed !== undefined && { seed: readSeed(seed) }),
    ...(inputs && { tree: inputs }),
    ...(quirks && { quirks: parseQuirks(quirks) }),
    ...(services && { services: services.map((each) => readService(each, 'services')) }),
  });
}

function changeAccount(simulator: Simulator, name: string, body: Body): Account {
  const account = findAccount(simulator, name);
  const change = readFields(body, {
    password: 'text',
    companyId: 'text',
    hide: 'texts',
    show: 'texts',
    showAll: 'boolean',
    revokeTokens: 'boolean',
    quirks: 'object',
  });
  const quirks = change.quirks && parseQuirks(change.quirks);
  if (change.companyId !== undefined) account.setCompany(change.companyId);
  if (change.password !== undefined) account.setPassword(change.password);
  if (change.showAll === true) account.showAll();
  if (change.hide) account.hide(change.hide);
  if (change.show) account.show(change.show);
  if (change.revokeTokens === true) account.revokeTokens();
  if (quirks) account.setQuirks(quirks);
  return account;
}

interface RawChange {
  name?: string;
  type?: unknown;
  email?: string;
  status?: string;
  customIdentifier?: string;
  description?: string;
  vatId?: string;
}

function companyChange({ type, status, ...texts }: RawChange): CompanyChange {
  const change: CompanyChange = { ...texts };
  if (type !== undefined) change.type = readType(type);
  if (status !== undefined) {
    if (status !== 'active' && status !== 'suspended' && status !== 'waiting') {
      throw new AdminError(400, 'field "status" must be active, suspended or waiting');
    }
    change.status = status;
  }
  return change;
}

function companyInput(raw: RawChange & { name: string; id?: string; parentId?: string }): CompanyInput {
  const { id, parentId, name } = raw;
  return { ...companyChange(raw), name, ...(id !== undefined && { id }), ...(parentId !== undefined && { parentId }) };
}

function readType(value: unknown): CompanyType {
  const type = parseCompanyType(value);
  if (type === undefined)
    throw new AdminError(400, 'field "type" must be a code (1002 to 1007) or a name such as "Customer"');
  return type;
}

function readSeed(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new AdminError(400, 'field "seed" must be a text or a number');
}

function isShape(value: string): value is Shape {
  return (shapes as readonly string[]).includes(value);
}

function readCount(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new AdminError(400, `"${name}" must be a whole number`);
  return Number(text);
}
