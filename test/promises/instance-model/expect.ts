// What the decision table says of an object as things stand, and whether the object says so too.

import {
  siblingsOf,
  subjectOf,
  viewInstance,
  type InstanceView,
} from '../../../operator/controllers/protectinstance/instance.ts';
import { decideCreate } from '../../../operator/ownership/creation.ts';
import type { Instance } from '../../../operator/ownership/facts.ts';
import { decideRemoval } from '../../../operator/ownership/removal.ts';
import { ANNOTATION_CONFIRM_REMOVAL } from '../../../operator/api/v1alpha1/group.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';

export type Expected =
  | { readonly kind: 'ready'; readonly reason: string; readonly ownership: string | null }
  | { readonly kind: 'held'; readonly reason: string }
  /** Not a state to stay in. */
  | { readonly kind: 'moving'; readonly why: string };

/** @param all every object of the account @param instances what upstream shows */
export function expectedOf(object: KubeObject, all: readonly KubeObject[], instances: readonly Instance[]): Expected {
  const view = viewInstance(object);
  const siblings = siblingsOf(view, all.map(viewInstance));
  const subject = subjectOf(view);
  const upstream = { kind: 'listed', instances } as const;
  if (view.deleting) {
    const removal = decideRemoval(subject, upstream, siblings, Date.now());
    return removal.kind === 'hold' ? { kind: 'held', reason: removal.reason } : { kind: 'moving', why: removal.kind };
  }
  const creation = decideCreate(subject, upstream, siblings, Date.now());
  switch (creation.kind) {
    case 'duplicate':
      return { kind: 'ready', reason: 'DuplicateInstance', ownership: null };
    case 'gone':
      return { kind: 'ready', reason: 'InstanceGone', ownership: null };
    case 'notFound':
      return { kind: 'ready', reason: 'InstanceNotFound', ownership: null };
    case 'suspended':
      return { kind: 'ready', reason: 'CreationSuspended', ownership: null };
    case 'mirror':
      if (creation.grant !== null) return { kind: 'moving', why: 'grant' };
      return settled(view, creation.instance);
    case 'adopt':
    case 'create':
    case 'wait':
      return { kind: 'moving', why: creation.kind };
  }
}

function settled(view: InstanceView, { state, creatingService }: Instance): Expected {
  if (state === 'Activating' || state === 'Deleting') return { kind: 'moving', why: state };
  const recorded = view.status.creatingService;
  const agrees = recorded === undefined || recorded === creatingService;
  const ownership = creatingService === null ? 'NotTold' : agrees ? 'Confirmed' : 'RecordsDisagree';
  return { kind: 'ready', reason: state, ownership };
}

/** Why the object is not as expected; null if it is. */
export function differs(object: KubeObject, expected: Expected): string | null {
  const { metadata } = object;
  const { status, requestedAt } = viewInstance(object);
  const is = (type: string) => status.conditions?.find((condition) => condition.type === type);
  switch (expected.kind) {
    case 'moving':
      return `${metadata.name} should not stay as it is: ${expected.why}`;
    case 'held': {
      const removal = is('Removal');
      if (removal?.status === 'False' && removal.reason === expected.reason) return null;
      return `${metadata.name} should be held by ${expected.reason}, Removal is ${removal?.status} ${removal?.reason}`;
    }
    case 'ready': {
      const ready = is('Ready');
      if (status.observedGeneration !== metadata.generation) return `${metadata.name} was not observed as it is`;
      if ((status.lastHandledRequestedAt ?? null) !== requestedAt) return `${metadata.name} did not handle requestedAt`;
      if (ready?.reason !== expected.reason)
        return `${metadata.name} should say ${expected.reason}, says ${ready?.reason}`;
      const ownership = is('OwnershipVerified')?.reason;
      if (expected.ownership === null || expected.ownership === ownership) return null;
      return `${metadata.name}: OwnershipVerified should say ${expected.ownership}, says ${ownership}`;
    }
  }
}

export interface WaysOut {
  /** The patch of the printed command: lets go of the object. */
  readonly orphan: object;
  /** The annotation of the printed command, where there is one. */
  readonly confirm: { readonly annotation: string; readonly value: string } | null;
}

const PATCH =
  /kubectl patch protectinstance (\S+) --namespace (\S+) --type=merge --field-manager=flux-client-side-apply --patch='([^']+)'/;
const ANNOTATE =
  /kubectl annotate protectinstance (\S+) --namespace (\S+) --overwrite --field-manager=flux-client-side-apply (\S+?)=(\S+)/;

/** Reads the ways out of the message of a held object; a text says what is wrong with it. */
export function waysOut(object: KubeObject): WaysOut | string {
  const { name, namespace } = object.metadata;
  const removal = viewInstance(object).status.conditions?.find(({ type }) => type === 'Removal');
  if (removal?.status !== 'False') return `${name} is not held`;
  const patch = PATCH.exec(removal.message);
  if (patch?.[1] !== name || patch?.[2] !== namespace) return `${name}: no way out in: ${removal.message}`;
  const annotate = ANNOTATE.exec(removal.message);
  const wrong = annotate !== null && (annotate[1] !== name || annotate[2] !== namespace);
  if (wrong || (removal.reason === 'ConfirmationRequired' && annotate?.[3] !== ANNOTATION_CONFIRM_REMOVAL)) {
    return `${name}: the command to confirm is wrong in: ${removal.message}`;
  }
  const [, , , annotation = '', value = ''] = annotate ?? [];
  return { orphan: JSON.parse(patch?.[3] ?? '') as object, confirm: annotate === null ? null : { annotation, value } };
}
