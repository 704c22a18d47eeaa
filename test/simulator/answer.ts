// Sends a reply, or what the faults make of it. Every timer ends with its connection.
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultEffect } from './faults.ts';
import { failure } from './reply.ts';
import type { JsonObject, Reply } from './reply.ts';

export type StatusFault = Extract<FaultEffect, { kind: 'status' }>;
/** How the API that answers spells an error. */
export type ErrorBody = (fault: StatusFault, message: string) => JsonObject | undefined;

const json = 'application/json; charset=utf-8';
const html = 'text/html; charset=utf-8';

const page = (title: string): string =>
  `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1><form>Password: <input></form></body></html>\n`;

/** Resolves when everything is sent or the connection is gone; with `hang` only then. */
export async function answer(
  res: ServerResponse,
  reply: Reply,
  faults: readonly FaultEffect[],
  errorBody: ErrorBody = ema2Error,
): Promise<void> {
  if (faults.length === 0) return sendText(res, reply.status, json, toText(reply.body));
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  if (res.destroyed) return;
  for (const fault of faults) {
    if (fault.kind !== 'delay') continue;
    if (!(await pause(fault.ms, gone.signal))) return;
  }
  const reshaped = faults.reduce(reshape, reply);
  const striking = faults.find((fault) => !gentle.has(fault.kind));
  if (!striking) return sendText(res, reshaped.status, json, toText(reshaped.body));
  await strike(res, reshaped, striking, gone.signal, errorBody);
}

/** Kinds that leave a complete answer; the others take its place, the first one given wins. */
const gentle: ReadonlySet<string> = new Set([
  'delay',
  'drop-rows',
  'duplicate-rows',
  'endless',
  'patch-rows',
  'proto',
  'repeat',
  'wrong-shape',
]);

async function strike(
  res: ServerResponse,
  reply: Reply,
  fault: FaultEffect,
  gone: AbortSignal,
  errorBody: ErrorBody,
): Promise<void> {
  const text = toText(reply.body);
  switch (fault.kind) {
    case 'status':
      return sendStatus(res, fault, errorBody);
    case 'html':
      return sendText(res, 200, html, page('Sign in'));
    case 'empty':
      return sendText(res, 200, json, '');
    case 'invalid-json':
      return sendText(res, reply.status, json, text.slice(0, Math.ceil(text.length / 2)));
    case 'truncated': {
      const whole = Buffer.from(text);
      const length = fault.framing === 'chunked' ? {} : { 'Content-Length': whole.length };
      res.writeHead(reply.status, { 'Content-Type': json, ...length });
      res.write(whole.subarray(0, Math.floor(whole.length / 2)), () => res.destroy());
      return ended(gone);
    }
    case 'hang':
      return ended(gone);
    case 'reset':
      if (fault.when === 'middle') {
        res.writeHead(reply.status, { 'Content-Type': json, 'Content-Length': Buffer.byteLength(text) });
        await new Promise<void>((done) => res.write(text.slice(0, Math.floor(text.length / 2)), () => done()));
        await pause(20, gone);
      }
      res.socket?.resetAndDestroy();
      return;
    case 'lost-answer':
    case 'late':
      if (fault.status === undefined) res.socket?.resetAndDestroy();
      else sendText(res, fault.status, html, page(`Simulated ${fault.status}.`));
      return;
    case 'slow': {
      const whole = Buffer.from(text);
      const step = Math.max(1, fault.bytes ?? 1);
      res.writeHead(reply.status, { 'Content-Type': json, 'Content-Length': whole.length });
      res.flushHeaders();
      for (let at = 0; at < whole.length; at += step) {
        if (!(await pause(fault.everyMs ?? 100, gone))) return;
        res.write(whole.subarray(at, at + step));
      }
      res.end();
      return;
    }
    case 'huge': {
      const padding = Buffer.alloc(1 << 16, 'x');
      res.writeHead(reply.status, { 'Content-Type': json });
      res.write('{"padding":"');
      for (let left = fault.megabytes * 16; left > 0 && !gone.aborted; left--) {
        if (!res.write(padding)) await drained(res, gone);
      }
      res.end(text.length > 2 ? `",${text.slice(1)}` : '"}');
      return;
    }
    case 'delay':
    case 'drop-rows':
    case 'duplicate-rows':
    case 'endless':
    case 'patch-rows':
    case 'proto':
    case 'repeat':
    case 'wrong-shape':
      return sendText(res, reply.status, json, text);
  }
}

