// Where the setup of a customer stands, and what PROTECT would show for it.
// Promise kept here: a result of the setup, once reached, stays (also over an unlink and a return).

import type { Icon, Linked, Phase, SetupMode, SetupState } from './objects.ts';

/**
 * The next `status.setup` of a Customer.
 * @param mode what people want (`spec.setup.mode`); wins over everything; `null` if they say nothing.
 * @param current `status.setup` as it is; `null` if none was written yet.
 * @param newCustomers the account's `newCustomers.setup`: `Skip` is PROTECT's "Skip setup for all new MSP customers",
 *   which covers every company that is not set up (domain: protect §4.3) and whose result stays when it is taken back.
 */
export function nextSetup(
  mode: SetupMode | null,
  current: SetupState | null,
  newCustomers: 'Pending' | 'Skip',
): SetupState {
  if (mode !== null) return WANTED[mode];
  return newCustomers === 'Skip' && current !== 'Completed' ? 'Skipped' : (current ?? 'Pending');
}

const WANTED: Readonly<Record<SetupMode, SetupState>> = {
  Pending: 'Pending',
  Skip: 'Skipped',
  Configured: 'Completed',
};

/**
 * PROTECT's status of a customer (domain: protect §2.2, §4.4). Set up and skipped look alike; suspension upstream
 * changes nothing here, nor does not knowing whether the company is still there.
 */
export function phaseOf(linkedStatus: Linked['status'], setup: SetupState): Phase {
  if (linkedStatus === 'False') return 'Unlinked';
  return setup === 'Pending' ? 'NotSetUp' : 'Normal';
}

/** PROTECT's icon of a phase (domain: protect §2.2). */
export function iconOf(phase: Phase): Icon {
  return ICONS[phase];
}

const ICONS: Readonly<Record<Phase, Icon>> = {
  NotSetUp: 'company_no_setup',
  Normal: 'msp_customer_normal',
  Unlinked: 'company_unlinked',
};
