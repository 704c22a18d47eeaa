// The lifecycle service under /lifecycle, as docs/lifecycle-api.yaml describes it: finds account, operation and faults of a
// request, carries it out once, twice, late or never, and answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from './account.ts';
import { wireGuid } from './account.ts';
import { answer } from './answer.ts';
import type { StatusFault } from './answer.ts';
import type { FaultBook, FaultEffect } from './faults.ts';
import { parseObject, readBody } from './http.ts';
import type { LifecycleAccount, Outcome } from './lifecycle-account.ts';
import { isRegion, isService } from './lifecycle-instance.ts';
import type { RefusalCode, SimulatedInstance } from './lifecycle-instance.ts';
import type { JsonObject, Reply } from './reply.ts';
import type { LogEntry, RequestLog } from './request-log.ts';

export const lifecyclePrefix = '/lifecycle';

const maxRequestBytes = 1 << 16;

export interface LifecycleApiParts {
  accounts: () => Iterable<Account>;
  faults: FaultBook;
  log: RequestLog;
  now: () => number;
}

interface Request {
  operation: string;
  account: Account;
  id: string;
  service: unknown;
  key: string | undefined;
  body: Record<string, unknown> | undefined;
  askedAt: number;
}

interface Route {
  operation: string;
  method: string;
  path: RegExp;
  run: (request: Request) => Reply;
}

const routes: readonly Route[] = [
  { operation: 'Lifecycle/List', method: 'GET', path: /^\/v1\/instances$/, run: list },
  { operation: 'Lifecycle/Create', method: 'POST', path: /^\/v1\/instances$/, run: create },
  { operation: 'Lifecycle/Get', method: 'GET', path: /^\/v1\/instances\/([^/]+)$/, run: get },
  { operation: 'Lifecycle/Remove', method: 'DELETE', path: /^\/v1\/instances\/([^/]+)$/, run: remove },
  { operation: 'Lifecycle/Grant', method: 'PUT', path: /^\/v1\/instances\/([^/]+)\/access\/([^/]+)$/, run: grant },
];

const refusals: Readonly<Record<RefusalCode, { status: number; message: string }>> = {
  InstanceExists: { status: 409, message: 'An instance of this account lives already.' },
  ServiceNotOfAccount: { status: 403, message: 'The account does not have this service.' },
  NotCreatingService: { status: 403, message: 'Another service created this instance.' },
  InstanceNotFound: { status: 404, message: 'There is no such instance.' },
};

/** An answer in place of the service: the request never gets there. */
const unreached: ReadonlySet<string> = new Set(['status', 'html', 'empty', 'hang']);

