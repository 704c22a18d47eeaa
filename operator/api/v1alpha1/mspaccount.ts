// MSPAccount (mspa): a login to ESET's portals, and the verdict on its last synchronization.

import type { KindDefinition } from '../schema/crd.ts';
import { flag, integer, list, object, oneOf, optional, text, time, type Static } from '../schema/types.ts';
import { PENDING_STATUS, conditionPath, observed, conditions, endpoint, secretName } from './common.ts';
import { CATEGORY, GROUP, NAME_FITS_LABEL, VERSION } from './group.ts';
import { COMPANY_TYPES } from './staticgroup.ts';

export const SERVICES = ['EMA2', 'EBA', 'Hub'] as const;
export const DELETION_POLICIES = ['Unlink', 'Delete', 'Orphan'] as const;

/** What an account does where its spec says nothing. Not in the CRD: GitOps tools would show a difference for ever. */
export const DEFAULTS = {
  endpoint: 'https://mspapi.eset.com',
  interval: '24h',
  mode: 'Apply',
  unlinkLimit: { percent: 10, count: 50 },
  distributor: 'Refuse',
  newCustomers: 'Pending',
  deletionPolicy: 'Unlink',
} as const;

const spec = object(
  {
    services: list(oneOf(SERVICES, { description: 'A portal of ESET.' }), {
      description:
        'The portals that this login belongs to. EMA2 and EBA together are a mixed account. Only EMA2 has a tree to read.',
      minItems: 1,
      maxItems: 3,
      kind: 'set',
    }),
    credentials: object(
      {
        secretRef: object(
          {
            name: secretName('Name of the Secret, in the namespace of the account.'),
          },
          { description: 'A Secret with the keys username and password. One line end after a value is left out.' },
        ),
      },
      { description: 'The login.' },
    ),
    endpoint: optional(
      endpoint(
        `Base address of the EMA 2 API, https://host[:port]; the host must be on the operator's allow-list (--upstream-hosts). Default ${DEFAULTS.endpoint}.`,
        'without path',
      ),
    ),
    sync: optional(
      object(
        {
          interval: optional(
            text({
              description: `Time between two syncs, such as 24h or 90m, with some jitter; 1m to 720h. Default ${DEFAULTS.interval}, as ESET PROTECT does.`,
              maxLength: 32,
              rules: [
                {
                  rule: "self.matches('^([0-9]{1,5}(h|m|s))+$') && duration(self) >= duration('1m') && duration(self) <= duration('720h')",
                  message: 'write a duration such as 24h, 90m or 1h30m, between 1m and 720h',
                },
              ],
            }),
          ),
          mode: optional(
            oneOf(['Apply', 'Observe'], {
              description: `Apply: write StaticGroups and Customers. Observe: plan and report, write no child. Default ${DEFAULTS.mode}.`,
            }),
          ),
          unlinkLimit: optional(
            object(
              {
                percent: optional(
                  integer({
                    description: `At most this part of the linked companies, but always one. Default ${DEFAULTS.unlinkLimit.percent}.`,
                    minimum: 0,
                    maximum: 100,
                  }),
                ),
                count: optional(
                  integer({
                    description: `At most this many companies; 0 stops every unlink until you approve it. Default ${DEFAULTS.unlinkLimit.count}.`,
                    minimum: 0,
                    maximum: 1_000_000,
                  }),
                ),
              },
              {
                description:
                  'How many companies may be unlinked within 24 hours; the smaller of the two counts. More: none is, until you approve.',
              },
            ),
          ),
          distributor: optional(
            oneOf(['Refuse', 'Allow'], {
              description: `ESET PROTECT refuses distributor logins; Allow mirrors them all the same. Default ${DEFAULTS.distributor}.`,
            }),
          ),
        },
        { description: 'How the tree is synchronized.' },
      ),
    ),
    newCustomers: optional(
      object(
        {
          setup: optional(
            oneOf(['Pending', 'Skip'], {
              description: `Skip: skip the setup of all customers that are not set up and say nothing of their own. Default ${DEFAULTS.newCustomers}.`,
            }),
          ),
        },
        { description: 'What happens to new customers.' },
      ),
    ),
    deletionPolicy: optional(
      oneOf(DELETION_POLICIES, {
        description: `What becomes of the children when this account is deleted. Unlink: they stay and show as unlinked. Delete: they are deleted. Orphan: they stay, Linked=Unknown. Default ${DEFAULTS.deletionPolicy}.`,
      }),
    ),
    suspend: optional(flag({ description: 'true stops syncing; what is there stays as it is. Default false.' })),
  },
  { description: 'A login and how its tree is synchronized.' },
);

const count = (description: string) => integer({ description, minimum: 0 });

