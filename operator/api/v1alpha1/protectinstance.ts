// ProtectInstance (pi): one ESET PROTECT instance of an account, seen through one of its services. Only the service that created
// an instance may remove it (domain: protect §5.1).

import type { KindDefinition } from '../schema/crd.ts';
import { flag, list, object, oneOf, optional, setOnce, text, time, type Static } from '../schema/types.ts';
import { PENDING_STATUS, conditionPath, observed, accountRef, conditions, endpoint, secretName } from './common.ts';
import { CATEGORY, GROUP, NAME_FITS_LABEL, VERSION } from './group.ts';
import { SERVICES } from './mspaccount.ts';

export const REGIONS = ['eu', 'de', 'us', 'ca', 'jp'] as const;
export const INSTANCE_STATES = ['Activating', 'Active', 'GracePeriod', 'Suspended', 'Deleting', 'Deleted'] as const;

const instanceID = (description: string) =>
  text({
    description,
    minLength: 1,
    maxLength: 128,
    rules: [
      {
        rule: String.raw`self.matches('^[^\\x00-\\x1f\\x7f]*$')`,
        message: 'write the id on one line, without control characters',
      },
    ],
  });

/** What to do instead of a change: never through a deletion that could take the instance along. */
const ANOTHER = 'delete this object with deletionPolicy Orphan and create another';

const lifecycle = object(
  {
    type: oneOf(['Portal', 'API'], {
      description:
        'Portal: a person acts in the portal, this object records and protects; ESET has no public API for instances. API: an HTTP service that implements docs/lifecycle-api.yaml.',
    }),
    endpoint: optional(
      endpoint(
        "API: base address of the lifecycle service, https://host[:port][/path]; the host must be on the operator's allow-list (--lifecycle-hosts).",
        'with path',
      ),
    ),
    secretRef: optional(
      object(
        {
          name: secretName('Name of the Secret, in the namespace of this object.'),
        },
        {
          description:
            "API: a Secret with the key token, the lifecycle service's own credentials; never ESET's password.",
        },
      ),
    ),
  },
  {
    description: 'How the instance is created and removed.',
    rules: [
      {
        rule: "self.type != 'API' || (has(self.endpoint) && has(self.secretRef))",
        message: 'type API needs endpoint and secretRef',
      },
      {
        rule: "self.type != 'Portal' || (!has(self.endpoint) && !has(self.secretRef))",
        message: 'type Portal has no endpoint and no secretRef: a person acts in the portal',
      },
    ],
  },
);

const spec = object(
  {
    accountRef,
    service: oneOf(SERVICES, {
      description: 'The service that this object acts through; one of the services of the account.',
    }),
    displayName: text({ description: 'Name of the instance for people.', minLength: 1, maxLength: 253 }),
    region: oneOf(REGIONS, { description: 'Data centre: eu, de, us, ca or jp. It cannot be changed later.' }),
    lifecycle,
    instanceID: optional(
      instanceID(
        'Portal: a name of the instance that people recognize, such as the host of its console. API: left out to create one, or the id of one to adopt.',
      ),
    ),
    creatingService: optional(
      oneOf(SERVICES, {
        description:
          'Portal: the service that created the instance, as the portal says. API: left out, upstream says it.',
      }),
    ),
    deletionPolicy: optional(
      oneOf(['Delete', 'Orphan'], {
        description:
          'What the deletion of this object means. Delete: remove the instance, once everything that protects it is satisfied. Orphan: let go of the object, leave the instance. Default Delete.',
      }),
    ),
    suspend: optional(flag({ description: 'true stops creation; never what protects an instance. Default false.' })),
  },
  {
    description: 'The instance and the service through which this object acts.',
    rules: [
      ...setOnce(['accountRef', 'service', 'region', 'instanceID', 'creatingService'], ANOTHER),
      {
        rule: 'self.lifecycle.type == oldSelf.lifecycle.type',
        message: `lifecycle.type cannot be changed: ${ANOTHER}`,
        fieldPath: '.lifecycle.type',
        reason: 'FieldValueForbidden',
      },
      {
        rule: "self.lifecycle.type != 'Portal' || (has(self.instanceID) && has(self.creatingService))",
        message: 'lifecycle.type Portal needs instanceID and creatingService, as the portal shows them',
      },
      {
        rule: "self.lifecycle.type != 'API' || !has(self.creatingService)",
        message: 'leave out creatingService with lifecycle.type API: upstream says which service created the instance',
      },
    ],
  },
);

