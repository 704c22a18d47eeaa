// One object of each kind with every field of the schema, and one with only what is required.

import type { Manifest } from './server.ts';
import type { Plural } from './schema.ts';

export const COMPANY = '0f8fad5b-d9cb-469f-a165-70867728950e';
export const OTHER_COMPANY = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const TIME = '2020-01-02T03:04:05Z';
const apiVersion = 'mspoperator.dev/v1alpha1';

export const KINDS: Readonly<Record<Plural, string>> = {
  mspaccounts: 'MSPAccount',
  staticgroups: 'StaticGroup',
  customers: 'Customer',
};

function conditions(type: string): object[] {
  return [
    { type, status: 'True', reason: 'Tested', message: 'By a test.', lastTransitionTime: TIME, observedGeneration: 1 },
  ];
}

const FULL: Readonly<Record<Plural, Manifest>> = {
  mspaccounts: {
    spec: {
      services: ['EMA2', 'EBA', 'Hub'],
      credentials: { secretRef: { name: 'acme-login' } },
      endpoint: 'https://mspapi.eset.com',
      sync: {
        interval: '24h',
        mode: 'Apply',
        unlinkLimit: { percent: 10, count: 50 },
        distributor: 'Refuse',
      },
      newCustomers: { setup: 'Pending' },
      deletionPolicy: 'Unlink',
      suspend: false,
    },
    status: {
      observedGeneration: 1,
      lastHandledRequestedAt: 'now',
      accountType: 'MSPManager',
      mixed: true,
      company: { id: COMPANY, name: 'Acme MSP' },
      sync: {
        completedAt: TIME,
        companiesRead: 61,
        requests: 7,
        pending: 3,
        nextAt: TIME,
        planHash: 'abc',
        blockedAt: TIME,
      },
      credentials: { secretResourceVersion: '12', refusedAt: TIME },
      groups: 61,
      customers: { total: 55, notSetUp: 50, normal: 3, unlinked: 2, suspended: 1 },
      conditions: conditions('Ready'),
    },
  },
  staticgroups: {
    spec: {
      accountRef: { name: 'acme' },
      companyID: COMPANY,
      type: 'MSP',
      displayName: 'Acme MSP',
      parentRef: { name: 'acme-root' },
    },
    status: { conditions: conditions('Linked') },
  },
  customers: {
    spec: { accountRef: { name: 'acme' }, companyID: COMPANY, setup: { mode: 'Skip' } },
    status: {
      displayName: 'Bakery',
      customIdentifier: 'ERP-7',
      groupRef: { name: 'bakery' },
      managedBy: { name: 'acme-msp', displayName: 'Acme MSP' },
      phase: 'Normal',
      icon: 'msp_customer_normal',
      setup: 'Skipped',
      conditions: conditions('Linked'),
    },
  },
};

/** Every field that the schema has. */
export function full(plural: Plural, name = 'full'): Manifest {
  return structuredClone({ apiVersion, kind: KINDS[plural], metadata: { name }, ...FULL[plural] });
}

/** What is required and nothing else; `spec` on top of it. */
export function minimal(plural: Plural, name = 'minimal', spec: object = {}): Manifest {
  const { accountRef, companyID, type, displayName, services, credentials } = full(plural).spec;
  const required = {
    mspaccounts: { services, credentials },
    staticgroups: { accountRef, companyID, type, displayName },
    customers: { accountRef, companyID },
  }[plural];
  return { apiVersion, kind: KINDS[plural], metadata: { name }, spec: { ...required, ...spec } };
}