function reshape(reply: Reply, fault: FaultEffect): Reply {
  const { body, listKey } = reply;
  if (body === undefined || reply.status < 200 || reply.status > 299) return reply;
  const rows = listKey === undefined ? undefined : (body[listKey] as JsonObject[] | undefined);
  if (fault.kind === 'wrong-shape') {
    if (listKey === undefined) return { ...reply, body: { message: 'unexpected' } };
    const { [listKey]: _, ...others } = body;
    const list = { missing: undefined, null: null, object: {}, text: 'unexpected' }[fault.list ?? 'missing'];
    return { ...reply, body: list === undefined ? others : { ...others, [listKey]: list } };
  }
  if (fault.kind === 'patch-rows') {
    if (!Array.isArray(rows) || listKey === undefined) return { ...reply, body: { ...body, ...fault.set } };
    const patched = rows.map((row, i) => (i < (fault.rows ?? Infinity) ? { ...row, ...fault.set } : row));
    return { ...reply, body: { ...body, [listKey]: patched } };
  }
  if (fault.kind === 'proto') {
    if (!Array.isArray(rows) || listKey === undefined) return { ...reply, body: polluted(body) };
    return { ...reply, body: polluted({ ...body, [listKey]: rows.map(polluted) }) };
  }
  return reply;
}

/** Own properties of these names, as JSON.parse would make them. */
function polluted(object: JsonObject): JsonObject {
  const out: JsonObject = {};
  const evil = { polluted: true, isAdmin: true };
  Object.defineProperty(out, '__proto__', { value: evil, enumerable: true, configurable: true, writable: true });
  out['constructor'] = { prototype: evil };
  out['prototype'] = evil;
  return Object.assign(out, object);
}

function sendStatus(res: ServerResponse, fault: StatusFault, errorBody: ErrorBody): void {
  if (fault.retryAfter !== undefined) res.setHeader('Retry-After', String(fault.retryAfter));
  if (fault.location !== undefined) res.setHeader('Location', fault.location);
  const maintenance = fault.status === 503;
  const message = fault.message ?? (maintenance ? 'The service is down for an update.' : `Simulated ${fault.status}.`);
  switch (fault.body ?? 'json') {
    case 'html':
      return sendText(res, fault.status, html, page(message));
    case 'empty':
      return sendText(res, fault.status, json, '');
    case 'json':
      return sendText(res, fault.status, json, toText(errorBody(fault, message)));
  }
}

function ema2Error(fault: StatusFault, message: string): JsonObject | undefined {
  const maintenance = fault.status === 503;
  const codes = [fault.code ?? (maintenance ? 99 : 0), fault.subCode ?? (maintenance ? 2 : 0)] as const;
  return failure(fault.status, message, ...codes).body;
}

function sendText(res: ServerResponse, status: number, type: string, text: string): void {
  res.statusCode = status;
  if (text !== '') res.setHeader('Content-Type', type);
  if (status !== 204 && status !== 304) res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

function toText(body: JsonObject | undefined): string {
  return body === undefined ? '' : JSON.stringify(body);
}

/** false: the connection ended first. */
async function pause(ms: number, gone: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal: gone }).catch(() => false);
}

function ended(gone: AbortSignal): Promise<void> {
  if (gone.aborted) return Promise.resolve();
  return new Promise((resolve) => gone.addEventListener('abort', () => resolve(), { once: true }));
}

function drained(res: ServerResponse, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    res.once('drain', resolve);
    gone.addEventListener('abort', () => resolve(), { once: true });
  });
}
