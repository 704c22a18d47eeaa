// Events of an instance: one for each change of its verdict, of what holds its deletion, and of what a person should know in time.

import { INSTANCE_CONDITIONS } from '../../api/v1alpha1/conditions.ts';
import type { EventReason } from '../../api/v1alpha1/events.ts';
import type { ProtectInstanceStatus } from '../../api/v1alpha1/protectinstance.ts';
import type { EventRecorder } from '../../runtime/events.ts';
import { changeOf } from '../ready.ts';
import { referenceTo } from '../status-writer.ts';
import { PROTECT_INSTANCES, type InstanceView } from './instance.ts';

type Told = keyof typeof INSTANCE_CONDITIONS;

export function announceInstance(
  events: EventRecorder<EventReason>,
): (view: InstanceView, after: ProtectInstanceStatus) => void {
  return (view, after) => {
    const tell = (type: Told, action: string, warns: (status: string) => boolean): void => {
      const change = changeOf(INSTANCE_CONDITIONS, type, view.status, after);
      if (change === null) return;
      const kind = warns(change.status) ? 'Warning' : 'Normal';
      // "Confirmed" alone would not say what is.
      const reason = type === 'RemovalArmed' ? 'RemovalArmed' : change.reason;
      events.event(referenceTo(PROTECT_INSTANCES, view), kind, reason, action, change.message);
    };
    const unlessTrue = (status: string): boolean => status !== 'True';
    const always = (): boolean => true;
    tell('Ready', 'Reconcile', unlessTrue);
    tell('Removal', 'Remove', unlessTrue);
    tell('RemovalArmed', 'Warn', always);
    tell('Expiring', 'Warn', always);
    tell('OwnershipVerified', 'Verify', unlessTrue);
  };
}
