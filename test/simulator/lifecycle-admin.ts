// The routes of the admin port for instances: what is there, what was done, and what a person does in the portal.
import { AdminError, findAccount, readFields } from './fields.ts';
import type { FieldType } from './fields.ts';
import { isRegion, isService } from './lifecycle-instance.ts';
import type { LifecycleAccount } from './lifecycle-account.ts';
import type { Service } from './lifecycle-ledger.ts';
import type { Simulator } from './simulator.ts';

type Body = Readonly<Record<string, unknown>>;
type Route = (simulator: Simulator, body: Body, query: URLSearchParams, name: string) => unknown;

const target = { account: 'text!', id: 'text!' } as const satisfies Record<string, FieldType | `${FieldType}!`>;
const states = ['GracePeriod', 'Suspended', 'Deleted', 'Active'] as const;

/** `*` stands for a username. */
export const lifecycleRoutes: Readonly<Record<string, Route>> = {
  'GET /accounts/*/lifecycle': (simulator, _, __, name) => {
    const { lifecycle } = findAccount(simulator, name);
    const { token, services, enforce, companyID, ledger } = lifecycle;
    const seen = { endpoint: simulator.lifecycleURL, token, companyID, services, enforce };
    return { ...seen, instances: lifecycle.instances(), violations: lifecycle.violations(), ledger };
  },
  'POST /lifecycle/settings': (simulator, body) => {
    const fields = readFields(body, { account: 'text!', token: 'text', services: 'texts', enforce: 'boolean' });
    const lifecycle = of(simulator, fields.account);
    const services = fields.services?.map((each) => readService(each, 'services'));
    if (fields.token !== undefined) lifecycle.token = fields.token;
    if (services) lifecycle.services = services;
    if (fields.enforce !== undefined) lifecycle.enforce = fields.enforce;
    return { services: lifecycle.services, enforce: lifecycle.enforce };
  },
  'POST /lifecycle/create': (simulator, body) => {
    const fields = readFields(body, { account: 'text!', service: 'text!', displayName: 'text', region: 'text' });
    const { region, displayName } = fields;
    if (region !== undefined && !isRegion(region))
      throw new AdminError(400, 'field "region" must be eu, de, us, ca or jp');
    const options = { ...(displayName !== undefined && { displayName }), ...(region !== undefined && { region }) };
    return of(simulator, fields.account).portalCreate(readService(fields.service, 'service'), options);
  },
  'POST /lifecycle/remove': (simulator, body) => {
    const { account, id, service } = readFields(body, { ...target, service: 'text!' });
    return of(simulator, account).portalRemove(id, readService(service, 'service'));
  },
  'POST /lifecycle/grant': (simulator, body) => {
    const { account, id, service } = readFields(body, { ...target, service: 'text!' });
    return of(simulator, account).portalGrant(id, readService(service, 'service'));
  },
  'POST /lifecycle/expire': (simulator, body) => {
    const { account, id, state, at } = readFields(body, { ...target, state: 'text!', at: 'text' });
    const to = states.find((each) => each === state);
    if (!to) throw new AdminError(400, `field "state" must be one of ${states.join(', ')}`);
    return of(simulator, account).expire(id, to, at);
  },
  'POST /lifecycle/finish': (simulator, body) => {
    const { account, id } = readFields(body, target);
    return of(simulator, account).finish(id);
  },
  'POST /lifecycle/creating-service': (simulator, body) => {
    const { account, id, service } = readFields(body, { ...target, service: 'text' });
    const told = service === undefined ? null : readService(service, 'service');
    return of(simulator, account).setCreatingService(id, told);
  },
};

function of(simulator: Simulator, username: string): LifecycleAccount {
  return findAccount(simulator, username).lifecycle;
}

export function readService(value: string, field: string): Service {
  if (isService(value)) return value;
  throw new AdminError(400, `field "${field}" must be EMA2, EBA or Hub`);
}
