// What a person has to do, in words and commands that can be typed as they stand. Commands carry --overwrite, and a field
// manager that Flux does not revert.

import { ANNOTATION_CONFIRM_REMOVAL, ANNOTATION_REMOVED_IN_PORTAL } from '../../api/v1alpha1/group.ts';
import type { Service } from '../../ownership/facts.ts';
import type { Removal } from '../../ownership/removal.ts';
import type { InstanceView } from './instance.ts';

/** The portals (domain: protect §6.2) and the way to the removal there, as far as it is known (protect §5.3). */
const PORTALS: Readonly<Record<Service, string>> = {
  EMA2: 'log in at https://msp.eset.com, open Dashboard, the gear on the ESET PROTECT tile, Delete, and type your own EMA 2 password',
  EBA: 'log in at https://eba.eset.com as a superuser and delete the instance from the ESET PROTECT tile of the dashboard',
  Hub: 'log in at https://protecthub.eset.com and remove the module ESET PROTECT under My company',
};

const BEFORE =
  'Before that: decrypt machines with ESET Full Disk Encryption (their recovery data goes with the instance), take password protection off, and remove the agents. It is immediate and final, and takes ESET Inspect along.';

/** The message of the condition Removal while it is held. */
export function holdMessage(view: InstanceView, held: Removal & { kind: 'hold' }): string {
  const { reason, creator, instanceID, why } = held;
  const id = instanceID ?? '';
  switch (reason) {
    case 'NotCreatingService':
      return `Instance ${id} was created by ${creator}, and only through ${creator} it may be removed; this object acts through ${view.spec.service}. Remove it through an object with service ${creator}, or let go of this object and leave the instance: ${orphanCommand(view)}`;
    case 'OwnershipUnverified':
      return `Nothing is removed, since it is not certain right now who created the instance: ${why.replace(/\.?$/, '.')} The operator asks again on its own. To let go of this object and leave the instance: ${orphanCommand(view)}`;
    case 'ConfirmationRequired':
      return `This would remove instance ${id} for everyone, with all its data. ${BEFORE} If you mean it: ${annotateCommand(view, ANNOTATION_CONFIRM_REMOVAL, id)} To keep the instance and only let go of this object: ${orphanCommand(view)}`;
    case 'AwaitingPortal':
      return `A person removes instance ${id} in the portal: ${PORTALS[creator ?? view.spec.service]}. ${BEFORE} When it is done: ${annotateCommand(view, ANNOTATION_REMOVED_IN_PORTAL, id)} To keep the instance and only let go of this object: ${orphanCommand(view)}`;
  }
}

function annotateCommand({ namespace, name }: InstanceView, annotation: string, value: string): string {
  return `kubectl annotate protectinstance ${name} --namespace ${namespace} --overwrite --field-manager=flux-client-side-apply ${annotation}=${shellWord(value)}`;
}

/** As it has to be typed: what a shell would read something into is quoted. */
function shellWord(text: string): string {
  return /^[A-Za-z0-9._:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

export function orphanCommand({ namespace, name }: InstanceView): string {
  return `kubectl patch protectinstance ${name} --namespace ${namespace} --type=merge --field-manager=flux-client-side-apply --patch='{"spec":{"deletionPolicy":"Orphan"}}'`;
}
