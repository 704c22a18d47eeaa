import { describe, expect, test } from 'vitest';
import { iconOf, nextSetup, phaseOf } from './setup.ts';

describe('nextSetup', () => {
  test.each([
    // mode, current, newCustomers, next
    ['Pending', 'Completed', 'Skip', 'Pending'],
    ['Skip', null, 'Pending', 'Skipped'],
    ['Skip', 'Completed', 'Pending', 'Skipped'],
    ['Configured', 'Skipped', 'Skip', 'Completed'],
    [null, null, 'Pending', 'Pending'],
    [null, null, 'Skip', 'Skipped'],
    [null, 'Pending', 'Pending', 'Pending'],
    [null, 'Pending', 'Skip', 'Skipped'],
    [null, 'Skipped', 'Pending', 'Skipped'],
    [null, 'Skipped', 'Skip', 'Skipped'],
    [null, 'Completed', 'Skip', 'Completed'],
    [null, 'Completed', 'Pending', 'Completed'],
  ] as const)('mode %s, was %s, new customers %s → %s', (mode, current, newCustomers, next) => {
    expect(nextSetup(mode, current, newCustomers)).toBe(next);
  });
});

describe('phaseOf and iconOf', () => {
  test.each([
    ['True', 'Pending', 'NotSetUp', 'company_no_setup'],
    ['Unknown', 'Pending', 'NotSetUp', 'company_no_setup'],
    ['True', 'Skipped', 'Normal', 'msp_customer_normal'],
    ['Unknown', 'Completed', 'Normal', 'msp_customer_normal'],
    ['False', 'Pending', 'Unlinked', 'company_unlinked'],
    ['False', 'Completed', 'Unlinked', 'company_unlinked'],
  ] as const)('Linked %s, %s → %s, %s', (linked, setup, phase, icon) => {
    expect(phaseOf(linked, setup)).toBe(phase);
    expect(iconOf(phase)).toBe(icon);
  });
});
