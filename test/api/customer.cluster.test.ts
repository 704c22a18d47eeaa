// Customer: what the API server admits and refuses.

import { CHILD_RULES, CONDITION_RULES, atMost, notEmpty, required, testRules, words } from './rules.ts';

testRules('customers', [
  ...CHILD_RULES,
  words('spec.setup.mode', 'Pending', 'Skip', 'Configured'),
  ...required('status.groupRef.name', 'status.managedBy.name', 'status.managedBy.displayName'),
  atMost('status.displayName', 1024),
  atMost('status.customIdentifier', 1024),
  ...notEmpty('status.groupRef.name', 'status.managedBy.name'),
  atMost('status.groupRef.name', 253),
  atMost('status.managedBy.name', 253),
  atMost('status.managedBy.displayName', 1024),
  words('status.phase', 'NotSetUp', 'Normal', 'Unlinked'),
  words('status.icon', 'company_no_setup', 'msp_customer_normal', 'company_unlinked'),
  words('status.setup', 'Pending', 'Skipped', 'Completed'),
  ...CONDITION_RULES,
]);
