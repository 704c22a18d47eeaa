// StaticGroup: what the API server admits and refuses.

import { CHILD_RULES, CONDITION_RULES, atMost, notEmpty, required, testRules, words } from './rules.ts';

testRules('staticgroups', [
  ...CHILD_RULES,
  ...required('spec.type', 'spec.displayName', 'spec.parentRef.name'),
  words('spec.type', 'Distributor', 'Division', 'MSPManager', 'MSP', 'ManagedMSP', 'Customer'),
  atMost('spec.displayName', 1024),
  ...notEmpty('spec.parentRef.name'),
  atMost('spec.parentRef.name', 253),
  ...CONDITION_RULES,
]);