const status = object(
  {
    ...observed,
    instanceID: optional(instanceID('Id of the instance.')),
    companyID: optional(
      text({
        description:
          'Company that the lifecycle service answered for when the instance was first seen; an answer for another one counts as none.',
        maxLength: 64,
      }),
    ),
    createStartedAt: optional(
      time({ description: 'When this object began to create an instance; written before upstream is asked for it.' }),
    ),
    state: optional(oneOf(INSTANCE_STATES, { description: 'State of the instance, as upstream said last.' })),
    creatingService: optional(
      oneOf(SERVICES, { description: 'The service that created the instance; only it may remove it.' }),
    ),
    accessibleFrom: optional(
      list(oneOf(SERVICES, { description: 'A portal of ESET.' }), {
        description: 'The services from which the instance can be opened.',
        maxItems: 3,
        kind: 'set',
      }),
    ),
    consoleURL: optional(text({ description: 'Where the web console is.', maxLength: 512 })),
    suspendAt: optional(time({ description: 'When the instance will be suspended, while it is in its grace period.' })),
    deleteAt: optional(time({ description: 'When a suspended instance and its data will be deleted for good.' })),
    conditions: optional(
      conditions(
        'Ready is the verdict; Reconciling and Stalled say whether the operator or a person has to act; OwnershipVerified: who created it is certain; RemovalArmed: its removal is already confirmed; Expiring: a date is near; Removal: what holds a deletion.',
      ),
    ),
  },
  { description: 'What the operator last observed.', default: PENDING_STATUS },
);

export type ProtectInstanceSpec = Static<typeof spec>;
export type ProtectInstanceStatus = Static<typeof status>;

export const protectInstance: KindDefinition = {
  group: GROUP,
  version: VERSION,
  kind: 'ProtectInstance',
  plural: 'protectinstances',
  singular: 'protectinstance',
  shortNames: ['pi'],
  categories: [CATEGORY],
  description:
    'ProtectInstance is an ESET PROTECT instance of an account, seen through one of its services. In a mixed account there is one instance, opened from both services, and only the service that created it may remove it: a deletion of this object that would do otherwise is held, and says why in the condition Removal.',
  spec,
  status,
  rules: [NAME_FITS_LABEL],
  columns: [
    { name: 'Instance', type: 'string', jsonPath: '.status.instanceID', description: 'Id of the instance' },
    { name: 'State', type: 'string', jsonPath: '.status.state', description: 'State of the instance' },
    {
      name: 'Created By',
      type: 'string',
      jsonPath: '.status.creatingService',
      description: 'The service that may remove it',
    },
    {
      name: 'Access',
      type: 'string',
      jsonPath: '.status.accessibleFrom',
      description: 'Services it can be opened from',
    },
    { name: 'Ready', type: 'string', jsonPath: conditionPath('Ready', 'status'), description: 'The verdict' },
    { name: 'Status', type: 'string', jsonPath: conditionPath('Ready', 'reason'), description: 'Why' },
    {
      name: 'Service',
      type: 'string',
      jsonPath: '.spec.service',
      description: 'The service it acts through',
      priority: 1,
    },
    { name: 'Account', type: 'string', jsonPath: '.spec.accountRef.name', description: 'The MSPAccount', priority: 1 },
    {
      name: 'Removal',
      type: 'string',
      jsonPath: conditionPath('Removal', 'reason'),
      description: 'What holds a deletion',
      priority: 1,
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: conditionPath('Ready', 'message'),
      description: 'In words',
      priority: 1,
    },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since creation' },
  ],
  selectableFields: [
    '.spec.accountRef.name',
    '.spec.service',
    '.status.state',
    '.status.instanceID',
    '.status.creatingService',
  ],
};
