// StaticGroup (sg): one node of the MSP tree. Written by the operator only; people may read and delete it.

import type { KindDefinition } from '../schema/crd.ts';
import { object, oneOf, optional, setOnce, text, type Static } from '../schema/types.ts';
import { NEVER, accountRef, companyID, conditions, objectName } from './common.ts';
import { CATEGORY, GROUP, LABEL_ACCOUNT, VERSION } from './group.ts';

export const COMPANY_TYPES = ['Distributor', 'Division', 'MSPManager', 'MSP', 'ManagedMSP', 'Customer'] as const;

const spec = object(
  {
    accountRef,
    companyID,
    type: oneOf(COMPANY_TYPES, { description: 'What kind of company this is upstream.' }),
    displayName: text({ description: 'Name of the company as upstream shows it.', maxLength: 1024 }),
    parentRef: optional(
      object(
        { name: objectName('Name of the StaticGroup above.') },
        { description: 'The group above this one; none on the root of the tree.' },
      ),
    ),
  },
  { description: 'The node as the operator mirrors it from upstream.', rules: setOnce(['accountRef', 'companyID']) },
);

const status = object(
  {
    conditions: optional(
      conditions(
        'Linked: True while the company is there upstream; False once it is gone; Unknown while that is being found out.',
      ),
    ),
  },
  {
    description: 'What the operator last observed.',
    // The operator creates a group only for a company that it has just seen, so this is true without a second write.
    default: {
      conditions: [
        {
          type: 'Linked',
          status: 'True',
          reason: 'Present',
          message: 'The company is there upstream.',
          lastTransitionTime: NEVER,
        },
      ],
    },
  },
);

export type StaticGroupSpec = Static<typeof spec>;
export type StaticGroupStatus = Static<typeof status>;

export const staticGroup: KindDefinition = {
  group: GROUP,
  version: VERSION,
  kind: 'StaticGroup',
  plural: 'staticgroups',
  singular: 'staticgroup',
  shortNames: ['sg'],
  categories: [CATEGORY],
  description: `StaticGroup is one node of the MSP tree of an account: a Distributor, Division, MSP Manager, MSP, Managed MSP or Customer. The operator writes it; the label ${LABEL_ACCOUNT} names its account.`,
  spec,
  status,
  rules: [],
  columns: [
    { name: 'Display', type: 'string', jsonPath: '.spec.displayName', description: 'Name of the company' },
    { name: 'Type', type: 'string', jsonPath: '.spec.type', description: 'Kind of company' },
    { name: 'Parent', type: 'string', jsonPath: '.spec.parentRef.name', description: 'The group above' },
    {
      name: 'Linked',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Linked")].status',
      description: 'Whether the company is there upstream',
    },
    { name: 'Company', type: 'string', jsonPath: '.spec.companyID', description: 'Public id upstream', priority: 1 },
    { name: 'Account', type: 'string', jsonPath: '.spec.accountRef.name', description: 'The MSPAccount', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since creation' },
  ],
  selectableFields: ['.spec.accountRef.name', '.spec.companyID', '.spec.type', '.spec.parentRef.name'],
};
