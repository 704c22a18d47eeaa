// Labels, annotations and finalizers of the API group: on what, who writes them, what for.

import * as names from '../../operator/api/v1alpha1/group.ts';
import { code, table } from './markdown.ts';

interface Name {
  readonly name: string;
  readonly what: 'label' | 'annotation' | 'finalizer';
  readonly on: string;
  readonly by: string;
  readonly says: string;
}

export const NAMES: readonly Name[] = [
  {
    name: names.LABEL_ACCOUNT,
    what: 'label',
    on: 'StaticGroup, Customer',
    by: 'the operator, when it creates the object',
    says: 'Name of the MSPAccount. A Customer that people made may lack it: select by the field `spec.accountRef.name` to have all.',
  },
  {
    name: names.LABEL_COMPANY_TYPE,
    what: 'label',
    on: 'StaticGroup, Customer',
    by: 'the operator, when it creates the object, and on a group when the type changes',
    says: 'Type of the company: `Distributor`, `Division`, `MSPManager`, `MSP`, `ManagedMSP` or `Customer`.',
  },
  {
    name: names.ANNOTATION_REQUESTED_AT,
    what: 'annotation',
    on: 'MSPAccount, ProtectInstance',
    by: 'people',
    says: 'Any new value asks for a sync, or a look, now; echoed in `status.lastHandledRequestedAt` once that is done, also where it failed.',
  },
  {
    name: names.ANNOTATION_APPROVE_UNLINK,
    what: 'annotation',
    on: 'MSPAccount',
    by: 'people',
    says: 'The `status.sync.planHash` of a held unlink: releases exactly that set, once.',
  },
  {
    name: names.ANNOTATION_APPROVE_COMPANY,
    what: 'annotation',
    on: 'MSPAccount',
    by: 'people',
    says: 'The id of the company that the login belongs to now: approves that this account mirrors another company than before.',
  },
  {
    name: names.ANNOTATION_CONFIRM_REMOVAL,
    what: 'annotation',
    on: 'ProtectInstance, type API',
    by: 'people',
    says: 'The instance id: this very instance is meant to be removed when the object is deleted.',
  },
  {
    name: names.ANNOTATION_REMOVED_IN_PORTAL,
    what: 'annotation',
    on: 'ProtectInstance, type Portal',
    by: 'people',
    says: 'The instance id: a person has removed the instance in the portal.',
  },
  {
    name: names.ANNOTATION_BREAK_GLASS,
    what: 'annotation',
    on: 'ProtectInstance',
    by: 'people',
    says: 'The name of the object: lets somebody else than the operator drop the finalizer, where the operator is gone for good.',
  },
  {
    name: names.FINALIZER_CHILDREN,
    what: 'finalizer',
    on: 'MSPAccount',
    by: 'the operator',
    says: 'Children hear of the end of their account as `deletionPolicy` says, before it goes.',
  },
  {
    name: names.FINALIZER_CREATING_SERVICE,
    what: 'finalizer',
    on: 'ProtectInstance',
    by: 'the operator',
    says: 'The object stays until its instance may be let go or is gone.',
  },
];

export function namesPart(): string {
  const rows = NAMES.map(({ name, what, on, by, says }) => [code(name), what, on, by, says]);
  return table(['name', '', 'on', 'written by', 'what it says'], rows);
}