export class LifecycleApi {
  readonly #parts: LifecycleApiParts;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(parts: LifecycleApiParts) {
    this.#parts = parts;
  }

  handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { faults, log, now } = this.#parts;
    const askedAt = now();
    const url = new URL(req.url ?? '/', 'http://127.0.0.1');
    const path = url.pathname.slice(lifecyclePrefix.length);
    const route = routes.find((each) => each.method === req.method && each.path.test(path));
    const [, id = '', service] = route?.path.exec(path) ?? [];
    const text = await readBody(req, maxRequestBytes);
    if (text === undefined && req.destroyed && !req.complete) return;
    const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
    const account = this.#account(token);
    const entry: LogEntry = {
      time: askedAt,
      account: account?.username ?? null,
      operation: route?.operation ?? 'Lifecycle/(other)',
      companyId: account?.company.id ?? null,
      skip: null,
      take: null,
      status: 0,
      faults: [],
    };
    log.begin(entry, account !== undefined);
    res.once('close', () => {
      if (res.writableEnded) entry.status = res.statusCode;
      log.end(entry, account !== undefined);
    });
    const struck = faults.strike({
      account: entry.account ?? undefined,
      operation: entry.operation,
      companyId: entry.companyId ?? undefined,
      skip: undefined,
    });
    entry.faults = struck.map((fault) => fault.kind);
    const run = (): Reply => {
      if (!account) return refusal(401, 'Unauthorized', 'The token is not accepted.');
      if (!route) return refusal(404, 'PageNotFound', 'There is no such page.');
      const given = req.headers['idempotency-key'];
      const key = typeof given === 'string' ? given : undefined;
      const body = text === undefined ? undefined : parseObject(text);
      const asked = service ?? url.searchParams.get('service') ?? undefined;
      return route.run({ operation: route.operation, account, id: decoded(id), service: asked, key, body, askedAt });
    };
    const reply = this.#carryOut(run, struck, account?.lifecycle);
    await answer(res, reply, struck, statusBody);
  };

  /** Drops what faults still hold back. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #carryOut(run: () => Reply, struck: readonly FaultEffect[], held: LifecycleAccount | undefined): Reply {
    const nothing: Reply = { status: 200, body: {} };
    const before = (fault: FaultEffect): boolean =>
      unreached.has(fault.kind) || (fault.kind === 'reset' && fault.when !== 'middle');
    if (struck.some(before)) return nothing;
    const late = struck.find((fault) => fault.kind === 'late');
    if (late) {
      this.#later(run, late.ms, held);
      return nothing;
    }
    const reply = run();
    const repeat = struck.find((fault) => fault.kind === 'repeat');
    if (repeat?.afterMs !== undefined) this.#later(run, repeat.afterMs, held);
    return repeat && repeat.afterMs === undefined ? run() : reply;
  }

  #later(run: () => Reply, ms: number, held: LifecycleAccount | undefined): void {
    if (held) held.heldBack++;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (held) held.heldBack--;
      run();
    }, ms);
    this.#timers.add(timer);
  }

  #account(token: string | undefined): Account | undefined {
    if (token === undefined) return undefined;
    for (const account of this.#parts.accounts()) if (account.lifecycle.token === token) return account;
    return undefined;
  }
}

function list({ account, operation }: Request): Reply {
  const instances = account.lifecycle.read().map((each) => described(account, each, operation));
  const companyID = wireGuid(account.company.id, account.quirks.guidCase, operation);
  return { status: 200, body: { companyID, instances }, listKey: 'instances' };
}

function get({ account, operation, id }: Request): Reply {
  const found = account.lifecycle.read().find((each) => each.id === id);
  return found ? { status: 200, body: described(account, found, operation) } : refused('InstanceNotFound');
}

function create({ account, operation, body, key, askedAt }: Request): Reply {
  const { service, displayName, region, ...others } = body ?? {};
  if (key === undefined || !/^[\x21-\x7e]{1,255}$/.test(key)) return invalid('the header Idempotency-Key is missing');
  if (!isService(service)) return invalid('service must be EMA2, EBA or Hub');
  if (typeof displayName !== 'string' || displayName === '') return invalid('displayName must be a text');
  if (!isRegion(region)) return invalid('region must be eu, de, us, ca or jp');
  if (Object.keys(others).length > 0) return invalid(`unknown fields: ${Object.keys(others).join(', ')}`);
  const outcome = account.lifecycle.create({ service, displayName, region, key }, { by: 'operator', askedAt });
  return replyOf(outcome, account, operation, outcome.kind === 'done' && outcome.fresh ? 201 : 200);
}

function grant({ account, operation, id, service, askedAt }: Request): Reply {
  if (!isService(service)) return invalid('service must be EMA2, EBA or Hub');
  return replyOf(account.lifecycle.grant(id, service, { by: 'operator', askedAt }), account, operation, 200);
}

function remove({ account, operation, id, service, askedAt }: Request): Reply {
  if (!isService(service)) return invalid('the query parameter service must be EMA2, EBA or Hub');
  return replyOf(account.lifecycle.remove(id, service, { by: 'operator', askedAt }), account, operation, 202);
}

function replyOf(outcome: Outcome, account: Account, operation: string, status: number): Reply {
  if (outcome.kind === 'done') return { status, body: described(account, outcome.instance, operation) };
  const { code, creatingService, instanceID } = outcome;
  return refused(code, {
    ...(instanceID !== undefined && { instanceID }),
    ...(creatingService !== undefined && { creatingService }),
  });
}

function described(account: Account, instance: SimulatedInstance, operation: string): JsonObject {
  const { suspendAt, deleteAt, requestKey, ...others } = instance;
  return {
    ...others,
    companyID: wireGuid(account.company.id, account.quirks.guidCase, operation),
    ...(suspendAt !== null && { suspendAt }),
    ...(deleteAt !== null && { deleteAt }),
    ...(requestKey !== null && { requestKey }),
  };
}

function refused(code: RefusalCode, more: JsonObject = {}): Reply {
  const { status, message } = refusals[code];
  return { status, body: { code, message, ...more } };
}

function refusal(status: number, code: string, message: string): Reply {
  return { status, body: { code, message } };
}

function invalid(what: string): Reply {
  return refusal(400, 'InvalidRequest', `The request is not valid: ${what}.`);
}

const statusCodes: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  429: 'TooManyRequests',
  503: 'Unavailable',
};

function statusBody({ status }: StatusFault, message: string): JsonObject {
  return { code: statusCodes[status] ?? 'Simulated', message };
}

/** An id that cannot be decoded is none that we know. */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return '';
  }
}
