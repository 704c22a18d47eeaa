// Customer (cust): one line of PROTECT's Managed Customers. `spec` belongs to people, `status` is the operator's mirror.

import type { KindDefinition } from '../schema/crd.ts';
import { object, oneOf, optional, setOnce, text, type Static } from '../schema/types.ts';
import { NEVER, accountRef, companyID, conditions, objectName } from './common.ts';
import { CATEGORY, GROUP, LABEL_ACCOUNT, VERSION } from './group.ts';

export const SETUP_MODES = ['Pending', 'Skip', 'Configured'] as const;
export const SETUP_STATES = ['Pending', 'Skipped', 'Completed'] as const;
export const PHASES = ['NotSetUp', 'Normal', 'Unlinked'] as const;
export const ICONS = ['company_no_setup', 'msp_customer_normal', 'company_unlinked'] as const;

const spec = object(
  {
    accountRef,
    companyID,
    setup: optional(
      object(
        {
          mode: optional(
            oneOf(SETUP_MODES, {
              description:
                'Pending: still to be set up. Skip: show as set up without a user and an installer. Configured: the setup was done in ESET PROTECT. Left out: what the account says for new customers.',
            }),
          ),
        },
        { description: 'What you want of the setup of this customer. The operator never writes this field.' },
      ),
    ),
  },
  { description: 'What people own of a managed customer.', rules: setOnce(['accountRef', 'companyID']) },
);

const status = object(
  {
    displayName: optional(text({ description: 'Name of the customer as upstream shows it.', maxLength: 1024 })),
    customIdentifier: optional(
      text({ description: 'Custom identifier of the company in EMA 2, where it has one.', maxLength: 1024 }),
    ),
    groupRef: optional(
      object(
        { name: objectName('Name of the StaticGroup of this customer.') },
        { description: 'The StaticGroup of this customer.' },
      ),
    ),
    managedBy: optional(
      object(
        {
          name: objectName('Name of the StaticGroup of the MSP.'),
          displayName: text({ description: 'Name of the MSP as upstream shows it.', maxLength: 1024 }),
        },
        { description: 'The MSP, Managed MSP or MSP Manager above this customer.' },
      ),
    ),
    phase: optional(
      oneOf(PHASES, {
        description: 'NotSetUp; Normal (set up, or setup skipped); Unlinked (removed upstream, or its account was).',
      }),
    ),
    icon: optional(oneOf(ICONS, { description: 'The icon that ESET PROTECT shows for this phase.' })),
    setup: optional(oneOf(SETUP_STATES, { description: 'Where the setup stands: Pending, Skipped or Completed.' })),
    conditions: optional(
      conditions(
        'Linked: True while the company is there upstream. SetUp: True once set up or skipped. Suspended: True while suspended upstream.',
      ),
    ),
  },
  {
    description: 'What the operator mirrors from upstream.',
    default: {
      conditions: [
        {
          type: 'Linked',
          status: 'Unknown',
          reason: 'AwaitingSync',
          message: 'The account has not been synchronized since this object was created.',
          lastTransitionTime: NEVER,
        },
      ],
    },
  },
);

export type CustomerSpec = Static<typeof spec>;
export type CustomerStatus = Static<typeof status>;

export const customer: KindDefinition = {
  group: GROUP,
  version: VERSION,
  kind: 'Customer',
  plural: 'customers',
  singular: 'customer',
  shortNames: ['cust'],
  categories: [CATEGORY],
  description: `Customer is one managed customer of an account, with PROTECT's three statuses. The operator creates one for every customer company; one that you create with the same account and company id, under any name, is adopted. The label ${LABEL_ACCOUNT} names its account.`,
  spec,
  status,
  rules: [],
  columns: [
    { name: 'Customer', type: 'string', jsonPath: '.status.displayName', description: 'Name of the customer' },
    { name: 'Status', type: 'string', jsonPath: '.status.phase', description: 'NotSetUp, Normal or Unlinked' },
    { name: 'Setup', type: 'string', jsonPath: '.status.setup', description: 'Pending, Skipped or Completed' },
    { name: 'MSP', type: 'string', jsonPath: '.status.managedBy.displayName', description: 'The MSP above' },
    {
      name: 'Suspended',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Suspended")].status',
      description: 'Whether the company is suspended upstream',
    },
    {
      name: 'Linked',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Linked")].reason',
      description: 'Why the company counts as there, gone or unknown',
      priority: 1,
    },
    { name: 'Company', type: 'string', jsonPath: '.spec.companyID', description: 'Public id upstream', priority: 1 },
    {
      name: 'Custom ID',
      type: 'string',
      jsonPath: '.status.customIdentifier',
      description: 'Custom identifier',
      priority: 1,
    },
    { name: 'Account', type: 'string', jsonPath: '.spec.accountRef.name', description: 'The MSPAccount', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since creation' },
  ],
  selectableFields: [
    '.spec.accountRef.name',
    '.spec.companyID',
    '.status.phase',
    '.status.setup',
    '.status.managedBy.name',
  ],
};