const status = object(
  {
    ...observed,
    accountType: optional(oneOf(COMPANY_TYPES, { description: "Type of the login's own company." })),
    mixed: optional(flag({ description: 'true: one login for both EMA 2 and EBA.' })),
    company: optional(
      object(
        {
          id: text({ description: 'Its public id (GUID), lower case.', maxLength: 36 }),
          name: text({ description: 'Its name as upstream shows it.', maxLength: 1024 }),
        },
        { description: "The login's own company: the root of the tree." },
      ),
    ),
    companyFound: optional(
      object(
        { id: text({ description: 'Its public id (GUID), lower case.', maxLength: 36 }) },
        { description: 'While AccountChanged: the company that the login belongs to now.' },
      ),
    ),
    duplicateOf: optional(
      object(
        {
          name: text({ description: 'Name of that MSPAccount.', maxLength: 63 }),
          companyID: text({ description: 'Public id (GUID) of the company, lower case.', maxLength: 36 }),
        },
        { description: 'While DuplicateAccount: the account of this namespace that mirrors the company instead.' },
      ),
    ),
    sync: optional(
      object(
        {
          completedAt: optional(time({ description: 'When the last complete snapshot was applied.' })),
          companiesRead: optional(count('Companies that the last sync read.')),
          requests: optional(count('Requests to upstream that the last sync made.')),
          pending: optional(count('Listings still to be read, while a sync runs.')),
          nextAt: optional(time({ description: 'When the next sync is due.' })),
          planHash: optional(
            text({
              description:
                'While UnlinkBlocked: what mspoperator.dev/approve-unlink must carry to release the held companies.',
              maxLength: 64,
            }),
          ),
          blockedAt: optional(time({ description: 'Since when an unlink is being held back.' })),
        },
        { description: 'The last synchronization and the next.' },
      ),
    ),
    credentials: optional(
      object(
        {
          secretResourceVersion: optional(
            text({ description: 'The version of the Secret that was last used.', maxLength: 64 }),
          ),
          refusedAt: optional(
            time({ description: 'When upstream refused this login; it is not tried again until something changes.' }),
          ),
          refusals: optional(
            list(time({ description: 'When a login was refused, or answered in a way that may mean so.' }), {
              description:
                'The last refused logins of this account, oldest first, as long as they count against its three an hour.',
              maxItems: 3,
              kind: 'atomic',
            }),
          ),
        },
        { description: 'The login as last used.' },
      ),
    ),
    groups: optional(count('StaticGroups of this account.')),
    customers: optional(
      object(
        {
          total: count('Customer companies.'),
          notSetUp: count('Customers not set up.'),
          normal: count('Customers set up, or skipped.'),
          unlinked: count('Customers that are gone upstream.'),
          suspended: count('Customers suspended upstream.'),
        },
        { description: 'Customer companies by status.' },
      ),
    ),
    conditions: optional(
      conditions(
        'Ready is the verdict; Reconciling and Stalled say whether the operator or a person has to act; CredentialsValid, Synchronized, UnlinkBlocked and DeletionBlocked say why.',
      ),
    ),
  },
  { description: 'What the operator last observed.', default: PENDING_STATUS },
);

export type MSPAccountSpec = Static<typeof spec>;
export type MSPAccountStatus = Static<typeof status>;

export const mspAccount: KindDefinition = {
  group: GROUP,
  version: VERSION,
  kind: 'MSPAccount',
  plural: 'mspaccounts',
  singular: 'mspaccount',
  shortNames: ['mspa'],
  categories: [CATEGORY],
  description:
    'MSPAccount is a login to ESET MSP Administrator 2 (or ESET Business Account, or both: a mixed account). The operator reads the company tree of this login and mirrors it into StaticGroups and Customers in the same namespace.',
  spec,
  status,
  rules: [NAME_FITS_LABEL],
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.status.accountType', description: "Type of the login's own company" },
    { name: 'Mixed', type: 'boolean', jsonPath: '.status.mixed', description: 'One login for EMA 2 and EBA' },
    { name: 'Customers', type: 'integer', jsonPath: '.status.customers.total', description: 'Customer companies' },
    { name: 'Groups', type: 'integer', jsonPath: '.status.groups', description: 'StaticGroups' },
    { name: 'Ready', type: 'string', jsonPath: conditionPath('Ready', 'status'), description: 'The verdict' },
    { name: 'Status', type: 'string', jsonPath: conditionPath('Ready', 'reason'), description: 'Why' },
    { name: 'Last Sync', type: 'date', jsonPath: '.status.sync.completedAt', description: 'Last complete sync' },
    { name: 'Company', type: 'string', jsonPath: '.status.company.name', description: 'Own company', priority: 1 },
    {
      name: 'Message',
      type: 'string',
      jsonPath: conditionPath('Ready', 'message'),
      description: 'In words',
      priority: 1,
    },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since creation' },
  ],
  selectableFields: ['.status.accountType', '.status.company.id', '.spec.credentials.secretRef.name'],
};
