// Events of an instance: one for each change of its verdict, of what holds its deletion, and of what a person should know in time.

import type { ProtectInstanceStatus } from '../../api/v1alpha1/protectinstance.ts';
import type { EventRecorder } from '../../runtime/events.ts';
import { changeOf } from '../ready.ts';
import { referenceTo } from '../status-writer.ts';
import { PROTECT_INSTANCES, type InstanceView } from './instance.ts';

export function announceInstance(events: EventRecorder): (view: InstanceView, after: ProtectInstanceStatus) => void {
  return (view, after) => {
    const tell = (type: string, action: string, warns: (status: string) => boolean, as?: string): void => {
      const change = changeOf(type, view.status, after);
      if (change === null) return;
      const kind = warns(change.status) ? 'Warning' : 'Normal';
      events.event(referenceTo(PROTECT_INSTANCES, view), kind, as ?? change.reason, action, change.message);
    };
    const unlessTrue = (status: string): boolean => status !== 'True';
    const always = (): boolean => true;
    tell('Ready', 'Reconcile', unlessTrue);
    tell('Removal', 'Remove', unlessTrue);
    tell('RemovalArmed', 'Warn', always, 'RemovalArmed');
    tell('Expiring', 'Warn', always);
    tell('OwnershipVerified', 'Verify', unlessTrue);
  };
}
