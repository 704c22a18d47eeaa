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
  protectinstances: 'ProtectInstance',
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
      companyFound: { id: OTHER_COMPANY },
      duplicateOf: { name: 'acme-too', companyID: COMPANY },
      sync: {
        completedAt: TIME,
        companiesRead: 61,
        requests: 7,
        pending: 3,
        nextAt: TIME,
        planHash: 'abc',
        blockedAt: TIME,
      },
      credentials: { secretResourceVersion: '12', refusedAt: TIME, refusals: [TIME] },
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
  // Of type API; what only type Portal has is in `portalInstance`.
  protectinstances: {
    spec: {
      accountRef: { name: 'acme' },
      service: 'EMA2',
      displayName: 'Acme PROTECT',
      region: 'eu',
      lifecycle: { type: 'API', endpoint: 'https://lifecycle.example/acme', secretRef: { name: 'acme-lifecycle' } },
      instanceID: '5a2c1f0e-instance',
      deletionPolicy: 'Delete',
      suspend: false,
    },
    status: {
      observedGeneration: 1,
      lastHandledRequestedAt: 'now',
      instanceID: '5a2c1f0e-instance',
      companyID: COMPANY,
      createStartedAt: TIME,
      state: 'Active',
      creatingService: 'EMA2',
      accessibleFrom: ['EBA', 'EMA2'],
      consoleURL: 'https://eu02.protect.eset.com',
      suspendAt: TIME,
      deleteAt: TIME,
      conditions: conditions('Ready'),
    },
  },
};

/** Every field that the schema has. */
export function full(plural: Plural, name = 'full'): Manifest {
  return structuredClone({ apiVersion, kind: KINDS[plural], metadata: { name }, ...FULL[plural] });
}

/** A ProtectInstance that a person manages in the portal. */
export function portalInstance(name = 'portal', spec: object = {}): Manifest {
  const manifest = full('protectinstances', name);
  const own = { lifecycle: { type: 'Portal' }, instanceID: 'eu02.protect.eset.com/acme', creatingService: 'EMA2' };
  return { ...manifest, spec: { ...manifest.spec, ...own, ...spec } };
}

/** What is required and nothing else; `spec` on top of it. */
export function minimal(plural: Plural, name = 'minimal', spec: object = {}): Manifest {
  const { accountRef, companyID, type, displayName, services, credentials, service, region, lifecycle } =
    full(plural).spec;
  const required = {
    mspaccounts: { services, credentials },
    staticgroups: { accountRef, companyID, type, displayName },
    customers: { accountRef, companyID },
    protectinstances: { accountRef, service, displayName, region, lifecycle },
  }[plural];
  return { apiVersion, kind: KINDS[plural], metadata: { name }, spec: { ...required, ...spec } };
}

/** For tables and selectors: other than `full` in every selectable field; and a fresh one. */
export const OTHERS: Readonly<Record<Plural, readonly Manifest[]>> = {
  mspaccounts: [
    minimal('mspaccounts', 'fresh', { credentials: { secretRef: { name: 'fresh-login' } } }),
    {
      ...minimal('mspaccounts', 'two', { credentials: { secretRef: { name: 'two-login' } } }),
      status: { accountType: 'MSP', company: { id: OTHER_COMPANY, name: 'Two' } },
    },
  ],
  staticgroups: [
    minimal('staticgroups', 'fresh', {
      accountRef: { name: 'fresh' },
      companyID: '00000000-0000-0000-0000-000000000001',
      type: 'Division',
    }),
    minimal('staticgroups', 'two', {
      accountRef: { name: 'two' },
      companyID: OTHER_COMPANY,
      type: 'Customer',
      parentRef: { name: 'two-root' },
    }),
  ],
  customers: [
    minimal('customers', 'fresh', {
      accountRef: { name: 'fresh' },
      companyID: '00000000-0000-0000-0000-000000000001',
    }),
    {
      ...minimal('customers', 'two', { accountRef: { name: 'two' }, companyID: OTHER_COMPANY }),
      status: {
        phase: 'NotSetUp',
        setup: 'Pending',
        managedBy: { name: 'two-msp', displayName: 'Two' },
        conditions: [
          ...full('customers').status.conditions,
          { ...full('customers').status.conditions[0], type: 'Suspended', status: 'False' },
        ],
      },
    },
  ],
  protectinstances: [
    minimal('protectinstances', 'fresh', { accountRef: { name: 'fresh' }, service: 'Hub' }),
    {
      ...minimal('protectinstances', 'two', { accountRef: { name: 'two' }, service: 'EBA' }),
      status: { instanceID: 'instance-two', state: 'Suspended', creatingService: 'EBA' },
    },
  ],
};
