// The API port: finds the operation, the account and the faults of a request, answers it, and writes it down.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from './account.ts';
import { answer } from './answer.ts';
import { children, descendants, detail, directAccessibleChildren } from './company-calls.ts';
import type { Call } from './company-calls.ts';
import type { FaultBook, FaultEffect, FaultKind } from './faults.ts';
import { parseObject, readBody } from './http.ts';
import { Random } from './random.ts';
import type { Quirks } from './quirks.ts';
import { failure, invalid, unknownPage } from './reply.ts';
import type { JsonObject, Reply } from './reply.ts';
import type { LogEntry, RequestLog } from './request-log.ts';
import { searchCompanies } from './search.ts';
import type { Tokens, Verdict } from './tokens.ts';
import { parseGuid } from './tree.ts';
import { tokenGet, tokenRenew, userCurrent } from './user-calls.ts';

interface Operation {
  name: string;
  method: 'GET' | 'POST';
  run?: (call: Call) => Reply;
}

const operations: ReadonlyMap<string, Operation> = new Map(
  (
    [
      { name: 'Token/Get', method: 'POST' },
      { name: 'Token/Renew', method: 'POST' },
      { name: 'User/Current', method: 'GET', run: (call) => userCurrent(call.account, call.quirks) },
      { name: 'User/GetDirectAccessibleChildren', method: 'POST', run: directAccessibleChildren },
      { name: 'Company/Children', method: 'POST', run: children },
      { name: 'Company/Descendants', method: 'POST', run: descendants },
      { name: 'Company/Detail', method: 'POST', run: detail },
      { name: 'Search/Companies', method: 'POST', run: searchCompanies },
    ] satisfies Operation[]
  ).map((operation) => [operation.name.toLowerCase(), operation]),
);

const maxRequestBytes = 1 << 20;
/** Paths that do not exist are counted together, so that no client can fill the memory. */
const otherPaths = '(other)';

const replacingKinds: ReadonlySet<FaultKind> = new Set(['status', 'html', 'empty', 'hang', 'reset']);

export interface ApiParts {
  account: (username: string) => Account | undefined;
  tokens: Tokens;
  faults: FaultBook;
  log: RequestLog;
  quirks: () => Readonly<Quirks>;
  now: () => number;
  seed: string | number;
}

export class Api {
  readonly #parts: ApiParts;
  readonly #random: Random;

  constructor(parts: ApiParts) {
    this.#parts = parts;
    this.#random = new Random(`page order ${parts.seed}`);
  }

  handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { faults, log, now } = this.#parts;
    const path = /^\/api\/([^?]*?)\/?(?:\?.*)?$/.exec(req.url ?? '')?.[1];
    const operation = path === undefined ? undefined : operations.get(path.toLowerCase());
    const text = await readBody(req, maxRequestBytes);
    if (text === undefined && req.destroyed && !req.complete) return;
    const parsed = text === undefined ? undefined : parseObject(text);
    const body = parsed && lowerKeys(parsed);
    const { verdict, account, username } = this.#who(req, operation, body ?? {});
    const entry: LogEntry = {
      time: now(),
      account: username ?? null,
      operation: operation?.name ?? otherPaths,
      companyId: parseGuid(body?.['companyid']) ?? null,
      skip: typeof body?.['skip'] === 'number' ? body['skip'] : null,
      take: typeof body?.['take'] === 'number' ? body['take'] : null,
      status: 0,
      faults: [],
    };
    const known = account !== undefined;
    log.begin(entry, known);
    // A request whose answer was never finished (reset, cut, hanging) keeps the status 0.
    let open = true;
    const end = (): void => {
      if (!open) return;
      open = false;
      if (res.writableEnded) entry.status = res.statusCode;
      log.end(entry, known);
    };
    res.once('close', end);
    const struck = faults.strike({
      account: entry.account ?? undefined,
      operation: operation?.name ?? path ?? '',
      companyId: entry.companyId ?? undefined,
      skip: entry.skip ?? undefined,
    });
    entry.faults = struck.map((fault) => fault.kind);
    const quirks = account?.quirks ?? this.#parts.quirks();
    const reply = ((): Reply => {
      if (!operation || req.method !== operation.method) return unknownPage(quirks);
      if (operation.name === 'Token/Get' || operation.name === 'Token/Renew') {
        if (!body) return invalid('body');
        const replacing = struck.find(replaces);
        if (replacing) return this.#tokenReplaced(operation.name, replacing, entry, known);
        return this.#token(operation.name, body, account, quirks, verdict, entry);
      }
      if (!verdict.ok) return failure(401, verdict.message);
      if (!body || !operation.run) return invalid('body');
      return operation.run({
        account: verdict.account,
        operation: operation.name,
        quirks,
        body,
        faults: struck,
        random: this.#random,
      });
    })();
    await answer(res, reply, struck);
    if (res.writableEnded) end();
  };

  #token(
    name: 'Token/Get' | 'Token/Renew',
    body: JsonObject,
    account: Account | undefined,
    quirks: Readonly<Quirks>,
    verdict: Verdict,
    entry: LogEntry,
  ): Reply {
    const { tokens, log } = this.#parts;
    const { reply, outcome } =
      name === 'Token/Get' ? tokenGet(body, account, quirks, tokens) : tokenRenew(body, quirks, verdict.ok, tokens);
    if (outcome === 'login') log.count('logins', entry.account, account !== undefined);
    if (outcome === 'failed-login') log.count('failedLogins', entry.account, account !== undefined);
    if (outcome === 'renewal') log.count('renewals', entry.account, account !== undefined);
    return reply;
  }

  /** A login that a fault answers instead spends no refresh token and is no login; refused, it is a failed one. */
  #tokenReplaced(name: string, fault: FaultEffect, entry: LogEntry, known: boolean): Reply {
    const refused = fault.kind === 'status' && (fault.status === 401 || fault.status === 400);
    if (refused && name === 'Token/Get') this.#parts.log.count('failedLogins', entry.account, known);
    return { status: 200, body: undefined };
  }

  /** Whose request it is, even where its token is no longer good: faults and counts go by account. */
  #who(
    req: IncomingMessage,
    operation: Operation | undefined,
    body: JsonObject,
  ): { verdict: Verdict; account: Account | undefined; username: string | undefined } {
    const verdict = this.#parts.tokens.verify(req.headers.authorization);
    let account = verdict.account;
    let username = account?.username;
    if (operation?.name === 'Token/Get') {
      const given = body['username'];
      username = typeof given === 'string' ? given.slice(0, 200) : undefined;
      account = username === undefined ? undefined : this.#parts.account(username);
    } else if (operation?.name === 'Token/Renew') {
      const given = body['refreshtoken'];
      if (typeof given === 'string') account = this.#parts.tokens.refreshAccount(given) ?? account;
      username = account?.username;
    }
    return { verdict, account, username };
  }
}

/** The answer is another one, or none: what was asked for is not carried out. */
function replaces(fault: FaultEffect): boolean {
  return replacingKinds.has(fault.kind) && !(fault.kind === 'reset' && fault.when === 'middle');
}

function lowerKeys(object: Record<string, unknown>): JsonObject {
  const out = Object.create(null) as JsonObject;
  for (const [key, value] of Object.entries(object)) out[key.toLowerCase()] = value;
  return out;
}
