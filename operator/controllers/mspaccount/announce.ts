// An event for each change of the verdict on an account, and for nothing else.

import { ACCOUNT_CONDITIONS } from '../../api/v1alpha1/conditions.ts';
import type { EventReason } from '../../api/v1alpha1/events.ts';
import type { MSPAccountStatus } from '../../api/v1alpha1/mspaccount.ts';
import type { EventRecorder } from '../../runtime/events.ts';
import { changeOf } from '../ready.ts';
import { referenceTo } from '../status-writer.ts';
import { MSP_ACCOUNTS, type AccountView } from './account.ts';

export function announceAccount(
  events: EventRecorder<EventReason>,
): (account: AccountView, after: MSPAccountStatus) => void {
  return (account, after) => {
    const blocked = changeOf(ACCOUNT_CONDITIONS, 'DeletionBlocked', account.status, after);
    if (blocked !== null) {
      events.event(referenceTo(MSP_ACCOUNTS, account), 'Warning', 'DeletionBlocked', 'Delete', blocked.message);
    }
    const ready = changeOf(ACCOUNT_CONDITIONS, 'Ready', account.status, after);
    if (ready === null || ready.reason === 'Progressing') return; // the result follows
    const type = ready.status === 'True' ? 'Normal' : 'Warning';
    events.event(referenceTo(MSP_ACCOUNTS, account), type, ready.reason, 'Sync', ready.message);
  };
}
