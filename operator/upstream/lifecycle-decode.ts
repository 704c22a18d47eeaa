// Reads the answers of the lifecycle contract (docs/lifecycle-api.yaml), keys in lower case (`json.ts`). What decides anything
// (id, company, state, key) must be right or the whole answer is worth nothing; what only informs is cut or left out.
// Promise kept here: only the creating service removes an instance (5): a service that is not known reads as "not told",
// never as one of ours, and a list that cannot be read in full is a failure, never a shorter list.

import { Ajv, type ValidateFunction } from 'ajv';
import type { Instance, InstanceState, Service } from '../ownership/facts.ts';
import { guid, text } from './decode.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** An instance with what people want to see of it. */
export interface LifecycleInstance extends Instance {
  /** GUID, lower case. */
  readonly companyID: string;
  readonly displayName: string;
  readonly region: string;
  readonly consoleURL: string | null;
  /** RFC 3339, UTC, to the second. */
  readonly suspendAt: string | null;
  readonly deleteAt: string | null;
}

export interface LifecycleList {
  readonly companyID: string;
  readonly instances: LifecycleInstance[];
}

/** Ids stand in paths, annotations and commands that people paste. */
export const INSTANCE_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

const SERVICES: ReadonlySet<string> = new Set<Service>(['EMA2', 'EBA', 'Hub']);
const STATES: readonly InstanceState[] = ['Activating', 'Active', 'GracePeriod', 'Suspended', 'Deleting', 'Deleted'];

const id = { type: 'string', pattern: INSTANCE_ID.source } as const;
const time = {
  type: ['string', 'null'],
  pattern: '^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d',
  maxLength: 40,
} as const;

interface InstanceAnswer {
  readonly id: string;
  readonly companyid: string;
  readonly displayname: string;
  readonly region: string;
  readonly state: InstanceState;
  readonly creatingservice: JsonValue;
  readonly accessiblefrom: readonly string[];
  readonly consoleurl?: string | null;
  readonly suspendat?: string | null;
  readonly deleteat?: string | null;
  readonly requestkey?: string | null;
}

const instance = {
  type: 'object',
  required: ['id', 'companyid', 'displayname', 'region', 'state', 'creatingservice', 'accessiblefrom'],
  properties: {
    id,
    companyid: { type: 'string' },
    displayname: { type: 'string' },
    region: { type: 'string', pattern: '^[A-Za-z0-9-]{1,32}$' },
    state: { enum: STATES },
    creatingservice: { type: ['string', 'null'] },
    accessiblefrom: { type: 'array', maxItems: 16, items: { type: 'string', maxLength: 64 } },
    consoleurl: { type: ['string', 'null'] },
    suspendat: time,
    deleteat: time,
    requestkey: { type: ['string', 'null'], pattern: '^[\\x21-\\x7e]{1,255}$' },
  },
} as const;

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
const isInstance: ValidateFunction<InstanceAnswer> = ajv.compile(instance);
const isList: ValidateFunction<{ companyid: string; instances: InstanceAnswer[] }> = ajv.compile({
  type: 'object',
  required: ['companyid', 'instances'],
  properties: { companyid: { type: 'string' }, instances: { type: 'array', maxItems: 1000, items: instance } },
});

/** `null`: not an instance of the contract. */
export function readInstance(answer: JsonObject): LifecycleInstance | null {
  if (!isInstance(answer)) return null;
  const companyID = guid(answer.companyid);
  const suspendAt = readTime(answer.suspendat);
  const deleteAt = readTime(answer.deleteat);
  if (companyID === null || suspendAt === undefined || deleteAt === undefined) return null;
  return {
    id: answer.id,
    companyID,
    displayName: text(answer.displayname),
    region: answer.region,
    state: answer.state,
    creatingService: readService(answer.creatingservice),
    accessibleFrom: [...new Set(answer.accessiblefrom.map(readService).filter((service) => service !== null))],
    consoleURL: readConsole(answer.consoleurl),
    suspendAt,
    deleteAt,
    requestKey: answer.requestkey ?? null,
  };
}

/**
 * `null`: not a list of the contract, or one that contradicts itself: instances of another company, one id twice, two
 * instances of one create.
 */
export function readList(answer: JsonObject): LifecycleList | null {
  if (!isList(answer)) return null;
  const companyID = guid(answer.companyid);
  const instances = answer.instances
    .map((row) => readInstance(row as unknown as JsonObject))
    .filter((row) => row !== null);
  if (companyID === null || instances.length !== answer.instances.length) return null;
  if (instances.some((row) => row.companyID !== companyID)) return null;
  const keys = instances.map(({ requestKey }) => requestKey).filter((key) => key !== null);
  if (new Set(instances.map(({ id }) => id)).size !== instances.length || new Set(keys).size !== keys.length)
    return null;
  return { companyID, instances };
}

/** Refusals of the contract: what a 4xx means, and that nothing was done. */
const REFUSALS = {
  InvalidRequest: { status: 400, message: 'the service does not accept the request' },
  ServiceNotOfAccount: { status: 403, message: 'the account does not have this service' },
  NotCreatingService: { status: 403, message: 'another service created the instance' },
  InstanceNotFound: { status: 404, message: 'there is no such instance' },
  InstanceExists: { status: 409, message: 'an instance of this account lives already' },
} as const;

export type RefusalCode = keyof typeof REFUSALS;

export interface Refusal {
  readonly code: RefusalCode;
  /** Our own words, never those of upstream. */
  readonly message: string;
  readonly creatingService?: Service;
  readonly instanceID?: string;
}

/** `null`: not one of these refusals for this call, so nobody knows what was done. */
export function readRefusal(status: number | null, body: JsonObject, possible: readonly RefusalCode[]): Refusal | null {
  const code = possible.find((code) => code === body['code'] && REFUSALS[code].status === status);
  if (code === undefined) return null;
  const creatingService = readService(body['creatingservice']);
  const instanceID = body['instanceid'];
  return {
    code,
    message: REFUSALS[code].message,
    ...(creatingService === null ? {} : { creatingService }),
    ...(typeof instanceID === 'string' && INSTANCE_ID.test(instanceID) ? { instanceID } : {}),
  };
}

function readService(value: JsonValue | undefined): Service | null {
  return typeof value === 'string' && SERVICES.has(value) ? (value as Service) : null;
}

/** `undefined`: no time at all. */
function readTime(value: string | null | undefined): string | null | undefined {
  if (value === null || value === undefined) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** People click on it: an https address without a user part, or none. */
function readConsole(value: string | null | undefined): string | null {
  const url = URL.parse(value ?? '');
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '') return null;
  return url.href.length <= 2048 ? url.href : null;
}
