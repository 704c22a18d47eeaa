// ProtectInstance: what the API server admits and refuses.

import { full, portalInstance } from './examples.ts';
import {
  CONDITION_RULES,
  atLeast,
  atMost,
  notEmpty,
  required,
  testRules,
  times,
  tooLong,
  words,
  type Row,
} from './rules.ts';

const API = full('protectinstances').spec;
const PORTAL = portalInstance();
const { instanceID, creatingService, ...UNDECLARED } = PORTAL.spec;
const SERVICES = ['EMA2', 'EBA', 'Hub'] as const;

const SPEC: readonly Row[] = [
  ...required(
    'spec',
    'spec.accountRef',
    'spec.accountRef.name',
    'spec.service',
    'spec.displayName',
    'spec.region',
    'spec.lifecycle',
    'spec.lifecycle.type',
    'spec.lifecycle.secretRef.name',
  ),
  {
    at: 'metadata.name',
    keyword: 'rule',
    good: ['console', 'a'.repeat(63)],
    bad: ['a'.repeat(64), 'a'.repeat(253)],
    says: 'metadata.name must be at most 63 characters: it becomes a label of every child object',
  },
  ...notEmpty('spec.accountRef.name', 'spec.displayName', 'spec.instanceID'),
  atMost('spec.accountRef.name', 63),
  atMost('spec.displayName', 253),
  atMost('spec.instanceID', 128),
  words('spec.service', ...SERVICES),
  words('spec.region', 'eu', 'de', 'us', 'ca', 'jp'),
  { ...words('spec.creatingService', ...SERVICES), from: PORTAL },
  words('spec.deletionPolicy', 'Delete', 'Orphan'),
];

const LIFECYCLE: readonly Row[] = [
  { ...words('spec.lifecycle.type', 'Portal', 'API'), good: ['API'] },
  { ...words('spec.lifecycle.type', 'Portal', 'API'), good: ['Portal'], bad: ['Manual'], from: PORTAL },
  tooLong('spec.lifecycle.endpoint', 512),
  {
    at: 'spec.lifecycle.endpoint',
    keyword: 'rule',
    good: [
      'https://lifecycle.example',
      'https://lifecycle.example/',
      'https://lifecycle.example:8443/acme/v2',
      'https://lifecycle.example/a.b_c~d-e/',
      'https://[2001:db8::1]:8443/acme',
    ],
    bad: [
      '',
      'lifecycle.example',
      '/acme',
      'https://',
      'https://lifecycle.example//acme',
      'https://lifecycle.example/acme//',
      'https://lifecycle.example/a b',
      'https://lifecycle.example/%2e%2e',
      'https://lifecycle.example/acme?token=x',
      'https://lifecycle.example/acme#part',
      'https://user:secret@lifecycle.example/acme',
      'https://lifecycle.example:0/acme',
      'https://lifecycle.example:99999/acme',
      'https://lifecycle.example/acme ',
      ' https://lifecycle.example/acme',
      'https://lifecycle.example/acme\n',
    ],
    says: 'write https://host, https://host:port or https://host/path, without user, query or fragment',
  },
  {
    at: 'spec.lifecycle.endpoint',
    keyword: 'rule',
    good: ['http://127.0.0.1:8080/lifecycle', 'http://localhost:8080', 'http://[::1]:8080/lifecycle'],
    bad: ['http://lifecycle.example', 'http://10.0.0.1/acme', 'ftp://lifecycle.example'],
    says: 'use https:// (http:// is for a simulator on the loopback address only)',
  },
  { ...tooLong('spec.lifecycle.secretRef.name', 253), good: ['a'.repeat(253)] },
  {
    at: 'spec.lifecycle.secretRef.name',
    keyword: 'rule',
    good: ['acme-lifecycle', 'a', 'a.b'],
    bad: ['', 'Acme-Lifecycle', 'acme lifecycle', 'acme/lifecycle', '-acme'],
    says: "write the name of a Secret in this namespace: lower-case letters, digits, '-' and '.' only, such as acme-login",
  },
  {
    at: 'spec.lifecycle',
    keyword: 'rule',
    good: [API.lifecycle],
    bad: [
      { type: 'API' },
      { type: 'API', endpoint: API.lifecycle.endpoint },
      { type: 'API', secretRef: API.lifecycle.secretRef },
    ],
    says: 'type API needs endpoint and secretRef',
  },
  {
    at: 'spec.lifecycle',
    keyword: 'rule',
    from: PORTAL,
    good: [{ type: 'Portal' }],
    bad: [
      { ...API.lifecycle, type: 'Portal' },
      { type: 'Portal', endpoint: API.lifecycle.endpoint },
      { type: 'Portal', secretRef: API.lifecycle.secretRef },
    ],
    says: 'type Portal has no endpoint and no secretRef: a person acts in the portal',
  },
  {
    at: 'spec',
    keyword: 'rule',
    good: [PORTAL.spec],
    bad: [UNDECLARED, { ...UNDECLARED, instanceID }, { ...UNDECLARED, creatingService }],
    says: 'lifecycle.type Portal needs instanceID and creatingService, as the portal shows them',
  },
  {
    at: 'spec',
    keyword: 'rule',
    good: [API, { ...API, instanceID: undefined }],
    bad: [
      { ...API, creatingService: 'EMA2' },
      { ...API, instanceID: undefined, creatingService: 'EBA' },
    ],
    says: 'leave out creatingService with lifecycle.type API: upstream says which service created the instance',
  },
];

const STATUS: readonly Row[] = [
  atLeast('status.observedGeneration', -1),
  atMost('status.lastHandledRequestedAt', 256),
  ...['spec.instanceID', 'status.instanceID'].map((at) => ({
    at,
    keyword: 'rule' as const,
    good: ['eu02.protect.eset.com/acme', 'Acme & Söhne'],
    bad: ['a\nb', 'a\u0000b', 'a\u007fb', '\t'],
    says: 'write the id on one line, without control characters',
  })),
  ...notEmpty('status.instanceID'),
  atMost('status.instanceID', 128),
  atMost('status.companyID', 64),
  words('status.state', 'Activating', 'Active', 'GracePeriod', 'Suspended', 'Deleting', 'Deleted'),
  words('status.creatingService', ...SERVICES),
  words('status.accessibleFrom[]', ...SERVICES),
  {
    at: 'status.accessibleFrom',
    keyword: 'maxItems',
    good: [[], [...SERVICES]],
    bad: [[...SERVICES, 'EMA2']],
    says: 'must have at most 3 items',
  },
  {
    at: 'status.accessibleFrom',
    keyword: 'duplicate',
    good: [['EMA2', 'EBA']],
    bad: [['EMA2', 'EMA2']],
    says: 'Duplicate value: "EMA2"',
  },
  atMost('status.consoleURL', 512),
  ...times('status.createStartedAt', 'status.suspendAt', 'status.deleteAt'),
  ...CONDITION_RULES,
];

testRules('protectinstances', [...SPEC, ...LIFECYCLE, ...STATUS]);
